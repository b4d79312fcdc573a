{
  instances.main.version = 13;
  services.immich.databases = [
    {
      type = "postgresql";
      name = "immich";
      user = "immich";
    }
  ];
}
