# Whether every declared login gets in. The report goes to the journal, numbers to Prometheus' node exporter.
set -euo pipefail
metrics=${STATE_DIRECTORY:-/var/lib/dbgen}/metrics
arguments=(verify --psql "$psql" --connect "host=$host port=$port user=$superuser dbname=postgres"
  --metrics "$metrics/dbgen-verify.prom")
for i in "${!roles[@]}"; do
  # Between double quotes: a role's name may hold an equals sign.
  arguments+=(--password-file "\"${roles[i]//\"/\"\"}\"=$CREDENTIALS_DIRECTORY/${credentials[i]}")
done
mkdir -p -- "$metrics"
chmod 0755 "$metrics"
exec "$dbgen" "${arguments[@]}" "$declarations"
