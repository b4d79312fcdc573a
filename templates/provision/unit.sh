# $1: apply or plan. systemd names the directories; without it they are where the program of the units has them.
set -euo pipefail
umask 077
mode=$1
runtime=${RUNTIME_DIRECTORY:-/run/dbgen-provision}
state=${STATE_DIRECTORY:-/var/lib/dbgen}
secrets=$runtime/secrets
samples=$runtime/samples
earlier=$runtime/earlier
finished=$runtime/finished
# In memory, so that a disk that is full keeps nothing from starting.
ready=$runtime/ready
passwords=$state/passwords
metrics=$state/metrics/dbgen.prom
started=$(date +%s%N)

seconds() {
  printf '%d.%03d' "$(($1 / 1000000000))" "$(($1 / 1000000 % 1000))"
}

gauge() {
  printf '# HELP %s %s\n# TYPE %s gauge\n' "$1" "$2" "$1"
}

# A series may come in parts, and would be refused when it stood there twice.
sum_samples() {
  local line series
  local -A sums=()
  while IFS= read -r line; do
    series=${line% *}
    if [[ $line =~ \}\ [0-9]+$ ]]; then
      sums[$series]=$((${sums[$series]:-0} + ${line##* }))
    fi
  done
  for series in "${!sums[@]}"; do
    printf '%s %s\n' "$series" "${sums[$series]}"
  done
}

# Replaces a file that everybody may read by one with the text $2, or leaves it as it is.
replace() {
  printf '%s\n' "$2" > "$1.new" && chmod 0644 "$1.new" && mv -f -- "$1.new" "$1" || {
    echo "dbgen: $1 can't be written" >&2
    return 1
  }
}

# What Prometheus' node exporter reads with --collector.textfile.directory.
metrics_text() {
  local now name value line family='' last_success=0 success=0
  now=$(date +%s%N)
  if [ -f "$metrics" ]; then
    while read -r name value; do
      [ "$name" != dbgen_last_success_timestamp_seconds ] || last_success=$value
    done < "$metrics"
  fi
  if [ "$1" = 0 ]; then
    success=1
    [ "$mode" != apply ] || last_success=$(seconds "$now")
  fi
  gauge dbgen_last_run_timestamp_seconds 'When the server was last compared with what is declared.'
  echo "dbgen_last_run_timestamp_seconds $(seconds "$now")"
  gauge dbgen_last_success_timestamp_seconds 'When the server was last made what is declared; 0: never.'
  echo "dbgen_last_success_timestamp_seconds $last_success"
  gauge dbgen_run_duration_seconds 'How long the last run took.'
  echo "dbgen_run_duration_seconds $(seconds "$((now - started))")"
  gauge dbgen_run_success 'Whether the last run ended without an error.'
  echo "dbgen_run_success $success"
  if [ -f "$samples" ]; then
    cat -- "$samples" "$earlier" | sum_samples | LC_ALL=C sort | while IFS= read -r line; do
      if [ "${line%%\{*}" != "$family" ]; then
        family=${line%%\{*}
        case $family in
          dbgen_drift) gauge "$family" 'What the last run found to be other than declared.' ;;
          dbgen_statements) gauge "$family" 'Statements that the last run executed, or would execute.' ;;
        esac
      fi
      printf '%s\n' "$line"
    done
  fi
}

# Which databases can be used after this run, for the units that wait for them. It holds for this start of the unit only.
ready_text() {
  printf '%s\n' "${INVOCATION_ID:-}"
  if [ "$1" = 0 ]; then
    echo '*'
  elif [ -f "$finished" ]; then
    cat -- "$finished"
  fi
}

finish() {
  local status=$?
  trap - EXIT
  rm -rf -- "$secrets"
  mkdir -p "${metrics%/*}" && chmod 0755 "${metrics%/*}" || true
  # Without the list nothing that needs a database could start: a unit that failed is started again by each of them.
  if [ "$mode" = apply ] && ! replace "$ready" "$(ready_text "$status")" && [ "$status" = 0 ]; then
    status=1
  fi
  replace "$metrics" "$(metrics_text "$status")" || true
  rm -f -- "$samples" "$earlier" "$finished"
  exit "$status"
}
trap finish EXIT
trap '[ -z "$run" ] || { kill -- "$run" && wait "$run"; } || true; exit 143' TERM

# Lets those read the file who are declared: $2 is the mode, $3 the group or nothing.
give_access() {
  [ -z "$3" ] || chgrp -- "$3" "$1" || {
    echo "dbgen: $1 can't be given to the group $3: is it one of users.groups?" >&2
    return 1
  }
  chmod -- "$2" "$1"
}

# Makes the file of a password unless it is there: 256 bits, and a name that appears with the whole content or not at all.
generate() {
  local new
  if [ -e "$1" ] || [ -L "$1" ]; then
    give_access "$@"
    return
  fi
  new=$(mktemp "$passwords/.new.XXXXXXXXXX") || return 1
  head -c 32 /dev/urandom | basenc --base64url | tr -d '=\n' > "$new" || return 1
  if [ "$(stat -c %s -- "$new")" != 43 ]; then
    echo "dbgen: no random bytes for $1" >&2
    return 1
  fi
  # Another one that has been made meanwhile stays.
  give_access "$new" "$2" "$3" && sync -- "$new" && { ln -T -- "$new" "$1" || [ -e "$1" ]; } \
    && rm -f -- "$new" && sync -- "$passwords"
}

# The server itself reads the passwords, and the credentials of a unit are hidden from other units. What is not given to it here is
# the failure of that role alone.
rm -rf -- "$secrets" "$samples" "$finished"
mkdir -- "$secrets"
for name in "${credentials[@]}"; do
  has_password "$CREDENTIALS_DIRECTORY/$name" \
    || echo "dbgen: the credential $name is empty: its file could not be read when the unit started (journalctl --unit dbgen-secrets)" >&2
  read_start "$CREDENTIALS_DIRECTORY/$name" > "$secrets/$name" || rm -f -- "$secrets/$name"
done
if [ "${#generated[@]}" -gt 0 ] && [ "$mode" = apply ]; then
  # Groups come through, but can't list it.
  case ${generated_groups[*]} in
    *[!\ ]*) access=0711 ;;
    *) access=0700 ;;
  esac
  # Without it each password is told of.
  mkdir -p -- "$passwords" && chmod "$access" "$passwords" || true
  rm -f -- "$passwords"/.new.*
fi
for i in "${!generated[@]}"; do
  file=$passwords/${generated_files[i]}
  # Looking makes nothing.
  [ "$mode" = apply ] || [ -e "$file" ] || continue
  if [ "$mode" = apply ] && ! generate "$file" "${generated_modes[i]}" "${generated_groups[i]}"; then
    echo "dbgen: the password in $file is not given to the server" >&2
  elif ! { has_password "$file" && read_start "$file" > "$secrets/${generated[i]}"; }; then
    echo "dbgen: there is no password in $file that can be read; without that file another one is made" >&2
    rm -f -- "$secrets/${generated[i]}"
  fi
done

# A database that can't be connected to ends psql: once more without it, so that the others get theirs.
client=("$psql" --no-psqlrc --no-password --quiet --host "$host" --port "$port" --dbname postgres)
connecting=$runtime/connecting
leave_out=
: > "$earlier"
while :; do
  status=0
  rm -f -- "$connecting"
  watched --set mode="$mode" --set metrics="$samples" --set ready_file="$finished" \
    --set leave_out="$leave_out" --set connecting_file="$connecting" --file "$program" || status=$?
  [ "$status" = 2 ] && [ -s "$connecting" ] || break
  database=$(head -n 1 -- "$connecting")
  [[ " $leave_out " != *" $database "* ]] || break
  # What it has executed is not left for the next one to count.
  tail -n +2 -- "$connecting" >> "$earlier"
  leave_out+="${leave_out:+ }$database"
done
rm -f -- "$connecting"
exit "$status"
