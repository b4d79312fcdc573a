{
  databases = [ { type = "postgresql"; user = "grafana"; } ];
}
