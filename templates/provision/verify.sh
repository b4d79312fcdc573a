# Whether every declared login gets in. The report goes to the journal, numbers to Prometheus' node exporter.
set -euo pipefail
metrics=${STATE_DIRECTORY:-/var/lib/dbgen}/metrics
arguments=(verify --psql "$psql" --connect "host=$host port=$port user=$superuser dbname=postgres"
  --metrics "$metrics/dbgen-verify.prom")
for i in "${!roles[@]}"; do
  # A path is where one lies that was made here.
  file=${credentials[i]}
  [[ $file == /* ]] || file=$CREDENTIALS_DIRECTORY/$file
  # A file that can't be used would keep all others from being tried.
  if ! has_password "$file"; then
    echo "dbgen: the password of role ${roles[i]} is empty or not there: its logins are not tried with it" >&2
    continue
  fi
  # Between double quotes: a role's name may hold an equals sign.
  arguments+=(--password-file "\"${roles[i]//\"/\"\"}\"=$file")
done
# Where that fails the file can't be written, which dbgen ends with 2 for: 1 is what counts as a success.
mkdir -p -- "$metrics" && chmod 0755 "$metrics" || true
exec "$dbgen" "${arguments[@]}" "$declarations"
