{ config, lib, pkgs, ... }:
{
  environment.systemPackages = [ pkgs.hello ];
  qgroget.serviceModules.immich = {
    enable = true;
    domain = "photos.${config.networking.domain}";
    dataDir = "/var/lib/immich";
    databases = [
      {
        type = "postgresql";
        name = "immich_db";
        user = "immich_user";
      }
    ];
  };
}
