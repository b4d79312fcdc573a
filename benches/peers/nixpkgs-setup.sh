#!/bin/sh
# What the set-up of services.postgresql does for ensureDatabases, and for ensureUsers with ensureDBOwnership:
# a psql of its own for each question and each statement.
#
# Usage: nixpkgs-setup.sh NAME...
set -eu

for name; do
  psql -tAc "SELECT 1 FROM pg_database WHERE datname = '$name'" | grep -q 1 \
    || psql -tAc "CREATE DATABASE \"$name\""
done
for name; do
  psql -tAc "SELECT 1 FROM pg_roles WHERE rolname='$name'" | grep -q 1 \
    || psql -tAc "CREATE USER \"$name\""
  psql -tAc "ALTER ROLE \"$name\" "
  psql -tAc "ALTER DATABASE \"$name\" OWNER TO \"$name\";"
done
