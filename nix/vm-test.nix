# Boots a machine with the starting template's module and logs in as its services would:
# over the socket as the Unix user, over 127.0.0.1 and over ::1 with a password.
{
  name = "dbgen";

  nodes.machine =
    { config, pkgs, ... }:
    {
      imports = [ ./template/postgresql.nix ];
      users.users.miniflux = {
        isSystemUser = true;
        group = "miniflux";
      };
      users.groups.miniflux = { };
      environment.systemPackages = [ pkgs.jq ];
      # What a service would read, for the test to compare.
      environment.etc."databases.json".text = builtins.toJSON config.qgroget.databases.postgresql;
    };

  testScript = ''
    import json

    machine.wait_for_unit("postgresql.target")

    with subtest("every declared database exists, no disabled one does"):
        names = machine.succeed(
            "sudo -u postgres psql -tAc 'SELECT datname FROM pg_database'"
        ).split()
        assert "miniflux" in names and "forgejo" in names, names
        assert "retired" not in names, names

    with subtest("connection attributes are there, for enabled services only"):
        databases = json.loads(machine.succeed("cat /etc/databases.json"))
        assert "retired" not in databases, databases
        connection = databases["miniflux"]["miniflux"]
        assert connection["database"] == "miniflux", connection
        assert connection["username"] == "miniflux", connection
        assert connection["port"] == 5432, connection

    with subtest("a database has the parameters that are declared for it"):
        machine.wait_for_unit("dbgen-provision.service")
        work_mem = machine.succeed(
            "sudo -u postgres psql -d forgejo -tAc 'SHOW work_mem'"
        ).strip()
        assert work_mem == "16MB", work_mem

    with subtest("the run is told in metrics, which everybody may read, and leaves no file behind but its list"):
        metrics = machine.succeed("sudo -u nobody cat /var/lib/dbgen/metrics/dbgen.prom")
        assert "dbgen_run_success 1" in metrics, metrics
        left = machine.succeed("ls -A /run/dbgen-provision").split()
        assert left == ["ready"], left

    with subtest("a second run finds nothing to do"):
        machine.succeed("systemctl restart dbgen-provision.service")
        metrics = machine.succeed("cat /var/lib/dbgen/metrics/dbgen.prom")
        executed = [
            line for line in metrics.splitlines()
            if line.startswith("dbgen_statements{") and not line.endswith(" 0")
        ]
        assert executed == [], executed

    with subtest("the owner logs in over the socket without a password"):
        machine.succeed("sudo -u miniflux psql -d miniflux -c 'CREATE TABLE t ()'")

    with subtest("another Unix user does not"):
        machine.fail("sudo -u nobody psql -U miniflux -d miniflux -c 'SELECT 1'")

    # In clear, and so in the server's log: good enough for a machine that lives as long as this test.
    machine.succeed(
        "sudo -u postgres psql -c \"ALTER ROLE miniflux PASSWORD 'for-this-test-only'\""
    )
    for host in ["127.0.0.1", "::1"]:
        with subtest(f"the password opens {host}, a wrong one does not"):
            connect = f"psql -h {host} -U miniflux -d miniflux -c 'SELECT 1'"
            machine.succeed(f"PGPASSWORD=for-this-test-only {connect}")
            machine.fail(f"PGPASSWORD=wrong {connect}")

    with subtest("the server has read every rule without an error"):
        errors = machine.succeed(
            "sudo -u postgres psql -tAc"
            " 'SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL'"
        ).strip()
        assert errors == "0", errors
  '';
}
