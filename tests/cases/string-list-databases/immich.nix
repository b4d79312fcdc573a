{
  qgroget.serviceModules.immich.databases = [ "immich" "immich_jobs" ];
}
