{ config, lib, ... }:
{
  imports = [ ./hardware.nix ];
  options.mine.enable = lib.mkEnableOption "mine";
  config = {
    environment.variables.A = config.networking.hostName;
    qgroget.serviceModules.immich.databases = [
      {
        type = "postgresql";
        name = "immich";
        user = "immich";
      }
    ];
  };
}
