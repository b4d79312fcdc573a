# Writes the files that tell services how to connect. Each is seven entries of `files`: its path, owner, group (empty: the
# owner's), permissions, the password as `secret` takes it (empty: none), the role, and its text, in which a percent sign with
# a letter stands for the password. systemd names the directories.
set -euo pipefail
umask 077
# Characters are bytes, however the password is encoded.
export LC_ALL=C
root=${RUNTIME_DIRECTORY:-/run/dbgen/connections}
failed=0

complain() {
  echo "dbgen: $1" >&2
  failed=1
}

# Of the bytes of $1, those that can't stand in a URL are percent-encoded.
encode() {
  local i byte code
  REPLY=
  for ((i = 0; i < ${#1}; i++)); do
    byte=${1:i:1}
    case $byte in
      [a-zA-Z0-9._~-]) ;;
      *)
        printf -v code %d "'$byte"
        printf -v byte '%%%02X' "$((code & 255))"
        ;;
    esac
    REPLY+=$byte
  done
}

# $1 as a value in an environment file: quoted only where it must be, because not everything that reads them knows quotes.
quote() {
  local i byte
  case $1 in
    *[!a-zA-Z0-9_./:@%+,=~-]*) ;;
    *)
      REPLY=$1
      return
      ;;
  esac
  REPLY='"'
  for ((i = 0; i < ${#1}; i++)); do
    byte=${1:i:1}
    case $byte in
      '"' | "\\" | '$' | '`') REPLY+="\\" ;;
    esac
    REPLY+=$byte
  done
  REPLY+='"'
}

# Replaces what stands for the password $2 in the text $1. 1: the password can't stand there, and `why` says so.
fill() {
  local text=$1 password=$2 part form filled=''
  while [[ $text == *%* ]]; do
    part=${text%%\%*}
    text=${text#*\%}
    form=${text:0:1}
    text=${text:1}
    case $form in
      %) REPLY=% ;;
      r) REPLY=$password ;;
      u) encode "$password" ;;
      q)
        # systemd passes over a variable with another control character.
        if [[ ${password//[$'\t\n']/} == *[[:cntrl:]]* ]]; then
          why='holds a control character, which an environment file can not'
          return 1
        fi
        quote "$password"
        ;;
      p | s)
        if [[ $password == *[$'\n\r']* ]]; then
          why='holds a line break, which a file of libpq can not'
          return 1
        fi
        REPLY=$password
        if [ "$form" = p ]; then
          REPLY=${REPLY//\\/\\\\}
          REPLY=${REPLY//:/\\:}
        elif [[ $password == *[[:space:]] ]]; then
          why='ends with white space, which a connection service file can not hold'
          return 1
        fi
        ;;
    esac
    filled+=$part$REPLY
  done
  REPLY=$filled$text
}

# The password as the server has it: without the line's end.
read_password() {
  REPLY=
  # A NUL byte would end it.
  why='holds a NUL byte, which no password can'
  ! IFS= read -r -d '' REPLY < <(secret "$1") || return 1
  why='can not be read'
  wait "$!" || return 1
  if [[ $REPLY == *$'\n' ]]; then
    REPLY=${REPLY%$'\n'}
    REPLY=${REPLY%$'\r'}
  fi
  why='is empty, or its file is not there'
  [ -n "$REPLY" ] || return 1
  why='has more than 1024 bytes'
  [ "${#REPLY}" -le 1024 ] || return 1
  why='is a SCRAM-SHA-256 verifier, from which nobody can log in'
  [[ ! $REPLY =~ ^SCRAM-SHA-256\$[0-9]+:[^$]+\$[^:]+:.+$ ]]
}

# A file appears with the whole text or not at all; one that is the same already stays, and so does one that can't be replaced.
put() {
  local path=$1 owner=$2 group=$3 mode=$4 text=$5 old='' is='' new=''
  if [ -f "$path" ] && [ ! -L "$path" ]; then
    IFS= read -r -d '' old < "$path" || true
    is=$(stat -c %a:%u:%g -- "$path")
  fi
  if ! { new=$(mktemp "${path%/*}/.new.XXXXXXXXXX") && printf %s "$text" > "$new" && chmod "$mode" "$new"; }; then
    [ -z "$new" ] || rm -f -- "$new"
    complain "$path can't be written"
    return 1
  fi
  if ! chown -- "$owner:$group" "$new"; then
    rm -f -- "$new" "$path"
    complain "$path can't be given to $owner${group:+:$group}"
    return 1
  fi
  if [ "$old" = "$text" ] && [ "$is" = "$(stat -c %a:%u:%g -- "$new")" ]; then
    rm -f -- "$new"
  elif ! mv -fT -- "$new" "$path"; then
    rm -f -- "$new"
    complain "$path can't be written"
    return 1
  fi
}

# By folder, which each connection has for itself: whether all its files are there.
declare -A wanted=() complete=()
for ((i = 0; i < ${#files[@]}; i += 7)); do
  path=$root/${files[i]}
  credential=${files[i + 4]}
  password=
  why=
  folder=${files[i]%/*}
  wanted[$path]=1
  : "${complete[$folder]=1}"
  if ! install -d -m 0755 -- "${path%/*/*}" "${path%/*}"; then
    complain "$path can't be written"
    complete[$folder]=
    continue
  fi
  rm -f -- "${path%/*}"/.new.*
  if [ -n "$credential" ]; then
    if ! read_password "$credential"; then
      complain "$path is not written: the password of role ${files[i + 5]} $why"
      rm -f -- "$path"
      complete[$folder]=
      continue
    fi
    password=$REPLY
  fi
  if ! fill "${files[i + 6]}" "$password"; then
    complain "$path is not written: the password of role ${files[i + 5]} $why"
    rm -f -- "$path"
    complete[$folder]=
    continue
  fi
  put "$path" "${files[i + 1]}" "${files[i + 2]}" "${files[i + 3]}" "$REPLY" || complete[$folder]=
done

# What is no longer declared tells nobody any more.
shopt -s nullglob dotglob
for path in "$root"/*/*/*; do
  [ -n "${wanted[$path]-}" ] || rm -f -- "$path"
done
for path in "$root"/*/* "$root"/*; do
  rmdir -- "$path" 2> /dev/null || true
done

# For the units that wait for their files. It holds for this start of the unit only.
{
  printf '%s\n' "${INVOCATION_ID:-}"
  for folder in "${!complete[@]}"; do
    [ -z "${complete[$folder]}" ] || printf '%s\n' "$folder"
  done
} > "$root/.complete.new"
chmod 0644 "$root/.complete.new"
mv -fT -- "$root/.complete.new" "$root/.complete"
exit "$failed"
