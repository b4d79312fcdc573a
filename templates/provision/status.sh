# usage: dbgen-status [--show-password] [SERVICE]
# What is declared, when the server was last made so, and what would be done now; for a service, how it connects.
set -euo pipefail
metrics=${DBGEN_STATE:-/var/lib/dbgen}/metrics/dbgen.prom
show_password=''
service=''
for argument in "$@"; do
  case $argument in
    --show-password) show_password=1 ;;
    -*)
      echo 'usage: dbgen-status [--show-password] [SERVICE]' >&2
      exit 2
      ;;
    *) service=$argument ;;
  esac
done

# Nobody else's file is opened: the system decides who may read.
details() {
  local i=$1
  printf '%s\n' "${services[i]}: database ${databases[i]}"
  printf '  %-16s %s\n' username "${usernames[i]}" host "${hosts[i]}" port "$port" \
    socketDirectory "${socket_directories[i]}" url "${urls[i]}"
  [ -z "${environment_files[i]}" ] || printf '  %-16s %s\n' environmentFile "${environment_files[i]}"
  [ -z "${pgpass_files[i]}" ] || printf '  %-16s %s\n' pgpassFile "${pgpass_files[i]}"
  [ -z "${service_files[i]}" ] || printf '  %-16s %s\n' serviceFile "${service_files[i]}"
  if [ -z "${password_files[i]}" ]; then
    return
  fi
  printf '  %-16s %s\n' passwordFile "${password_files[i]}"
  if [ -z "$show_password" ]; then
    return
  fi
  if [ -r "${password_files[i]}" ]; then
    printf '  %-16s %s\n' password "$(cat -- "${password_files[i]}")"
  else
    echo "dbgen-status: ${password_files[i]} is not there, or not for you" >&2
    return 1
  fi
}

status=0
if [ -n "$service" ]; then
  found=''
  for i in "${!services[@]}"; do
    if [ "${services[i]}" = "$service" ]; then
      found=1
      details "$i" || status=1
    fi
  done
  if [ -z "$found" ]; then
    echo "dbgen-status: no service $service declares a database; without a name all are listed" >&2
    exit 1
  fi
  exit "$status"
fi

widths=(7 8)
for i in "${!services[@]}"; do
  [ "${#services[i]}" -le "${widths[0]}" ] || widths[0]=${#services[i]}
  [ "${#databases[i]}" -le "${widths[1]}" ] || widths[1]=${#databases[i]}
done
line() {
  printf '%s%*s  %s%*s  %s\n' "$1" "$((widths[0] - ${#1}))" '' "$2" "$((widths[1] - ${#2}))" '' "$3"
}
line SERVICE DATABASE USER
for i in "${!services[@]}"; do
  line "${services[i]}" "${databases[i]}" "${usernames[i]}"
done

moment() {
  case ${1%.*} in
    '' | 0) echo never ;;
    *) date --date "@${1%.*}" '+%F %T %Z' ;;
  esac
}
last_run='' last_success='' success=''
if [ -r "$metrics" ]; then
  while read -r name value; do
    case $name in
      dbgen_last_run_timestamp_seconds) last_run=$value ;;
      dbgen_last_success_timestamp_seconds) last_success=$value ;;
      dbgen_run_success) success=$value ;;
    esac
  done < "$metrics"
fi
echo
case $success in
  1) echo "last run:     $(moment "$last_run"), without an error" ;;
  '') echo 'last run:     never' && status=1 ;;
  *) echo "last run:     $(moment "$last_run"), it failed: journalctl --unit dbgen-provision" && status=1 ;;
esac
echo "last success: $(moment "$last_success")"

client=("$psql" --no-psqlrc --no-password --quiet --host "$host" --port "$port" --dbname postgres)
user=$(id --user --name)
case $user in
  "$superuser") ;;
  root) client=("$runuser" --user "$superuser" -- "${client[@]}") ;;
  *)
    echo "plan:         asked by root or $superuser only"
    exit "$status"
    ;;
esac
if ! plan=$(watched --set mode=plan --set without_passwords=on --file "$program"); then
  echo 'plan:         can'\''t be made'
  exit 1
fi
if [ -z "$plan" ]; then
  echo 'plan:         nothing to do (passwords are not looked at)'
else
  echo 'plan (passwords are not looked at):'
  printf '%s\n' "$plan"
fi
exit "$status"
