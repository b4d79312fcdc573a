//! The README's chapter "From declaration to a connected service" on a host: its declaration is rendered, its Nix is
//! evaluated with the module, the programs of the units are run, and clients connect with nothing but what the service
//! is given.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/connections.rs"]
mod connections;
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
use std::process::Command;

use connections::{WHO, expected, python, script};
use nix::Configuration;
use run::{Folder, has, seen};
use serde_json::json;
use support::postgres::{Cluster, newest};
use unit::{Unit, mode};
use units::{analyze, with_made, write_units};

const README: &str = include_str!("../README.md");

/// The block of the chapter in this language.
fn block(language: &str) -> &'static str {
    let (_, chapter) = README
        .split_once("\n## From declaration to a connected service\n")
        .unwrap();
    let (_, rest) = chapter.split_once(&format!("```{language}\n")).unwrap();
    rest.split("```").next().unwrap()
}

fn rendered(declared: &str) -> String {
    let seen = Folder::with(&[("wiki.toml", declared)]).run(&["render", "wiki.toml"]);
    assert_eq!((seen.status, &*seen.err), (Some(0), ""));
    seen.out
}

#[test]
fn the_service_starts_after_its_database_and_with_its_file() {
    let test = "the_service_starts_after_its_database_and_with_its_file";
    let folder = Folder::with(&[("postgresql.nix", &rendered(block("toml")))]);
    let path = folder.path("postgresql.nix");
    let host = block("nix").replace("./postgresql.nix", path.to_str().unwrap());
    for evaluator in nix::evaluators(test) {
        for release in ["24.11", "25.05", "25.11", "26.05"] {
            let outcome = evaluator
                .evaluate_one(Configuration {
                    modules: &[&host],
                    show: &[],
                    release,
                })
                .unwrap_or_else(|message| panic!("{release}: {message}"));
            assert_eq!(outcome["failedAssertions"], json!([]));
            assert_eq!(outcome["warnings"], json!([]));
            let services = &outcome["services"];
            let gate = &services["dbgen-ready-wiki"];
            assert_eq!(gate["requiredBy"], json!(["wiki.service"]));
            assert_eq!(gate["before"], json!(["wiki.service"]));
            assert_eq!(
                gate["after"],
                json!([
                    "dbgen-provision.service",
                    "dbgen-connections.service",
                    "postgresql.service",
                    "dbgen-tell.service"
                ])
            );
            assert_eq!(
                services["wiki"]["serviceConfig"]["EnvironmentFile"],
                "/run/dbgen/connections/wiki/wiki/environment"
            );
            if has("systemd-analyze", test) {
                let folder = Folder::new();
                let names = write_units(&outcome, &folder);
                // It would be read at the start, and is not there yet.
                let unit = folder.read("wiki.service");
                let unit = unit.replace("EnvironmentFile=/run", "EnvironmentFile=-/run");
                folder.write("wiki.service", &unit);
                let told = analyze(&folder, &["verify", "--man=no"], &names);
                assert_eq!(told, (true, String::new()), "{release}");
            }
        }
    }
}

#[test]
fn what_the_service_is_given_connects() {
    let test = "what_the_service_is_given_connects";
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let Some(installation) = newest(test) else {
        return;
    };
    let cluster = Cluster::start_tcp(&installation, &[]);
    let port = format!("type = \"postgresql\"\nport = {}", cluster.port);
    let module = rendered(&block("toml").replace("type = \"postgresql\"", &port));
    // The rules of the module, after those for the administrator.
    let rules = module.split_once("rules = [\n").unwrap().1;
    let rules: Vec<String> = rules
        .lines()
        .take_while(|line| !line.contains("];"))
        .map(|line| serde_json::from_str(line.trim()).unwrap())
        .collect();
    cluster.write(
        "pg_hba.conf",
        &format!("local all postgres trust\n{}\n", rules.join("\n")),
    );
    cluster.reload();

    let unit = Unit::new(&evaluator, &module, &cluster);
    let provisioned = unit.run("apply");
    assert_eq!(provisioned.status, Some(0), "{}", provisioned.err);
    let made = unit.path("state/passwords/wiki");
    let password = fs::read_to_string(&made).unwrap();
    assert_eq!((password.len(), mode(&made)), (43, 0o400));
    let program = script(&evaluator, &unit.path("module.nix"));
    fs::write(
        unit.path("connections"),
        with_made(&program, &unit.path("state/passwords")),
    )
    .unwrap();
    fs::create_dir(unit.path("files")).unwrap();
    let mut command = Command::new("bash");
    command
        .arg(unit.path("connections"))
        .env("RUNTIME_DIRECTORY", unit.path("files"))
        .env("CREDENTIALS_DIRECTORY", unit.path("credentials"));
    let written = seen(&mut command, b"");
    if written.err.contains("can't be given to root") {
        eprintln!("skipped: {test}: the file belongs to root, and this is somebody else");
        return;
    }
    assert_eq!((written.status, &*written.err), (Some(0), ""));
    let file = unit.path("files/wiki/wiki/environment");
    assert_eq!(mode(&file), 0o400);

    // Nothing in the environment but what stands in the file.
    let text = fs::read_to_string(&file).unwrap();
    let variables: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    let names: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "DATABASE_URL",
            "DB_HOST",
            "DB_PORT",
            "DB_NAME",
            "DB_USER",
            "DB_PASSWORD"
        ]
    );
    let psql = format!(
        "\"{}\" -XAtwqc \"$0\" \"$DATABASE_URL\"",
        cluster.psql.display()
    );
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &psql, WHO]).env_clear();
    let by_psql = seen(shell.envs(variables.clone()), b"");
    assert_eq!(
        (by_psql.out.trim_end(), &*by_psql.err),
        (&*expected("wiki", "wiki"), "")
    );
    if let Some(python) = python(test) {
        let client = "import os, sys, psycopg\nwith psycopg.connect(os.environ['DATABASE_URL']) as connection:\n  print(connection.execute(sys.argv[1]).fetchone()[0])";
        let mut command = Command::new(python);
        let by_psycopg = seen(command.args(["-c", client, WHO]).envs(variables), b"");
        assert_eq!(
            by_psycopg.out.trim_end(),
            expected("wiki", "wiki"),
            "{}",
            by_psycopg.err
        );
    }
}
