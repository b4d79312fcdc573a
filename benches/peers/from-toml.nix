# The attributes of the module, from the declarations by pure functions whenever the configuration is evaluated.
{ file }:
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    filter
    listToAttrs
    map
    ;
  services = (builtins.fromTOML (builtins.readFile file)).services;
  enabled = filter (name: services.${name}.enable or true) (attrNames services);
  databases = concatMap (name: services.${name}.databases or [ ]) enabled;
  byName = builtins.groupBy (database: database.name) databases;
  twice = filter (name: builtins.length byName.${name} > 1) (attrNames byName);
  connect = database: {
    database = database.name;
    host = "localhost";
    port = database.port or 5432;
    socketDirectory = "/run/postgresql";
    url = "postgresql://${database.user}@localhost:${toString (database.port or 5432)}/${database.name}";
    username = database.user;
  };
  sorted = map (name: builtins.head byName.${name}) (attrNames byName);
  local = database: ''local "${database.name}" "${database.user}" peer'';
  over = address: database: ''host "${database.name}" "${database.user}" ${address} scram-sha-256'';
  settings =
    database:
    map (
      parameter:
      builtins.toJSON {
        database = database.name;
        inherit parameter;
        values = [ (toString database.extraConfig.${parameter}) ];
      }
    ) (attrNames (database.extraConfig or { }));
in
assert twice == [ ] || throw "declared twice: ${concatStringsSep ", " twice}";
{
  qgroget.databases.postgresql = listToAttrs (
    map (name: {
      inherit name;
      value = listToAttrs (
        map (database: {
          inherit (database) name;
          value = connect database;
        }) (services.${name}.databases or [ ])
      );
    }) enabled
  );
  services.postgresql = {
    enable = true;
    ensureDatabases = attrNames byName;
    ensureUsers = map (user: {
      name = user;
      ensureDBOwnership = byName ? ${user};
    }) (attrNames (builtins.groupBy (database: database.user) databases));
    authentication = concatStringsSep "\n" (
      map local sorted
      ++ concatMap (database: [
        (over "127.0.0.1/32" database)
        (over "::1/128" database)
      ]) sorted
    );
  };
  settings = concatStringsSep "\n" (concatMap settings sorted);
}
