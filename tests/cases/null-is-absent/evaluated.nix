{
  services.immich = {
    unixUser = null;
    databases = [
      {
        type = "postgresql";
        name = "immich";
        user = "immich";
        owner = null;
        password = null;
        clients = null;
        extraConfig = null;
      }
      {
        type = "postgresql";
        name = null;
        user = "immich";
      }
    ];
  };
}
