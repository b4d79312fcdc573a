{ config, lib, ... }:
{
  options.mine.enable = lib.mkEnableOption "mine";
  config = lib.mkIf config.mine.enable {
    qgroget.serviceModules.immich.databases = [ ];
  };
}
