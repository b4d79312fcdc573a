# $1: a database, as the list of those that can be used names it. $2: the folder of its connection's files, where it has some.
set -euo pipefail

# Whether the list in the file $1 is that of the last start of the unit $2, and has $3 or all.
lists() {
  local start line lines=('')
  start=$("$systemctl" show --property=InvocationID --value "$2")
  [ ! -f "$1" ] || mapfile -t lines < "$1"
  if [ -n "$start" ] && [ "${lines[0]}" = "$start" ]; then
    for line in "${lines[@]:1}"; do
      case $line in
        '*' | "$3") return 0 ;;
      esac
    done
  fi
  return 1
}

refuse() {
  echo "dbgen: $1, so that what uses it is not started; why: journalctl --unit $2" >&2
  exit 1
}

lists "${PROVISIONED:-/run/dbgen-provision}/ready" dbgen-provision.service "$1" \
  || refuse "the database $1 is not as declared" dbgen-provision
[ -z "${2-}" ] || lists "${CONNECTIONS:-/run/dbgen/connections}/.complete" dbgen-connections.service "$2" \
  || refuse "not all files of the connection to the database $1 are there" dbgen-connections
