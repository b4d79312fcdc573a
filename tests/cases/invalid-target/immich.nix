{
  services.immich = {
    databases = [
      {
        type = "postgresql";
        name = "immich";
        user = "immich";
        grants = [
          {
            role = "reader";
            privileges = [ "SELECT" ];
            on = { table = "public.*"; sequence = "public.*"; };
          }
          {
            role = "reader";
            privileges = [ "SELECT" ];
            on = { };
          }
          {
            role = "reader";
            privileges = [ "SELECT" ];
            on = { columns = [ "id" ]; };
          }
          {
            role = "reader";
            privileges = [ "SELECT" ];
            on = { table = [ "public.users" "audit.*" ]; columns = [ "id" ]; };
          }
          {
            role = "reader";
            privileges = [ "USAGE" ];
            on = { schema = [ ]; };
          }
        ];
      }
    ];
    roles = [ { name = "reader"; } ];
  };
}
