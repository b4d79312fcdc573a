{
  databases = [
    {
      type = "postgresql";
      name = "forgejo";
      user = "pg_forgejo";
      port = 70000;
    }
  ];
}
