{
  instances.main.version = 17;
  services.immich.enable = false;
}
