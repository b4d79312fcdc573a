# $1: a database, as the list of those that can be used names it.
set -euo pipefail
list=${STATE_DIRECTORY:-/var/lib/dbgen}/ready
start=$("$systemctl" show --property=InvocationID --value dbgen-provision.service)
lines=('')
[ ! -f "$list" ] || mapfile -t lines < "$list"
if [ -n "$start" ] && [ "${lines[0]}" = "$start" ]; then
  for line in "${lines[@]:1}"; do
    case $line in
      '*' | "$1") exit 0 ;;
    esac
  done
fi
echo "dbgen: the database $1 is not as declared, so that what uses it is not started; why: journalctl --unit dbgen-provision" >&2
exit 1
