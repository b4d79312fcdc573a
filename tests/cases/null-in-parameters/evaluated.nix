{
  services.photos.databases = [
    {
      type = "postgresql";
      name = "photos";
      user = "photos";
      extraConfig = {
        work_mem = "64MB";
        jit = null;
      };
    }
  ];
}
