# Packages as bare names: what an emitted module may name, without anything that could be built.
{ lib }:
let
  package = pname: {
    type = "derivation";
    name = "${pname}-1";
    inherit pname;
    outPath = "/nix/store/00000000000000000000000000000000-${pname}-1";
  };
  extensions = lib.genAttrs [
    "age"
    "pg_cron"
    "pg_partman"
    "pg_repack"
    "pg_uuidv7"
    "pgaudit"
    "pgroonga"
    "pgrouting"
    "pgvector"
    "plpgsql_check"
    "postgis"
    "timescaledb"
    "vectorchord"
    "wal2json"
  ] package;
  text = name: text: package name // { inherit text; };
in
lib.genAttrs [
  "bash"
  "coreutils"
  "dbgen"
  "jq"
  "postgresql"
  "systemd"
  "util-linux"
] package
// {
  inherit lib;
  postgresqlPackages = extensions;
  postgresql17Packages = extensions;
  writeText = text;
  writeShellScript = text;
  writeShellScriptBin = text;
  writeShellApplication = application: text application.name application.text;
}
