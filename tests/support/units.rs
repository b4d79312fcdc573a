//! The units of an evaluated configuration as files for systemd's own tools, and the programs that they run.
//!
//! Include with `#[path = "support/units.rs"] mod units;` beside `nix` and `run`.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::nix::{Evaluator, nix_path, nix_string};
use crate::run::Folder;

/// For a shell that has `pending`, which prints the manager's jobs but its own: `idle` waits until no job is left, and none comes.
pub const IDLE: &str = r#"
idle() {
  local calm=0
  while [ "$calm" -lt 5 ]; do
    sleep 0.1
    if [ -n "$(pending)" ]; then calm=0; else calm=$((calm + 1)); fi
  done
}
"#;

/// What the unit `dbgen-provision` runs.
pub struct Programs {
    /// The shell program.
    pub script: String,
    /// The SQL program.
    pub program: String,
}

/// The programs of a module for a server with these further attributes of `services.postgresql`; the script runs the SQL
/// program `program.sql` beside the module.
pub fn programs(evaluator: &Evaluator, module: &Path, server: &str) -> Programs {
    let expression = format!(
        "let
          start = lib: writeText: (import {module} {{
            inherit lib;
            pkgs = {{ inherit writeText; coreutils = \"/coreutils\"; util-linux = \"/usr\"; writeShellScript = name: text: text; }};
            config.systemd = {{ services = {{ }}; targets = {{ }}; }};
            config.services.postgresql = {{ package = \"/pg\"; superUser = \"postgres\"; settings.port = 5432; enable = true; authentication = \"\"; identMap = \"\"; }} // {{ {server} }};
          }}).config.systemd.services.dbgen-provision.serviceConfig.ExecStart;
        in {{
          script = lib.removeSuffix \" apply\" (start lib (name: text: {program}));
          program = builtins.elemAt (lib.splitString \"@@@\" (start (lib // {{ escapeShellArg = text: text; }}) (name: text: \"@@@${{text}}@@@\"))) 1;
        }}",
        module = nix_path(module),
        program = nix_string(module.with_file_name("program.sql").to_str().unwrap()),
    );
    let texts = evaluator
        .value(&expression)
        .unwrap_or_else(|error| panic!("{error}"));
    let text = |name: &str| texts[name].as_str().unwrap().to_owned();
    Programs {
        script: text("script"),
        program: text("program"),
    }
}

/// A text that the module gives to a host with these further attributes of `pkgs` and of the configuration. What is a script's path on the
/// host is its text.
fn text_of(evaluator: &Evaluator, module: &Path, pkgs: &str, config: &str, wanted: &str) -> String {
    let expression = format!(
        "let
          module = import {module} {{
            inherit lib;
            pkgs = {{ writeText = name: text: name; coreutils = \"/coreutils\"; util-linux = \"/usr\"; writeShellScript = name: text: text; }} // {{ {pkgs} }};
            config = lib.recursiveUpdate {{
              systemd = {{ services = {{ }}; targets = {{ }}; }};
              services.postgresql = {{ package = \"/pg\"; superUser = \"postgres\"; settings.port = 5432; enable = true; authentication = \"\"; identMap = \"\"; }};
            }} {{ {config} }};
          }};
        in {wanted}",
        module = nix_path(module),
    );
    let text = evaluator
        .value(&expression)
        .unwrap_or_else(|error| panic!("{error}"));
    text.as_str().unwrap().to_owned()
}

fn quoted(path: &Path) -> String {
    nix_string(path.to_str().unwrap())
}

/// What starts this unit of the module.
fn start_of(unit: &str) -> String {
    format!("module.config.systemd.services.{unit}.serviceConfig.ExecStart")
}

/// The command `dbgen-status` of a host with this port; it runs the SQL program `program.sql` beside the module.
pub fn status_program(evaluator: &Evaluator, module: &Path, psql: &Path, port: u16) -> String {
    let pkgs = format!(
        "writeText = name: text: {}; writeShellScriptBin = name: text: text;",
        quoted(&module.with_file_name("program.sql"))
    );
    let config = format!(
        "qgroget = module.config.qgroget; services.postgresql = {{ package = {}; settings.port = {port}; }};",
        quoted(psql.parent().unwrap().parent().unwrap())
    );
    let wanted = "builtins.head module.config.environment.systemPackages";
    text_of(evaluator, module, &pkgs, &config, wanted)
}

/// The program of the units `dbgen-ready-...`, which asks `systemctl` about the unit `dbgen-provision`.
pub fn ready_program(evaluator: &Evaluator, module: &Path, systemd: &Path) -> String {
    let config = format!("systemd.package = {};", quoted(systemd));
    let wanted = "(builtins.head (builtins.attrValues (builtins.head module.imports).systemd.services)).serviceConfig.ExecStart";
    let text = text_of(evaluator, module, "", &config, wanted);
    // Without the arguments.
    text.rsplit_once('\n').unwrap().0.to_owned()
}

/// The program with the passwords that the host makes in `folder`, read without another user's rights.
pub fn with_made(program: &str, folder: &Path) -> String {
    let folder = folder.to_str().unwrap();
    let lines = program.lines().map(|line| {
        let line = line.replace("/var/lib/dbgen/passwords", folder);
        match line.starts_with("setpriv=") {
            true => "setpriv() { while [ \"$1\" != -- ]; do shift; done; shift; \"$@\"; }; setpriv=setpriv\n".to_owned(),
            false => format!("{line}\n"),
        }
    });
    lines.collect()
}

/// The program of the unit `dbgen-secrets`, of a configuration that also has these attributes.
pub fn collect_program(evaluator: &Evaluator, module: &Path, others: &str) -> String {
    text_of(evaluator, module, "", others, &start_of("dbgen-secrets"))
}

/// The program of the unit `dbgen-tell`; `home` has `bin/systemctl` and `bin/ready`.
pub fn tell_program(evaluator: &Evaluator, module: &Path, home: &Path) -> String {
    let home = nix_string(home.to_str().unwrap().trim_end_matches('/'));
    let pkgs = format!(
        "writeShellScript = name: text: if name == \"dbgen-ready\" then {home} + \"/bin/ready\" else text;"
    );
    let config = format!("systemd.package = {home};");
    text_of(evaluator, module, &pkgs, &config, &start_of("dbgen-tell"))
}

/// The program of the unit `dbgen-verify` for a server with this port; `home` has `bin/dbgen` and `bin/psql`.
pub fn verify_program(
    evaluator: &Evaluator,
    module: &Path,
    home: &Path,
    port: u16,
    declarations: &Path,
) -> String {
    let config = format!(
        "services.dbgen.verify = {{ package = {home}; declarations = {declarations}; onCalendar = null; }};
        services.postgresql = {{ package = {home}; settings.port = {port}; }};",
        home = quoted(home),
        declarations = quoted(declarations),
    );
    let wanted = start_of("dbgen-verify.content");
    text_of(evaluator, module, "", &config, &wanted)
}

/// Writes the units and who wants them, as NixOS does, and gives their names. What is run is replaced by what is there.
pub fn write_units(outcome: &Value, folder: &Folder) -> Vec<String> {
    let kinds = [
        ("service", &outcome["services"], "serviceConfig"),
        ("target", &outcome["targets"], ""),
        ("timer", &outcome["show"]["systemd.timers"], "timerConfig"),
    ];
    let mut names = Vec::new();
    for (kind, units, section) in kinds {
        for (name, unit) in units.as_object().into_iter().flatten() {
            let name = format!("{name}.{kind}");
            folder.write(&name, &text(kind, unit, section));
            for (field, ending) in [("wantedBy", "wants"), ("requiredBy", "requires")] {
                for other in unit[field].as_array().into_iter().flatten() {
                    let others = format!("{}.{ending}", other.as_str().unwrap());
                    fs::create_dir_all(folder.path(&others)).unwrap();
                    let link = folder.path(&format!("{others}/{name}"));
                    std::os::unix::fs::symlink(folder.path(&name), link).unwrap();
                }
            }
            names.push(name);
        }
    }
    names
}

fn text(kind: &str, unit: &Value, section: &str) -> String {
    let mut text = "[Unit]\n".to_owned();
    for (field, directive) in [
        ("after", "After"),
        ("before", "Before"),
        ("requires", "Requires"),
        ("wants", "Wants"),
        ("partOf", "PartOf"),
    ] {
        for other in unit[field].as_array().into_iter().flatten() {
            text += &format!("{directive}={}\n", other.as_str().unwrap());
        }
    }
    for (directive, value) in unit["unitConfig"].as_object().into_iter().flatten() {
        text += &format!("{directive}={value}\n");
    }
    let directives = unit[section].as_object();
    match kind {
        "service" => text += "[Service]\n",
        "timer" => text += "[Timer]\n",
        _ => {}
    }
    for (directive, value) in directives.into_iter().flatten() {
        let values = match value {
            Value::Array(values) => values.clone(),
            value => vec![value.clone()],
        };
        for value in values {
            let value = match value {
                Value::String(value) => value,
                other => other.to_string(),
            };
            match directive.starts_with("Exec") {
                true => text += &format!("{directive}=/bin/true\n"),
                false => text += &format!("{directive}={value}\n"),
            }
        }
    }
    if kind == "service" && !text.contains("ExecStart=") {
        text += "ExecStart=/bin/true\n";
    }
    text
}

/// Whether systemd-analyze is content with the units, and what it says.
pub fn analyze(folder: &Folder, arguments: &[&str], units: &[String]) -> (bool, String) {
    let output = Command::new("systemd-analyze")
        .args(arguments)
        .args(units.iter().map(|unit| folder.path(unit)))
        // The colon at the end stands for the host's own units.
        .env(
            "SYSTEMD_UNIT_PATH",
            format!("{}:", folder.path("").display()),
        )
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(told).unwrap())
}
