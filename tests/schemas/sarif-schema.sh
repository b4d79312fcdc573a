#!/bin/sh
# Gets the JSON Schema of SARIF 2.1.0 into the directory $1 and prints its path.
set -eu
mkdir -p "$1"
dest=$(cd "$1" && pwd)/sarif-schema-2.1.0.json
sum=af47e7b67f24efe74076621fd3a5fbe7398add9e84fe820c971219a385895cea
if ! echo "$sum  $dest" | sha256sum --check --status 2>/dev/null; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    cd "$scratch"
    cargo init --quiet --vcs none --name scratch --lib
    cargo add --quiet serde-sarif@=0.8.0
    cargo vendor --quiet vendor >/dev/null
    cp vendor/serde-sarif/src/schema.json "$dest"
    echo "$sum  $dest" | sha256sum --check --status
fi
echo "$dest"
