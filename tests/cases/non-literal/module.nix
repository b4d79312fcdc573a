{ config, lib, ... }:
let
  user = "immich";
in
{
  qgroget.serviceModules.immich = {
    enable = true;
    domain = "photos.${config.networking.domain}";
    databases = [
      {
        type = "postgresql";
        name = "immich";
        inherit user;
        port = lib.mkDefault 5432;
        extraConfig = { work_mem = "${toString 64}MB"; };
      }
    ];
  };
}
