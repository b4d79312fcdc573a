{
  services.grafana = {
    enable = false;
    databases = [
      {
        type = "postgresql";
        name = "grafana";
        user = "grafana";
      }
    ];
  };
  services.metabase.roles = [ { name = "reader"; } ];
}
