{
  services.grafana = {
    databases = [
      {
        type = "postgresql";
        name = "grafana";
        user = "grafana";
        extraConfig = {
          work_mem = "64mb";
          maintenance_work_mem = "10 potatoes";
          statement_timeout = "soon";
          random_page_cost = -1;
          jit = "maybe";
          synchronous_commit = "remote-apply";
          application_name = [ "a" "b" ];
          max_parallel_workers_per_gather = 100000;
          search_path = "app,,public";
          "grafana.flags" = [ "a" ];
          lock_timeout = "30s";
          enable_seqscan = false;
        };
        roleSettings.grafana.default_transaction_isolation = "seriable";
      }
    ];
  };
}
