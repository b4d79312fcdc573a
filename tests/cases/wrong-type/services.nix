{
  services.immich = {
    enable = "yes";
    databases = [
      {
        type = "postgresql";
        name = 5;
        user = "immich";
        port = "5432";
        extraConfig = [ "work_mem" ];
        extensions = [ "vector" 7 ];
      }
    ];
    units = "immich.service";
  };
}
