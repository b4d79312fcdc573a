{
  services.immich = {
    databases = [
      {
        type = "postgresql";
        name = "immich";
        user = "postgres";
      }
      {
        type = "postgresql";
        name = "thumbnails";
        user = "pg_immich";
      }
    ];
    roles = [
      { name = "public"; }
      { name = "curator"; memberOf = [ "pg_database_owner" "pg_monitor" ]; }
      { name = "pg_monitor"; login = true; }
    ];
  };
}
