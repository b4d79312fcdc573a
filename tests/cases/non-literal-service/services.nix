{ lib, ... }:
{
  qgroget.serviceModules.forgejo.databases = [
    {
      type = "postgresql";
      name = "forgejo";
      user = "forgejo";
    }
  ];
  qgroget.serviceModules.immich = lib.mkIf true {
    databases = [
      {
        type = "postgresql";
        name = "immich";
        user = "immich";
      }
    ];
  };
}
