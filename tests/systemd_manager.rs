//! The rendered units under a systemd of their own: a user's manager in a namespace. What they run is what the module has, but
//! for the server and its provisioning, which stand-ins answer for. Sandboxes are left out: tests/module_units.rs judges them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/nix.rs"]
mod nix;
#[path = "support/run.rs"]
mod run;
mod support;
#[path = "support/units.rs"]
mod units;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use nix::Configuration;
use run::Folder;
use serde_json::Value;
use units::{IDLE, ready_program, tell_program, with_made, write_units};

const DECLARED: &str = "
[services.good]
units = [\"good.service\", \"worker@1.service\"]
connection = { environment = true, owner = \"root\" }
[[services.good.databases]]
type = \"postgresql\"
name = \"good\"
user = \"good\"
password = { generate = true }

[services.bad]
units = [\"bad.service\"]
[[services.bad.databases]]
type = \"postgresql\"
name = \"ba d\"
user = \"bad\"
";

const HOST: &str = "
{
  systemd.services.good.serviceConfig.ExecStart = \"/good\";
  systemd.services.bad.serviceConfig.ExecStart = \"/bad\";
}
";

/// Starts the manager, and runs what the test says. `state` prints the states of units, `id` their start.
const DRIVER: &str = r#"
mount -t tmpfs none /run || exit 77
mkdir -p /run/systemd/system /run/user
export XDG_RUNTIME_DIR=/run/user SYSTEMD_UNIT_PATH=$PWD/units: SYSTEMD_LOG_TARGET=null
unset DBUS_SESSION_BUS_ADDRESS
systemd=/usr/lib/systemd/systemd
[ -x "$systemd" ] || systemd=/lib/systemd/systemd
"$systemd" --user --unit=basic.target < /dev/null > /dev/null 2>&1 &
for _ in $(seq 100); do
  systemctl --user is-active --quiet basic.target && break
  sleep 0.1
done
systemctl --user is-active --quiet basic.target || exit 77
starts() { wc -l < "$1.starts"; }
do_() { systemctl --user "$@" 2> /dev/null; }
state() { echo "$(systemctl --user is-active "$@" | tr '\n' ' ')"; }
id() { systemctl --user show --property=InvocationID --value "$1"; }
list() { printf '%s\n' "$@" > list; }
pending() { systemctl --user list-jobs --no-legend; }
"#;

/// Without its control groups.
const LEAVE: &str = "
do_ exit
wait
exit 0
";

const PROVISION: &str = "
printf '%s\\n' \"$INVOCATION_ID\" \"$(cat \"$1/list\")\" > \"$1/state/ready\"
cp \"$1/password\" \"$1/made/good\"
exit \"$(cat \"$1/status\")\"
";

const CONNECTIONS: &str = "
printf '%s\\n' \"$INVOCATION_ID\" \"$(cat \"$1/files\")\" > \"$1/connections.d/.complete\"
[ -s \"$1/files\" ]
";

/// A folder with the units, and the commands that start the manager.
fn host(test: &str, release: &str) -> Option<Folder> {
    let evaluator = nix::evaluator(test)?;
    for program in ["systemctl", "unshare"] {
        if !run::has(program, test) {
            return None;
        }
    }
    let seen = Folder::with(&[("a.toml", DECLARED)]).run(&["render", "a.toml"]);
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    let outcome = evaluator
        .evaluate_one(Configuration {
            modules: &[&seen.out, HOST],
            show: &[],
            release,
        })
        .unwrap();
    let evaluated = Folder::new();
    let names = write_units(&outcome, &evaluated);
    let folder = Folder::with(&[
        ("module.nix", &seen.out),
        ("provision", PROVISION),
        ("connections", CONNECTIONS),
        ("state/.keep", ""),
        ("seen/.keep", ""),
        ("connections.d/.keep", ""),
        ("made/good", "1"),
        ("credentials/.keep", ""),
        ("password", "1"),
        ("status", "0"),
        ("files", "good/good"),
        ("list", "good"),
        ("bin/systemctl", "#!/bin/sh\nexec systemctl --user \"$@\"\n"),
        (
            "units/worker@.service",
            "[Service]\nExecStart=/bin/sleep infinity\n",
        ),
    ]);
    let home = folder
        .path("")
        .to_str()
        .unwrap()
        .trim_end_matches('/')
        .to_owned();
    let ready = ready_program(&evaluator, &folder.path("module.nix"), &folder.path(""));
    folder.write(
        "bin/ready",
        &format!("#!/bin/bash\n{}", ready.replace("//bin", "/bin")),
    );
    folder.write(
        "tell",
        &with_made(
            &tell_program(&evaluator, &folder.path("module.nix"), &folder.path("")),
            &folder.path("made"),
        ),
    );
    for program in ["bin/systemctl", "bin/ready"] {
        fs::set_permissions(folder.path(program), fs::Permissions::from_mode(0o755)).unwrap();
    }
    for name in names {
        let unit = evaluated.read(&name);
        let text = of_unit(&name, &unit, &outcome, &home);
        folder.write(&format!("units/{name}"), &text);
    }
    // Who requires them and wants them.
    for entry in fs::read_dir(evaluated.path("")).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            for link in fs::read_dir(entry.path()).unwrap() {
                let name = link.unwrap().file_name();
                let others = folder.path("units").join(entry.file_name());
                fs::create_dir_all(&others).unwrap();
                let unit = folder.path("units").join(&name);
                std::os::unix::fs::symlink(unit, others.join(name)).unwrap();
            }
        }
    }
    Some(folder)
}

/// The unit's dependencies and kind as they are, without its sandbox.
fn of_unit(name: &str, unit: &str, outcome: &Value, home: &str) -> String {
    let service = name.strip_suffix(".service").unwrap_or_default();
    let declared = outcome["services"][service]["serviceConfig"]["ExecStart"].as_str();
    let arguments =
        declared.and_then(|command| command.rsplit_once('\n').or(command.split_once(' ')));
    let command = match service {
        "dbgen-provision" => format!("/bin/bash {home}/provision {home}"),
        "dbgen-connections" => format!("/bin/bash {home}/connections {home}"),
        "dbgen-tell" => format!("/bin/bash {home}/tell"),
        "good" | "bad" => {
            format!("/bin/sh -c 'echo >> {home}/{service}.starts; exec sleep infinity'")
        }
        _ if service.starts_with("dbgen-ready-") => {
            format!("{home}/bin/ready {}", arguments.unwrap().1)
        }
        _ => "/bin/true".to_owned(),
    };
    let kept = |line: &&str| {
        let key = line.split('=').next().unwrap();
        let kept = [
            "After",
            "Before",
            "Requires",
            "Wants",
            "PartOf",
            "StartLimitIntervalSec",
            "Type",
            "RemainAfterExit",
        ];
        kept.contains(&key) || line.starts_with('[')
    };
    let mut text: String = unit
        .lines()
        .filter(kept)
        .map(|line| format!("{line}\n"))
        .collect();
    if text.contains("[Service]") {
        text += &format!("ExecStart={command}\n");
        for (variable, folder) in [
            ("PROVISIONED", "state"),
            ("CONNECTIONS", "connections.d"),
            ("RUNTIME_DIRECTORY", "seen"),
            ("CREDENTIALS_DIRECTORY", "credentials"),
        ] {
            text += &format!("Environment={variable}={home}/{folder}\n");
        }
        if service.starts_with("postgresql") {
            let lines = text.lines().filter(|line| !line.starts_with("Type="));
            text = lines.map(|line| format!("{line}\n")).collect();
            text += "Type=oneshot\nRemainAfterExit=true\n";
        }
    }
    text
}

/// Two managers would share their control groups.
static ONE: Mutex<()> = Mutex::new(());

/// What the commands print under a manager; nothing where there can be none.
fn under_systemd(test: &str, release: &str, commands: &str) -> Option<String> {
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = host(test, release)?;
    if Path::new("/run/systemd/system").exists() {
        eprintln!(
            "skipped: {test}: this host has a systemd of its own, whose control groups another one would use"
        );
        return None;
    }
    folder.write("driver", &format!("{DRIVER}{IDLE}{commands}{LEAVE}"));
    let mut command = Command::new("unshare");
    command
        .args([
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "bash",
            "driver",
        ])
        .current_dir(folder.path(""));
    let seen = run::seen(&mut command, b"");
    if seen.status != Some(0) {
        eprintln!(
            "skipped: {test}: no systemd can be run here: {}",
            seen.err.trim()
        );
        return None;
    }
    Some(seen.out)
}

const STARTS: &str = r#"
do_ start good.service bad.service worker@1.service
echo "one is ready: $(state good.service bad.service worker@1.service)"
do_ restart dbgen-provision.service; idle
echo "provisioned again: $(starts good) $(state good.service bad.service)"
list good ba.20d
do_ restart dbgen-provision.service
do_ start bad.service; idle
echo "both are ready: $(starts good) $(state good.service bad.service)"
list; echo 1 > status
do_ restart dbgen-provision.service; idle
echo "provisioning fails: $(state dbgen-provision.service good.service bad.service)"
do_ restart bad.service; idle
echo "a start without the database: $(state good.service bad.service)"
list '*'; echo 0 > status
do_ start bad.service; idle
echo "a start tries again: $(starts bad) $(state dbgen-provision.service good.service bad.service)"
: > files
do_ restart dbgen-provision.service; idle
do_ restart good.service bad.service; idle
echo "no files: $(state dbgen-connections.service good.service bad.service)"
echo good/good > files
do_ start good.service; idle
echo "files: $(starts good) $(state dbgen-connections.service good.service)"
provisioned=$(id dbgen-provision.service)
do_ restart postgresql.service; idle
[ "$provisioned" != "$(id dbgen-provision.service)" ] && echo "another server: $(starts good) $(state good.service)"
"#;

const STARTED: [&str; 9] = [
    "one is ready: active inactive active",
    "provisioned again: 1 active inactive",
    "both are ready: 1 active active",
    "provisioning fails: failed active active",
    "a start without the database: active inactive",
    "a start tries again: 2 active active active",
    "no files: failed inactive active",
    "files: 2 active active",
    "another server: 2 active",
];

#[test]
fn services_start_with_their_databases_and_are_left_alone_otherwise() {
    let test = "services_start_with_their_databases_and_are_left_alone_otherwise";
    // Without postgresql.target, and with it.
    for release in ["24.11", "26.05"] {
        let Some(out) = under_systemd(test, release, STARTS) else {
            return;
        };
        assert_eq!(
            out.lines().map(str::trim_end).collect::<Vec<_>>(),
            STARTED,
            "{release}"
        );
    }
}

#[test]
fn services_are_restarted_once_when_their_password_is_another_one() {
    let test = "services_are_restarted_once_when_their_password_is_another_one";
    let Some(out) = under_systemd(
        test,
        "26.05",
        r#"
list '*'
do_ start good.service bad.service worker@1.service; idle
worker=$(id worker@1.service)
echo 2 > password
do_ restart dbgen-provision.service; idle
echo "another password: $(starts good) $(starts bad) $(state good.service bad.service)"
[ "$worker" != "$(id worker@1.service)" ] && echo "its worker, too"
do_ restart dbgen-provision.service; idle
echo "the same: $(starts good) $(starts bad)"
echo 3 > password
# As a switch does it, for another reason at the same time.
do_ restart dbgen-provision.service good.service; idle
echo "told already: $(starts good) $(state good.service)"
list; echo 4 > password
do_ restart dbgen-provision.service; idle
echo "not as declared: $(starts good) $(state good.service)"
list '*'
do_ restart dbgen-provision.service; idle
echo "as declared: $(starts good) $(state good.service)"
do_ stop good.service; echo 5 > password
do_ restart dbgen-provision.service; idle
echo "not running: $(starts good) $(state good.service)"
"#,
    ) else {
        return;
    };
    assert_eq!(
        out.lines().map(str::trim_end).collect::<Vec<_>>(),
        [
            "another password: 2 1 active active",
            "its worker, too",
            "the same: 2 1",
            "told already: 3 active",
            "not as declared: 3 active",
            "as declared: 4 active",
            "not running: 4 inactive",
        ]
    );
}
