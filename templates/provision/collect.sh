# Copies the secrets to where systemd loads the credentials of the other units from: what it can't load, a folder, a named pipe or a
# file that is too long, would keep a whole unit from starting. `secrets` has two entries for each: the name of its credential, and the
# file that it is in. What is no secret is left out, which is that role's loss alone. systemd names the directory.
set -euo pipefail
umask 077
root=${RUNTIME_DIRECTORY:-/run/dbgen-secrets}
failed=0
declare -A wanted=()

for ((i = 0; i < ${#secrets[@]}; i += 2)); do
  copy=$root/${secrets[i]}
  path=${secrets[i + 1]}
  wanted[$copy]=1
  if [ ! -e "$path" ]; then
    why='is not there'
  elif [ ! -f "$path" ]; then
    why='is no file'
  elif read_start "$path" > "$copy.new" && mv -fT -- "$copy.new" "$copy"; then
    continue
  else
    why="can't be copied"
  fi
  # Not the one that it was before: nothing says that it still holds.
  rm -f -- "$copy.new" "$copy"
  echo "dbgen: $path $why, so that the credential ${secrets[i]} is empty" >&2
  failed=1
done

# What is no longer declared.
shopt -s nullglob dotglob
for copy in "$root"/*; do
  [ -n "${wanted[$copy]-}" ] || rm -rf -- "$copy"
done
exit "$failed"
