# What there is of a password in a file: the longest one has 1024 bytes and a line end, and one more byte shows that it is too long.
# A named pipe in its place gives nothing, where another program would wait for ever.
start=(dd iflag=nonblock,fullblock bs=1027 count=1 status=none)

read_start() {
  "${start[@]}" if="$1"
}

# Whether there is a password in the file $1; where there was no file, systemd gives an empty line.
has_password() {
  [ -f "$1" ] && [ -r "$1" ] && { [ "$(stat -c %s -- "$1")" -gt 1 ] || [ -n "$(< "$1")" ]; }
}

