# Replace this with your host's configuration.
{ config, ... }:
let
  database = config.qgroget.databases.postgresql.miniflux.miniflux;
in
{
  boot.isContainer = true;
  system.stateVersion = "26.05";

  # What dbgen provisions, as a service takes it.
  systemd.services.miniflux.environment.PGDATABASE = database.database;
}
