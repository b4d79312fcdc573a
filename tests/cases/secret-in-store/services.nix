{
  services.keycloak.databases = [
    {
      type = "postgresql";
      name = "keycloak";
      user = "keycloak";
      password.file = "/nix//store/zzz-keycloak-password";
    }
  ];
  services.synapse.databases = [
    {
      type = "postgresql";
      name = "synapse";
      user = "synapse";
      password.file = "./secrets/synapse";
    }
  ];
}
