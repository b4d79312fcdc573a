{
  unixUser = "immich";
  databases = [
    {
      type = "postgresql";
      name = "immich";
      user = "immich";
      encoding = "UTF8";
      locale = "C.UTF-8";
      extensions = [ "vector" { name = "vchord"; } { name = "earthdistance"; cascade = true; } ];
      password.file = "/run/secrets/immich";
      extraConfig = {
        work_mem = "64MB";
        statement_timeout = 30000;
        search_path = [ "public" "vectors" ];
        random_page_cost = 1.1;
        "immich.tenant" = "home";
      };
      clients = [
        "10.20.0.0/16"
        {
          address = ".lan";
          tls = true;
        }
      ];
      access = [
        {
          role = "immich_reader";
          preset = "read-only";
        }
      ];
    }
  ];
  roles = [
    {
      name = "immich_reader";
      login = true;
      unixUser = "grafana";
      password.generate = true;
    }
  ];
}
