# Prints a password: $1 is the name of a credential, or the path of one that was made on this host. The latter lies in a folder of
# the server's user, who could lead root anywhere by a link: it is read with that user's rights.
secret() {
  case $1 in
    /*) "$setpriv" --reuid="$superuser" --regid="$(id --group -- "$superuser")" --clear-groups -- "${start[@]}" if="$1" ;;
    *) read_start "$CREDENTIALS_DIRECTORY/$1" ;;
  esac
}

