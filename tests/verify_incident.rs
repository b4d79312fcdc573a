//! An outage as it was: a service that connects to `localhost`, a server whose pg_hba.conf has no rule for ::1, and a role without a
//! password. One command tells all of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/run.rs"]
mod run;
mod support;

use std::fs;
use std::path::Path;

use run::{DBGEN, Folder, seen};
use support::postgres::{Cluster, each_server};

/// The rules of that host.
const HBA: &str = "\
# Basic local authentication
local all                       postgres                                                trust
local all                       postgres                                                peer                map=superuser_map
local sameuser                  all                                                     peer                map=superuser_map

# Host-based authentication (IPv4)
host  all                       all                         127.0.0.1/32                scram-sha-256
host  replication               replUser                    127.0.0.1/32                scram-sha-256
host  devUser                   devUser                     127.0.0.1/32                scram-sha-256
host  endoregDbLocal            endoregDbLocal              127.0.0.1/32                scram-sha-256

# IPv6 authentication (if required)
# Currently missing IPv6 rules for endoregDbLocal user
";

const IDENT: &str = "\
superuser_map      root          postgres
superuser_map      root          replUser
superuser_map      admin         admin
superuser_map      admin         endoregClient
superuser_map      postgres      postgres
superuser_map      /^(.*)$       \\1
";

fn declared(cluster: &Cluster) -> Folder {
    let text = format!(
        r#"
[instances.main]
socketDirectory = "{}"

[services.endoreg-db-api]
unixUser = "endoreg-service-user"

[[services.endoreg-db-api.databases]]
type = "postgresql"
name = "endoregDbLocal"
user = "endoregDbLocal"
port = {}
password = {{ file = "/etc/secrets/vault/SCRT_local_password_maintenance_password" }}
"#,
        cluster.socket.display(),
        cluster.port
    );
    Folder::with(&[("endoreg.toml", &text), ("vault.secret", "pencil\n")])
}

/// The output, with the names that the documentation has for what differs from host to host.
fn verified(folder: &Folder, cluster: &Cluster) -> (Option<i32>, String) {
    let mut command = folder.command(DBGEN);
    run::without_libpq(&mut command);
    let password = "endoregDbLocal=vault.secret";
    command.args([
        "verify",
        "endoreg.toml",
        "--connect",
        "user=postgres",
        "--password-file",
        password,
    ]);
    let seen = seen(&mut command, b"");
    assert_eq!(seen.err, "");
    let release = cluster.sql("postgres", "SHOW server_version");
    let data = cluster.data.display().to_string();
    let socket = cluster.socket.display().to_string();
    let out = seen
        .out
        .replace(&data, "/var/lib/postgresql/16")
        .replace(&socket, "/run/postgresql")
        .replace(&cluster.port.to_string(), "5432")
        .replace(&format!("PostgreSQL {release}"), "PostgreSQL 16.4");
    (seen.status, out)
}

#[test]
fn the_outage_is_told_by_one_command() {
    each_server("the_outage_is_told_by_one_command", |cluster| {
        cluster.sql(
            "postgres",
            "CREATE ROLE \"endoregDbLocal\" LOGIN REPLICATION",
        );
        cluster.sql(
            "postgres",
            "CREATE DATABASE \"endoregDbLocal\" OWNER \"endoregDbLocal\"",
        );
        cluster.write("pg_hba.conf", HBA);
        cluster.write("pg_ident.conf", IDENT);
        cluster.reload();
        let folder = declared(cluster);
        let (status, out) = verified(&folder, cluster);
        assert_eq!(status, Some(1), "{out}");
        let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify.md"))
            .unwrap();
        let (_, rest) = page
            .split_once("$ sudo -u postgres dbgen verify\n")
            .expect("docs/verify.md has the example");
        let (shown, _) = rest.split_once("```").unwrap();
        assert_eq!(out, shown, "docs/verify.md shows what is printed");

        // The fixes that it names, and nothing else.
        let mut hba = HBA.to_owned();
        let mut ident = IDENT.to_owned();
        for (marker, file) in [
            ("add the line `host", &mut hba),
            ("add the line `\"", &mut ident),
        ] {
            let fix = out.lines().find(|line| line.contains(marker)).unwrap();
            let line = fix.split('`').nth(1).unwrap();
            file.push_str(&format!("{line}\n"));
        }
        cluster.write("pg_hba.conf", &hba);
        cluster.write("pg_ident.conf", &ident);
        cluster.reload();
        cluster.sql(
            "postgres",
            "ALTER ROLE \"endoregDbLocal\" PASSWORD 'pencil'",
        );
        let (status, out) = verified(&folder, cluster);
        assert_eq!(status, Some(0), "{out}");
        assert!(
            out.ends_with("as declared: 2 logins let in, 1 not tried\n"),
            "{out}"
        );
    });
}
