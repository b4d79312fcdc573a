# Tells the services that use a database of a password that is another one than when they were told last. Each password of each
# database is six entries of `entries`: a name for both, the password as `secret` takes it, the two arguments of the program `ready`, what
# systemctl is to do, and the units.
set -euo pipefail
seen=${RUNTIME_DIRECTORY:-/run/dbgen-tell}/seen
declare -A before=() units=()
now=()
if [ -f "$seen" ]; then
  while read -r name digest; do
    before[$name]=$digest
  done < "$seen"
fi

# Of a password: one line end at the end of the file is not part of it. Nothing where there is none.
digest_of() {
  local content digest
  content=$(secret "$1" && printf .)
  content=${content%.}
  case $content in
    *$'\r\n') content=${content%??} ;;
    *$'\n') content=${content%?} ;;
  esac
  [ -n "$content" ] || return 0
  digest=$(printf '%s' "$content" | sha256sum)
  printf '%s' "${digest%% *}"
}

for ((i = 0; i < ${#entries[@]}; i += 6)); do
  name=${entries[i]}
  digest=$(digest_of "${entries[i + 1]}" || true)
  # Nobody has anything of a password that is not there.
  if [ -z "$digest" ]; then
    [ -z "${before[$name]-}" ] || now+=("$name ${before[$name]}")
    continue
  fi
  if [ "${before[$name]-$digest}" != "$digest" ]; then
    if "$ready" "${entries[i + 2]}" "${entries[i + 3]}" 2> /dev/null; then
      units[${entries[i + 4]}]+=" ${entries[i + 5]}"
    else
      echo "dbgen: the password for the database ${entries[i + 2]} changed, and what uses it is not told: it could not use it yet" >&2
      digest=${before[$name]}
    fi
  fi
  now+=("$name $digest")
done
for verb in "${!units[@]}"; do
  read -ra told <<< "${units[$verb]}"
  echo "dbgen: systemctl $verb ${told[*]}"
  "$systemctl" --no-block "$verb" -- "${told[@]}"
done
for line in "${now[@]}"; do
  printf '%s\n' "$line"
done > "$seen.new"
mv -fT -- "$seen.new" "$seen"
