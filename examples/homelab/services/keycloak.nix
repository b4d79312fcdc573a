# The same declarations in Nix; only literals are read.
{
  databases = [
    {
      type = "postgresql";
      name = "keycloak";
      user = "keycloak";
      # Keycloak connects over TCP, with a password from agenix.
      password.agenix = "keycloak-database";
    }
  ];
  units = [ "keycloak.service" ];
}
