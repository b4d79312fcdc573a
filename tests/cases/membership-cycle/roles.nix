{
  services.staff.roles = [
    {
      name = "reader";
      memberOf = [ "writer" ];
    }
    {
      name = "writer";
      memberOf = [ { role = "admin"; admin = true; } ];
    }
    {
      name = "admin";
      memberOf = [ "reader" ];
    }
    {
      name = "narcissus";
      memberOf = [ "narcissus" ];
    }
  ];
  services.app.databases = [
    {
      type = "postgresql";
      name = "app";
      user = "app";
    }
  ];
}
