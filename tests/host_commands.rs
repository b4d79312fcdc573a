//! What administrators type on the host: `dbgen rotate` and the module's `dbgen-status`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/nix.rs"]
mod nix;
#[path = "support/run.rs"]
mod run;
mod support;
#[path = "support/unit.rs"]
mod unit;
#[path = "support/units.rs"]
mod units;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Command, Stdio};
use std::time::Duration;

use run::{Folder, Seen, seen};
use support::postgres::{Cluster, as_server_user, is_root, newest};
use unit::{Unit, mode};

const DECLARED: &str = "
[services.immich]
units = [\"immich-server.service\", \"immich.target\"]
connection = { environment = true, pgpass = true, owner = \"immich\" }

[[services.immich.databases]]
type = \"postgresql\"
name = \"immich\"
user = \"immich\"
password = { generate = true, group = \"daemon\" }

[[services.immich.databases]]
type = \"postgresql\"
name = \"second\"
user = \"immich\"
units = [\"immich-ml.service\"]
onChange = \"reload\"

[[services.other.databases]]
type = \"postgresql\"
name = \"other\"
user = \"ot/her\"
password = { file = \"/run/secrets/other\" }
access = [{ role = \"sops\", preset = \"read-only\" }]
units = [\"other.service\"]

[[services.other.roles]]
name = \"sops\"
login = true
password = { sops = \"db\" }

[[services.other.roles]]
name = \"plain\"
";

/// A host with a `systemctl` that writes down what it is asked for, and ends with `status`.
fn host(status: &str) -> Folder {
    let folder = Folder::with(&[
        ("services.toml", DECLARED),
        (
            "bin/systemctl",
            &format!("#!/bin/sh\necho \"$*\" >> systemctl.log\nexit {status}\n"),
        ),
        ("passwords/immich", "old"),
    ]);
    let set = |path: &str, mode| {
        fs::set_permissions(folder.path(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    set("bin/systemctl", 0o755);
    set("passwords/immich", 0o440);
    folder
}

fn rotate(folder: &Folder, path: &str, arguments: &[&str]) -> Seen {
    let mut command = folder.command(env!("CARGO_BIN_EXE_dbgen"));
    command.env("PATH", path).arg("rotate").args(arguments);
    command.args(["services.toml", "--directory", "passwords"]);
    seen(&mut command, b"")
}

#[test]
fn a_made_password_is_made_anew_and_brought_to_the_server_and_the_services() {
    let folder = host("0");
    let path = folder.path("bin").to_str().unwrap().to_owned();
    // Open, so that no other file can get its number.
    let old = fs::File::open(folder.path("passwords/immich")).unwrap();
    let before = old.metadata().unwrap();
    let mut passwords = vec!["old".to_owned()];
    for _ in 0..2 {
        let seen = rotate(&folder, &path, &["immich"]);
        assert_eq!(seen.status, Some(0), "{}", seen.err);
        passwords.push(folder.read("passwords/immich"));
        assert!(!seen.err.contains(passwords.last().unwrap()));
    }
    let url_safe = |text: &String| {
        let mut bytes = text.bytes();
        text.len() == 43 && bytes.all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it))
    };
    assert!(passwords[1..].iter().all(url_safe), "{passwords:?}");
    assert_ne!(passwords[1], passwords[2]);
    // Another file, not another content of a file that somebody is reading.
    let after = fs::metadata(folder.path("passwords/immich")).unwrap();
    assert_ne!(before.ino(), after.ino());
    assert_eq!(
        (before.mode(), before.uid(), before.gid()),
        (after.mode(), after.uid(), after.gid())
    );
    assert_eq!(folder.names("passwords"), ["immich"]);
    // Which tells the services.
    let once = "restart dbgen-provision.service\n";
    assert_eq!(folder.read("systemctl.log"), once.repeat(2));
}

/// Whether the password in the file is the one that the server has.
fn is_in_step(unit: &Unit, cluster: &Cluster) -> bool {
    let password = fs::read_to_string(unit.path("state/passwords/immich")).unwrap();
    let mut psql = Command::new(&cluster.psql);
    psql.env_clear()
        .env("PGPASSWORD", password)
        .args(["-XAtwqc", "SELECT 1", "--username", "immich", "--host"])
        .arg(&cluster.socket)
        .args(["--port", &cluster.port.to_string(), "immich"]);
    psql.output().unwrap().status.success()
}

#[test]
fn whatever_interrupts_a_rotation_the_next_provisioning_brings_file_and_server_in_step() {
    let test =
        "whatever_interrupts_a_rotation_the_next_provisioning_brings_file_and_server_in_step";
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let Some(installation) = newest(test) else {
        return;
    };
    let declared = "[[services.immich.databases]]\ntype = \"postgresql\"\nname = \"immich\"\nuser = \"immich\"\npassword = { generate = true }\n";
    let cluster = Cluster::start(&installation, &[]);
    cluster.write(
        "pg_hba.conf",
        "local all postgres trust\nlocal all all scram-sha-256\n",
    );
    cluster.reload();
    let declarations = Folder::with(&[("a.toml", declared)]);
    let rendered = declarations.run(&["render", "a.toml"]);
    assert_eq!(rendered.status, Some(0), "{}", rendered.err);
    let unit = Unit::new(&evaluator, &rendered.out, &cluster);
    let provision = || {
        let seen = unit.run("apply");
        assert_eq!(seen.status, Some(0), "{}", seen.err);
    };
    provision();
    assert!(is_in_step(&unit, &cluster));
    let file = unit.path("state/passwords/immich");
    let is_whole = || {
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!((text.len(), mode(&file)), (43, 0o400));
        text
    };
    let rotate = || {
        let mut command = declarations.command(env!("CARGO_BIN_EXE_dbgen"));
        command.args(["rotate", "immich", "a.toml", "--no-restart", "--directory"]);
        command.arg(unit.path("state/passwords"));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };

    // Killed, sooner and later.
    let (mut old, mut replaced) = (is_whole(), 0);
    for step in 0..40 {
        let mut child = rotate().spawn().unwrap();
        std::thread::sleep(Duration::from_micros(400 * step));
        let _ = child.kill();
        child.wait().unwrap();
        let now = is_whole();
        replaced += usize::from(now != old);
        old = now;
    }
    assert!(replaced < 40, "{replaced}");
    provision();
    assert!(is_in_step(&unit, &cluster));
    assert_eq!(unit.names("state/passwords"), ["immich"]);

    // At the same time as others, and as the provisioning.
    let mut runs: Vec<Command> = (0..3).map(|_| unit.command("apply")).collect();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..15 {
                    rotate().status().unwrap();
                    is_whole();
                }
            });
        }
        for command in &mut runs {
            let seen = run::seen(command, b"");
            assert_eq!(seen.status, Some(0), "{}", seen.err);
        }
    });
    provision();
    assert!(is_in_step(&unit, &cluster));
    assert_eq!(unit.names("state/passwords"), ["immich"]);
}

#[test]
fn without_systemd_the_commands_are_told() {
    let folder = host("0");
    for (path, arguments) in [
        ("/nowhere", &["immich"][..]),
        ("bin", &["immich", "--no-restart"]),
    ] {
        let seen = rotate(&folder, path, arguments);
        assert_eq!(seen.status, Some(0), "{}", seen.err);
        let way = "`systemctl restart dbgen-provision.service` on the host";
        assert!(seen.err.contains(way), "{}", seen.err);
    }
    assert!(!folder.path("systemctl.log").exists());
}

#[test]
fn a_provisioning_that_fails_is_told_and_restarts_no_service() {
    let folder = host("1");
    let path = folder.path("bin").to_str().unwrap().to_owned();
    let seen = rotate(&folder, &path, &["immich"]);
    assert_eq!(seen.status, Some(2));
    assert!(
        seen.err.contains("may have the old password"),
        "{}",
        seen.err
    );
    assert_eq!(
        folder.read("systemctl.log"),
        "restart dbgen-provision.service\n"
    );
}

#[test]
fn what_the_host_did_not_make_is_refused_with_the_way_out() {
    let folder = host("0");
    for (role, way_out) in [
        ("ot/her", "put the new one into `/run/secrets/other`"),
        ("sops", "change the secret `db` with sops"),
        ("plain", "`password = { generate = true }`"),
        ("nobody", "no enabled service declares the role `nobody`"),
    ] {
        let seen = rotate(&folder, "/nowhere", &[role]);
        assert_eq!(seen.status, Some(2), "{role}");
        assert!(seen.err.contains(way_out), "{role}: {}", seen.err);
    }
    assert_eq!(folder.names("passwords"), ["immich"]);
    assert_eq!(folder.read("passwords/immich"), "old");
    fs::remove_dir_all(folder.path("passwords")).unwrap();
    let seen = rotate(&folder, "/nowhere", &["immich"]);
    assert_eq!(seen.status, Some(2));
    assert!(seen.err.contains("is this the host"), "{}", seen.err);
}

#[test]
fn nobody_leads_a_rotation_elsewhere() {
    let folder = host("0");
    folder.write("elsewhere/passwords/immich", "theirs");
    folder.write("elsewhere/immich", "theirs");
    let link = |from: &str, to: &str| std::os::unix::fs::symlink(from, folder.path(to)).unwrap();
    link("elsewhere", "linked");
    link("elsewhere", "above");
    let refused = |directory: &str, said: &str| {
        let mut command = folder.command(env!("CARGO_BIN_EXE_dbgen"));
        command.args(["rotate", "immich", "services.toml", "--no-restart"]);
        command.args(["--directory", directory]);
        let seen = seen(&mut command, b"");
        assert_eq!(seen.status, Some(2), "{directory}: {}", seen.err);
        assert!(seen.err.contains(said), "{directory}: {}", seen.err);
        assert_eq!(folder.read("elsewhere/immich"), "theirs");
        assert_eq!(folder.read("elsewhere/passwords/immich"), "theirs");
        assert_eq!(folder.names("elsewhere"), ["immich", "passwords"]);
        assert_eq!(folder.names("elsewhere/passwords"), ["immich"]);
    };
    refused("linked", "`linked` is a symbolic link");
    refused("linked/", "is a symbolic link");
    refused("above/passwords", "`above` is a symbolic link");
    fs::remove_file(folder.path("passwords/immich")).unwrap();
    link("../elsewhere/immich", "passwords/immich");
    refused("passwords", "is no file");
    // Only root can give a file away.
    fs::remove_file(folder.path("passwords/immich")).unwrap();
    folder.write("passwords/immich", "another's");
    if std::os::unix::fs::chown(folder.path("passwords/immich"), Some(12345), None).is_ok() {
        refused("passwords", "belongs to another than its folder");
        assert_eq!(folder.read("passwords/immich"), "another's");
    }
    assert_eq!(folder.names("passwords"), ["immich"]);
}

#[test]
fn status_shows_what_is_declared_and_in_force_and_passwords_to_those_who_may_read_them() {
    let test =
        "status_shows_what_is_declared_and_in_force_and_passwords_to_those_who_may_read_them";
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let Some(installation) = newest(test) else {
        return;
    };
    let cluster = Cluster::start(&installation, &[]);
    let rendered = Folder::with(&[(
        "services.toml",
        &DECLARED
            .replace("sops = \"db\"", "file = \"/run/db\"")
            .replace("daemon", &server_group()),
    )]);
    let seen = rendered.run(&["render", "services.toml"]);
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    let unit = Unit::new(&evaluator, &seen.out, &cluster);
    // The socket's folder stands for NixOS' own, and the state's for the one of the units.
    let program = units::status_program(
        &evaluator,
        &unit.path("module.nix"),
        &cluster.psql,
        cluster.port,
    )
    .replace(
        "host=/run/postgresql\n",
        &format!("host={}\n", cluster.socket.display()),
    )
    .replace("/usr/bin/runuser", "/usr/sbin/runuser")
    .replace("/var/lib/dbgen", unit.path("state").to_str().unwrap());
    fs::write(unit.path("status"), program).unwrap();
    let status = |user: &str, arguments: &[&str]| {
        let mut command = Command::new("/usr/sbin/runuser");
        command.args(["--user", user, "--", "bash"]);
        command.arg(unit.path("status")).args(arguments);
        command
            .env("TZ", "UTC")
            .env("DBGEN_STATE", unit.path("state"));
        run::seen(&mut command, b"")
    };
    if !is_root() {
        eprintln!("skipped: {test}: needs root, to be several users");
        return;
    }
    for credential in unit.credentials() {
        unit.give(&credential, b"secret");
    }
    // As the owner of the state.
    let before = status("postgres", &[]);
    assert_eq!(before.status, Some(1), "{}", before.err);
    assert!(
        before
            .out
            .contains("last run:     never\nlast success: never\n"),
        "{}",
        before.out
    );
    assert!(
        before.out.contains("plan (passwords are not looked at):\n"),
        "{}",
        before.out
    );
    assert!(before.out.contains("CREATE ROLE immich"), "{}", before.out);

    let ran = unit.command("apply").output().unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let after = status("root", &[]);
    assert_eq!((after.status, &*after.err), (Some(0), ""), "{}", after.out);
    assert!(
        after.out.starts_with("SERVICE  DATABASE  USER\nimmich   immich    immich\nimmich   second    immich\nother    other     ot/her\nother    other     sops\n\nlast run:     2"),
        "{}",
        after.out
    );
    assert!(
        after
            .out
            .contains(" UTC, without an error\nlast success: 2"),
        "{}",
        after.out
    );
    assert!(
        after
            .out
            .ends_with("plan:         nothing to do (passwords are not looked at)\n"),
        "{}",
        after.out
    );
    let looked = status("nobody", &[]);
    assert!(
        looked
            .out
            .ends_with("plan:         asked by root or postgres only\n"),
        "{}",
        looked.out
    );

    let password = fs::read_to_string(unit.path("state/passwords/immich")).unwrap();
    let details = status("root", &["immich"]);
    assert_eq!(details.status, Some(0));
    for part in [
        "immich: database immich\n",
        "  port             ",
        "/passwords/immich\n",
        "  url              postgresql://immich@localhost:",
        "  environmentFile  /run/dbgen/connections/immich/immich/environment\n",
        "immich: database second\n",
    ] {
        assert!(details.out.contains(part), "{part}: {}", details.out);
    }
    assert!(!details.out.contains(&password));
    let shown = status("root", &["--show-password", "immich"]);
    assert!(
        shown
            .out
            .contains(&format!("  password         {password}\n")),
        "{}",
        shown.out
    );
    let refused = status("nobody", &["--show-password", "immich"]);
    assert_eq!(refused.status, Some(1));
    assert!(!refused.out.contains(&password));
    assert!(refused.err.contains("not for you"), "{}", refused.err);
    let unknown = status("root", &["nothing"]);
    assert_eq!(unknown.status, Some(1));
}

/// A group that the server's user is a member of, as the unit would make it.
fn server_group() -> String {
    let group = as_server_user("id".into())
        .args(["--group", "--name"])
        .output()
        .unwrap();
    String::from_utf8(group.stdout).unwrap().trim().to_owned()
}

#[test]
fn the_group_and_the_mode_of_made_passwords_are_as_declared() {
    let test = "the_group_and_the_mode_of_made_passwords_are_as_declared";
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let Some(installation) = newest(test) else {
        return;
    };
    let cluster = Cluster::start(&installation, &[]);
    let declare = |access: &str| {
        let declared = format!(
            "[[services.a.databases]]\ntype = \"postgresql\"\nname = \"a\"\nuser = \"a\"\npassword = {{ generate = true{access} }}\n"
        );
        let seen = Folder::with(&[("a.toml", &declared)]).run(&["render", "a.toml"]);
        assert_eq!(seen.status, Some(0), "{}", seen.err);
        seen.out
    };
    let unit = Unit::new(
        &evaluator,
        &declare(&format!(", group = \"{}\"", server_group())),
        &cluster,
    );
    let run = |unit: &Unit| {
        let seen = unit.run("apply");
        assert_eq!(seen.status, Some(0), "{}", seen.err);
    };
    run(&unit);
    let file = unit.path("state/passwords/a");
    let made = fs::read_to_string(&file).unwrap();
    assert_eq!(
        (mode(&file), mode(&unit.path("state/passwords"))),
        (0o440, 0o711)
    );
    // What is declared holds for a file that is there, too.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    run(&unit);
    assert_eq!(
        (mode(&file), fs::read_to_string(&file).unwrap()),
        (0o440, made)
    );

    let other = Unit::new(&evaluator, &declare(""), &cluster);
    run(&other);
    let file = other.path("state/passwords/a");
    assert_eq!(
        (mode(&file), mode(&other.path("state/passwords"))),
        (0o400, 0o700)
    );
}
