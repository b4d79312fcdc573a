# Seconds for a connection, and between two looks at a server that is busy.
patience=10
export PGCONNECT_TIMEOUT=$patience

# Whether the server says anything at all to one more client.
answers() {
  local said status=0
  said=$(LC_ALL=C timeout "$((patience * 2))" "${client[@]}" --command '' 2>&1 < /dev/null) || status=$?
  [ "$status" != 124 ] && [[ $said != *'timeout expired'* ]]
}

# Runs psql, which is `client` with these arguments. What a statement may take, the server itself sees to; but one that is frozen sees to
# nothing, and psql would wait for it for ever: when five new clients in a row get no answer, it is given up.
run=
watched() {
  local out alive silent=0 status
  exec {out}>&1
  # It has the pipe open for as long as it lives.
  exec {alive}< <(exec "${client[@]}" "$@" 9>&1 >&"$out")
  run=$!
  while :; do
    status=0
    read -r -t "$patience" -u "$alive" || status=$?
    [ "$status" -gt 128 ] || break
    if answers; then
      silent=0
    elif [ "$((silent += 1))" = 5 ]; then
      echo "dbgen: the server had taken the connection, and no longer answers anybody: given up; what was not committed is undone" >&2
      kill -- "$run"
    fi
  done
  exec {alive}<&- {out}>&-
  status=0
  wait "$run" || status=$?
  run=
  return "$status"
}

