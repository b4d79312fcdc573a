//! A whole host but for NixOS: the rendered units, sandboxes and all, under a real systemd as process 1 of namespaces of its own,
//! with a real server, D-Bus, and services that connect with what they are told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/connections.rs"]
mod connections;
#[path = "support/nix.rs"]
mod nix;
#[path = "support/run.rs"]
mod run;
mod support;
#[path = "support/units.rs"]
mod units;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::{Configuration, Evaluator};
use run::Folder;
use support::postgres::{Cluster, is_root, newest};
use units::{
    IDLE, Programs, collect_program, programs, ready_program, tell_program, verify_program,
    write_units,
};

/// In a secret's file: it must arrive as it is, and be seen nowhere else.
const SECRET: &str = "it's $a %n \"secret\"; \\ DROP ROLE shop; --";

const DECLARED: &str = "
[instances.main]
creation = \"program\"
drift = { mode = \"repair\" }

# Comes as what it is: over the socket.
[services.wiki]
unixUser = \"nobody\"
units = [\"wiki.service\"]
connection = { environment = true }
[[services.wiki.databases]]
type = \"postgresql\"
name = \"wiki\"
user = \"wiki\"

[services.shop]
units = [\"shop.service\"]
connection = { environment = true, owner = \"root\" }
[[services.shop.databases]]
type = \"postgresql\"
name = \"shop\"
user = \"shop\"
password = { file = \"/srv/secret\" }

[services.mail]
units = [\"mail.service\"]
connection = { environment = true, owner = \"root\" }
[[services.mail.databases]]
type = \"postgresql\"
name = \"mail\"
user = \"mail\"
password = { generate = true, group = \"daemon\" }

# Can't be as declared at first.
[services.late]
unixUser = \"nobody\"
units = [\"late.service\"]
connection = { environment = true }
[[services.late.databases]]
type = \"postgresql\"
name = \"late\"
user = \"late\"
tablespace = \"late_space\"
";

const HOST: &str = "
{ config, lib, pkgs, ... }:
let
  service = name: {
    inherit name;
    value.serviceConfig = {
      ExecStart = \"/${name}\";
      User = lib.mkIf (builtins.elem name [ \"wiki\" \"late\" ]) \"nobody\";
      EnvironmentFile = config.qgroget.databases.postgresql.${name}.${name}.environmentFile;
    };
    value.wantedBy = [ \"multi-user.target\" ];
  };
in
{
  users.groups.daemon = { };
  services.dbgen.verify = { package = pkgs.dbgen; declarations = \"/srv/host/declared.toml\"; onCalendar = null; };
  systemd.services = builtins.listToAttrs (map service [ \"wiki\" \"shop\" \"mail\" \"late\" ]);
}
";

/// Makes a host of its own of this machine's files, which stay as they are, and systemd its first process.
const BOOT: &str = r#"
set -eu
host=$PWD
mount --make-rprivate /
mkdir image
mount -t tmpfs none image
cd image
mkdir upper work root
mount -t overlay none -o "lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work" root
cd root
mount -t proc none proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs none dev/shm
mount -t tmpfs -o mode=755 none run
mount -t tmpfs -o mode=1777 none tmp
# Where the units lie, and where what they run may look. The server may lie below /tmp, or on another disk.
mkdir -p ".$host" ".$server" srv/host old
mount --bind "$host" ".$host"
mount --bind "$server" ".$server"
mount --bind "$host" srv/host
cp -a "$host/data" srv/data
install -m 0400 "$host/secret" srv/secret
pivot_root . old
cd /
umount -l old
# As systemd finds them where it is the first process of a machine.
mount --make-rshared /
systemd=/usr/lib/systemd/systemd
[ -x "$systemd" ] || systemd=/lib/systemd/systemd
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH="$host" SYSTEMD_LOG_TARGET=null \
  "$systemd" --system --unit=test.target --show-status=no
"#;

/// What the host does once it runs.
const DRIVER: &str = r#"
exec > /srv/host/out 2> /srv/host/err
state() { systemctl is-active "$@" | tr '\n' ' '; }
pending() { systemctl list-jobs --no-legend | grep -v driver; }
# That many lines were said.
said() {
  for _ in $(seq 200); do
    [ "$(wc -l < "/srv/host/said.$1")" -lt "$2" ] || break
    sleep 0.1
  done
  echo "$1: $(tr '\n' ';' < "/srv/host/said.$1")"
}
sql() { setpriv --reuid=postgres --regid=postgres --clear-groups "$psql" -XAtqh /run/postgresql -c "$1" postgres; }
idle
echo "units: $(state postgresql.service dbgen-connections.service dbgen-tell.service)"
echo "services: $(state wiki.service shop.service mail.service)"
echo "without its database: $(state dbgen-provision.service late.service)"
for service in wiki shop mail; do said "$service" 1; done

failed=$(systemctl show -P InvocationID dbgen-provision.service)
systemctl start dbgen-drift.service
[ "$failed" = "$(systemctl show -P InvocationID dbgen-provision.service)" ] || echo "the timer tries again: $(state dbgen-provision.service)"
install -d -o postgres /srv/space
sql "CREATE TABLESPACE late_space LOCATION '/srv/space'"
systemctl start late.service
idle
echo "its database is there: $(state dbgen-provision.service late.service)"
said late 1
echo "files: $(stat -c '%A %U:%G' /var/lib/dbgen/metrics/dbgen.prom /var/lib/dbgen/passwords/mail /run/dbgen/connections/*/*/environment | sort | uniq -c | tr '\n' ' ')"

old=$(cat /var/lib/dbgen/passwords/mail)
rm /var/lib/dbgen/passwords/mail
systemctl restart dbgen-provision.service
idle
echo "another password: $(state wiki.service shop.service mail.service late.service)"
for service in wiki shop mail late; do said "$service" $([ "$service" = mail ] && echo 2 || echo 1); done

sql 'ALTER ROLE shop PASSWORD NULL'
systemctl start dbgen-report.service
echo "reported: $(state dbgen-report.service) $(grep '^dbgen_drift{scope="roles".*"change"' /var/lib/dbgen/metrics/dbgen.prom)"
systemctl start dbgen-drift.service
echo "repaired: $(sql "SELECT rolpassword IS NOT NULL FROM pg_authid WHERE rolname = 'shop'") $(state dbgen-provision.service)"
systemctl start dbgen-verify.service
echo "verified: $(grep '^as declared: .* logins let in' /srv/host/journal)"
echo "success: $(grep -hE '^dbgen_(run|verify)_success' /var/lib/dbgen/metrics/*.prom | sort | tr '\n' ' ')"
echo "secrets in the logs: $(grep -cF -e "$old" -e "$(cat /var/lib/dbgen/passwords/mail)" -e "$(cat /srv/secret)" /srv/host/journal)"

# What the timer has done keeps no service from starting, and brings another password to who uses it.
systemctl restart wiki.service
echo "started after a repair: $(state wiki.service)"
echo another > /srv/secret
systemctl start dbgen-drift.service
idle
echo "repaired with another secret: $(state shop.service)"
said shop 2

# The server's user leads root to what it may not read.
echo only-root > /srv/only-root
chmod 0600 /srv/only-root
kept=$(cat /var/lib/dbgen/passwords/mail)
setpriv --reuid=postgres --regid=postgres --clear-groups ln -sfT /srv/only-root /var/lib/dbgen/passwords/mail
systemctl restart dbgen-connections.service
echo "led astray: $(grep -rlF only-root /run/dbgen /run/dbgen-tell | wc -l) $(state dbgen-connections.service)"
rm /var/lib/dbgen/passwords/mail
(umask 077; printf %s "$kept" > /var/lib/dbgen/passwords/mail; chown postgres: /var/lib/dbgen/passwords/mail)

# One secret that is not there, and what systemd could not load.
for kind in missing folder pipe long; do
  rm -rf /srv/secret
  case $kind in
    folder) mkdir /srv/secret && echo another > /srv/secret/password ;;
    pipe) mkfifo /srv/secret ;;
    long) head -c 2000000 /dev/zero | tr '\0' x > /srv/secret ;;
  esac
  systemctl restart dbgen-provision.service
  idle
  systemctl restart wiki.service mail.service
  systemctl restart shop.service
  idle
  echo "$kind: $(state dbgen-provision.service wiki.service mail.service shop.service)"
done
echo "told: $(grep -oE '^dbgen: /srv/secret is .*|it has more than 1024 bytes' /srv/host/journal | sort -u | tr '\n' ';')"
rm /srv/secret
echo another > /srv/secret
systemctl start shop.service
idle
echo "with it: $(state dbgen-provision.service dbgen-connections.service shop.service)"

# A disk that is full keeps nothing from starting that is there already.
cp -a /var/lib/dbgen /srv/state
mount -t tmpfs -o size=64k none /var/lib/dbgen
cp -a /srv/state/. /var/lib/dbgen
dd if=/dev/zero of=/var/lib/dbgen/full bs=1k status=none 2> /dev/null
systemctl restart dbgen-provision.service
idle
systemctl reset-failed
systemctl restart wiki.service mail.service
echo "full: $(state dbgen-provision.service wiki.service mail.service) $(grep '^dbgen: .* written$' /srv/host/journal)"
umount /var/lib/dbgen
systemctl --no-block exit
"#;

const SEEN: [&str; 31] = [
    "units: active active inactive",
    "services: active active active",
    "without its database: failed inactive",
    "wiki: wiki|socket;",
    "shop: shop|tcp;",
    "mail: mail|tcp;",
    "the timer tries again: failed",
    "its database is there: active active",
    "late: late|socket;",
    "files: 2 -r-------- nobody:nogroup 2 -r-------- root:root 1 -r--r----- postgres:daemon 1 -rw-r--r-- postgres:postgres",
    "another password: active active active active",
    "wiki: wiki|socket;",
    "shop: shop|tcp;",
    "mail: mail|tcp;mail|tcp;",
    "late: late|socket;",
    "reported: inactive dbgen_drift{scope=\"roles\",database=\"\",kind=\"change\"} 1",
    "repaired: t active",
    "verified: as declared: 6 logins let in, 6 not tried",
    "success: dbgen_run_success 1 dbgen_verify_success 1",
    "secrets in the logs: 0",
    "started after a repair: active",
    "repaired with another secret: active",
    "shop: shop|tcp;shop|tcp;",
    "led astray: 0 failed",
    "missing: failed active active inactive",
    "folder: failed active active inactive",
    "pipe: failed active active inactive",
    "long: failed active active inactive",
    "told: dbgen: /srv/secret is no file, so that the credential password.shop is empty;dbgen: /srv/secret is not there, so that the credential password.shop is empty;it has more than 1024 bytes;",
    "with it: active active active",
    "full: active active active dbgen: /var/lib/dbgen/metrics/dbgen.prom can't be written",
];

/// What a service says of its connection.
const SERVICE: &str = r#"
export PGHOST=$DB_HOST PGPORT=$DB_PORT PGDATABASE=$DB_NAME PGUSER=$DB_USER PGPASSWORD=${DB_PASSWORD-}
"$psql" -XAtwc "SELECT current_user, CASE WHEN inet_client_addr() IS NULL THEN 'socket' ELSE 'tcp' END" >> "/srv/host/said.$1" 2>&1
exec sleep infinity
"#;

fn executable(folder: &Folder, name: &str, text: &str) {
    folder.write(name, &format!("#!/bin/bash\n{text}"));
    fs::set_permissions(folder.path(name), fs::Permissions::from_mode(0o755)).unwrap();
}

/// Everything that the host has beside the files of this machine.
fn host(evaluator: &Evaluator, cluster: &Cluster) -> Folder {
    let folder = Folder::with(&[("declared.toml", DECLARED)]);
    fs::set_permissions(folder.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    let seen = folder.run(&["render", "declared.toml"]);
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    folder.write("module.nix", &seen.out);
    let evaluate = |module: &str| {
        let configuration = Configuration {
            modules: &[module, HOST],
            show: &[],
            release: "26.05",
        };
        evaluator.evaluate_one(configuration).unwrap()
    };
    let outcome = evaluate(&seen.out);
    let names = write_units(&outcome, &folder);

    let psql = cluster.psql.to_str().unwrap();
    let module = folder.path("module.nix");
    let server = "package = \"/srv/host\";";
    let Programs { script, program } = programs(evaluator, &module, server);
    folder.write("program.sql", &program);
    let here = folder.path("program.sql").to_str().unwrap().to_owned();
    executable(
        &folder,
        "provision",
        &script.replace(&here, "/srv/host/program.sql"),
    );
    let guest = Path::new("/srv/host");
    let ready = ready_program(evaluator, &module, Path::new("/usr"));
    executable(&folder, "bin/ready", &ready);
    executable(&folder, "collect", &collect_program(evaluator, &module, ""));
    executable(&folder, "tell", &tell_program(evaluator, &module, guest));
    executable(
        &folder,
        "connections",
        &connections::script(evaluator, &module),
    );
    let declared = guest.join("declared.toml");
    let verify = verify_program(evaluator, &module, guest, 5432, &declared);
    executable(&folder, "verify", &verify);
    executable(&folder, "driver", &format!("psql={psql}\n{IDLE}{DRIVER}"));
    executable(&folder, "service", &format!("psql={psql}\n{SERVICE}"));
    fs::copy(run::DBGEN, folder.path("bin/dbgen")).unwrap();
    symlink("/usr/bin/systemctl", folder.path("bin/systemctl")).unwrap();
    symlink(psql, folder.path("bin/psql")).unwrap();
    for service in ["wiki", "shop", "mail", "late"] {
        let said = format!("said.{service}");
        folder.write(&said, "");
        fs::set_permissions(folder.path(&said), fs::Permissions::from_mode(0o666)).unwrap();
    }
    folder.write("secret", SECRET);
    folder.write("journal", "");

    // What NixOS has after all rules.
    let rules = outcome["postgresql"]["authentication"].as_str().unwrap();
    let maps = outcome["postgresql"]["identMap"].as_str().unwrap();
    folder.write(
        "pg_hba.conf",
        &format!("{rules}\nlocal all postgres peer map=postgres\n"),
    );
    folder.write(
        "pg_ident.conf",
        &format!("{maps}\npostgres postgres postgres\n"),
    );
    let bin = cluster.bin().display();
    for name in names {
        let text = of_unit(&name, &folder.read(&name), &outcome, &bin.to_string(), psql);
        folder.write(&name, &text);
    }
    // The other kind of drift, beside the one that repairs.
    let reports = DECLARED.replace("\"repair\"", "\"report\"");
    let reporting = Folder::with(&[("declared.toml", &reports)]);
    let outcome = evaluate(&reporting.run(&["render", "declared.toml"]).out);
    write_units(&outcome, &reporting);
    let name = "dbgen-drift.service";
    let text = of_unit(name, &reporting.read(name), &outcome, "", psql);
    folder.write("dbgen-report.service", &text);
    for target in ["basic", "sysinit", "sockets", "shutdown", "multi-user"] {
        let name = format!("{target}.target");
        if !folder.path(&name).exists() {
            folder.write(&name, "[Unit]\nDefaultDependencies=no\n");
        }
    }
    folder.write(
        "test.target",
        "[Unit]\nWants=multi-user.target postgresql.target dbus.socket dbus.service driver.service\n",
    );
    folder.write("driver.service", "[Service]\nExecStart=/srv/host/driver\n");
    folder.write(
        "exit.target",
        "[Unit]\nDefaultDependencies=no\nRequires=systemd-exit.service\nAfter=systemd-exit.service\nAllowIsolate=yes\n",
    );
    folder.write(
        "systemd-exit.service",
        "[Unit]\nDefaultDependencies=no\nRequires=shutdown.target\nAfter=shutdown.target\n\
         [Service]\nType=oneshot\nExecStart=/usr/bin/systemctl --force exit\n",
    );
    folder.write(
        "dbus.socket",
        "[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=/run/dbus/system_bus_socket\n",
    );
    folder.write(
        "dbus.service",
        "[Unit]\nDefaultDependencies=no\nRequires=dbus.socket\nAfter=dbus.socket\nBefore=basic.target\n[Service]\nType=notify\n\
         NotifyAccess=main\nExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only\n",
    );
    folder
}

/// Where everything that is said on the host comes together.
const TO_JOURNAL: &str =
    "StandardOutput=append:/srv/host/journal\nStandardError=append:/srv/host/journal\n";

/// The unit as it is, running what this host has for it.
fn of_unit(name: &str, unit: &str, outcome: &serde_json::Value, bin: &str, psql: &str) -> String {
    let Some(service) = name.strip_suffix(".service") else {
        return unit.to_owned();
    };
    if service == "postgresql" {
        let about = unit.split("[Service]").next().unwrap();
        return format!(
            "{about}[Service]\nUser=postgres\nRuntimeDirectory=postgresql\nKillSignal=SIGINT\n\
             ExecStart={bin}/postgres -D /srv/data -c unix_socket_directories=/run/postgresql -c port=5432 -c listen_addresses=127.0.0.1,::1 \
             -c hba_file=/srv/host/pg_hba.conf -c ident_file=/srv/host/pg_ident.conf -c log_statement=all -c log_min_error_statement=debug5\n\
             ExecStartPost=/bin/sh -c 'until {psql} -XAtqh /run/postgresql -c \"\" postgres; do sleep 0.1; done'\n\
             {TO_JOURNAL}"
        );
    }
    let told = outcome["services"][service]["serviceConfig"]["ExecStart"].as_str();
    let arguments = told
        .and_then(|command| command.split_once(' '))
        .map(|it| it.1);
    let command = match service {
        "dbgen-provision" => format!("provision {}", arguments.unwrap()),
        "dbgen-drift" if arguments == Some("plan") => "provision plan".to_owned(),
        "dbgen-drift" => format!("bin/systemctl {}", arguments.unwrap()),
        "dbgen-secrets" => "collect".to_owned(),
        "dbgen-connections" => "connections".to_owned(),
        "dbgen-tell" => "tell".to_owned(),
        "dbgen-verify" => "verify".to_owned(),
        "wiki" | "shop" | "mail" | "late" => format!("service {service}"),
        _ if service.starts_with("dbgen-ready-") => format!("bin/ready {}", arguments.unwrap()),
        // The server's own set-up has nothing to do.
        _ => return unit.to_owned(),
    };
    let lines = unit.lines().map(|line| match line {
        "ExecStart=/bin/true" => format!("ExecStart=/srv/host/{command}\n"),
        "ExecStopPost=/bin/true" => {
            "ExecStopPost=/bin/rm -rf /run/dbgen-provision/secrets\n".into()
        }
        line => format!("{line}\n"),
    });
    let text: String = lines.collect();
    assert!(text.contains("/srv/host/"), "{name}: {text}");
    format!("{text}{TO_JOURNAL}")
}

/// Why there can be no such host here.
fn obstacle() -> Option<&'static str> {
    if !is_root() {
        Some("only root can have a systemd as the first process of namespaces of its own")
    } else if Path::new("/run/systemd/system").exists() {
        Some("this host has a systemd of its own, whose control groups another one would use")
    } else if !Path::new("/usr/bin/dbus-daemon").exists() {
        Some("no /usr/bin/dbus-daemon")
    } else {
        None
    }
}

#[test]
fn a_host_provisions_connects_and_rotates_within_the_units_sandboxes() {
    let test = "a_host_provisions_connects_and_rotates_within_the_units_sandboxes";
    if let Some(why) = obstacle() {
        eprintln!("skipped: {test}: {why}");
        return;
    }
    for program in ["systemctl", "unshare", "setpriv"] {
        if !run::has(program, test) {
            return;
        }
    }
    let (Some(evaluator), Some(installation)) = (nix::evaluator(test), newest(test)) else {
        return;
    };
    let cluster = Cluster::start(&installation, &[]);
    let folder = host(&evaluator, &cluster);
    cluster.stop("fast");
    let mut copy = Command::new("cp");
    copy.arg("-a").arg(&cluster.data).arg(folder.path("data"));
    assert!(copy.status().unwrap().success());
    folder.write("boot", BOOT);
    let mut machine = Command::new("unshare")
        .args("--mount --pid --fork --kill-child --cgroup --uts --ipc --net bash boot".split(' '))
        .current_dir(folder.path(""))
        .env("server", cluster.bin().parent().unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.path("boot.err")).unwrap())
        .spawn()
        .unwrap();
    let started = Instant::now();
    // Until it ends by itself.
    let hangs = loop {
        if machine.try_wait().unwrap().is_some() {
            break false;
        }
        let seconds = if folder.path("out").exists() { 240 } else { 60 };
        if started.elapsed() > Duration::from_secs(seconds) {
            break true;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let _ = machine.kill();
    let _ = machine.wait();
    if !folder.path("out").exists() {
        let said = folder.read("boot.err");
        eprintln!(
            "skipped: {test}: no systemd can be run here: {}",
            said.trim()
        );
        return;
    }
    let out = folder.read("out");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let seen: Vec<String> = out.lines().map(words).collect();
    if hangs || seen != SEEN {
        println!("{}\n{}", folder.read("err"), folder.read("journal"));
    }
    assert!(!hangs, "it hangs: {out}");
    assert_eq!(seen, SEEN);
}
