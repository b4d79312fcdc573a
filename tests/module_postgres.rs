//! What a rendered module gives to PostgreSQL, given to real servers: the lines of pg_hba.conf and pg_ident.conf, and
//! the program of the unit `dbgen-settings`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/declarations.rs"]
mod declarations;
#[path = "support/nix.rs"]
mod nix;
#[path = "support/run.rs"]
mod run;
mod support;

use std::collections::BTreeSet;
use std::process::Output;

use declarations::{Declarations, Dice, NAMES};
use nix::{Configuration, Evaluator, nix_path};
use run::Folder;
use serde_json::{Value, json};
use support::postgres::{Cluster, each_server};
use support::startup::{Answer, start};

fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn quote_text(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// A server's parameters for a test that looks at what is written: nothing writes by itself.
const QUIET: &[(&str, &str)] = &[
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("autovacuum", "off"),
    ("standard_conforming_strings", "off"),
];

/// The declared parameters of a database: what is written in the declaration, and what the server shows.
fn parameters(name: &str) -> Vec<(&'static str, Value, String)> {
    let searched = ["$user", name, "public"];
    let listed: Vec<String> = searched
        .iter()
        .map(|schema| format!("quote_ident({})", quote_text(schema)))
        .collect();
    vec![
        ("search_path", json!(searched), listed.join(" || ', ' || ")),
        ("myapp.note", json!(name), quote_text(name)),
        (
            "myapp.lines",
            json!("one\n\ttwo\r\n'; DROP TABLE x; -- \\ \" ${x} $$ é"),
            quote_text("one\n\ttwo\r\n'; DROP TABLE x; -- \\ \" ${x} $$ é"),
        ),
        ("myapp.empty", json!(""), quote_text("")),
        ("work_mem", json!("64MB"), quote_text("64MB")),
        ("statement_timeout", json!(90_000), quote_text("90s")),
        ("random_page_cost", json!(1.5), quote_text("1.5")),
        ("jit", json!(false), quote_text("off")),
        (
            "TimeZone",
            json!("Europe/Berlin"),
            quote_text("Europe/Berlin"),
        ),
        ("DateStyle", json!("ISO, DMY"), quote_text("ISO, DMY")),
        (
            "log_min_duration_statement",
            json!("250ms"),
            quote_text("250ms"),
        ),
    ]
}

/// The text of the program that the module's unit runs.
fn program(evaluator: &Evaluator, module: &str) -> String {
    let folder = Folder::with(&[("module.nix", module)]);
    let expression = format!(
        "let module = import {} {{
          lib = lib // {{ escapeShellArgs = arguments: arguments; }};
          pkgs.writeText = name: text: text;
          config.systemd.services = {{ }};
          config.services.postgresql = {{ package = \"/pg\"; superUser = \"postgres\"; settings.port = 5432; enable = true; authentication = \"\"; identMap = \"\"; }};
        }};
        in lib.last module.config.systemd.services.dbgen-settings.serviceConfig.ExecStart",
        nix_path(&folder.path("module.nix"))
    );
    let text = evaluator
        .value(&expression)
        .unwrap_or_else(|error| panic!("{error}\n{module}"));
    text.as_str().unwrap().to_owned()
}

fn run_program(cluster: &Cluster, user: &str, program: &str) -> Output {
    let folder = Folder::with(&[("program.sql", program)]);
    let path = folder.path("program.sql");
    let arguments = [
        "--no-psqlrc",
        "--quiet",
        "--echo-queries",
        "--file",
        path.to_str().unwrap(),
    ];
    cluster
        .client(&arguments, "postgres", user, None)
        .output()
        .unwrap()
}

/// The statements that change something, in a run that succeeds without a word.
fn changes(output: &Output) -> Vec<String> {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.is_empty(),
        "{:?}: {errors}",
        output.status
    );
    let echoed = String::from_utf8_lossy(&output.stdout);
    echoed
        .lines()
        .filter(|line| line.starts_with("ALTER"))
        .map(str::to_owned)
        .collect()
}

/// Everything that says whether the catalog of parameters was written to.
fn state(cluster: &Cluster) -> String {
    cluster.sql("postgres", "SELECT pg_current_wal_insert_lsn(); SELECT setdatabase, xmin, ctid, setconfig FROM pg_db_role_setting ORDER BY 1")
}

#[test]
fn declared_parameters_come_into_force_and_a_second_run_writes_nothing() {
    let test = "declared_parameters_come_into_force_and_a_second_run_writes_nothing";
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let databases: Vec<Value> = NAMES
        .iter()
        .map(|name| {
            let config: serde_json::Map<String, Value> = parameters(name)
                .into_iter()
                .map(|(name, value, _)| (name.to_owned(), value))
                .collect();
            json!({ "type": "postgresql", "name": name, "user": "app", "extraConfig": config })
        })
        .collect();
    let declared = json!({ "services": { "app": { "databases": databases } } }).to_string();
    let seen = Folder::with(&[("app.json", &declared)]).run(&["render", "app.json"]);
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    let program = program(&evaluator, &seen.out);
    each_server(test, |listening| {
        let cluster = &Cluster::start(&installation(listening.major), QUIET);
        // One that is declared and not there yet is passed over.
        let (missing, there) = NAMES.split_last().unwrap();
        for name in there {
            cluster.sql("postgres", &format!("CREATE DATABASE {}", quote_name(name)));
        }
        let first = changes(&run_program(cluster, "postgres", &program));
        assert!(!first.is_empty());
        let mut wrong = Vec::new();
        for name in there {
            let checks: Vec<String> = parameters(name)
                .into_iter()
                .map(|(parameter, _, wanted)| format!("SELECT '{parameter}', current_setting('{parameter}') WHERE current_setting('{parameter}') IS DISTINCT FROM {wanted};"))
                .collect();
            let different = cluster.sql(name, &checks.join("\n"));
            if !different.is_empty() {
                wrong.push(format!("{name}: {different}"));
            }
        }
        assert!(
            wrong.is_empty(),
            "PostgreSQL {}: {}",
            cluster.major,
            wrong.join("\n")
        );

        let before = state(cluster);
        let second = changes(&run_program(cluster, "postgres", &program));
        assert_eq!(second, [""; 0], "PostgreSQL {}", cluster.major);
        assert_eq!(state(cluster), before, "PostgreSQL {}", cluster.major);

        // What was changed by hand is put right, and what is new is given its parameters.
        cluster.sql(
            "postgres",
            "ALTER DATABASE \"bob's\" SET work_mem = '1MB'; ALTER DATABASE \"plain\" RESET ALL",
        );
        cluster.sql(
            "postgres",
            &format!("CREATE DATABASE {}", quote_name(missing)),
        );
        let third = changes(&run_program(cluster, "postgres", &program));
        let count = parameters("").len();
        assert_eq!(third.len(), 1 + 2 * count, "{third:#?}");
        for name in ["bob's", "plain", missing] {
            assert_eq!(cluster.sql(name, "SHOW work_mem"), "64MB");
        }
    });
}

fn installation(major: u8) -> support::postgres::Installation {
    let mut all = support::postgres::installations().into_iter();
    all.find(|installation| installation.major == major)
        .unwrap()
}

#[test]
fn a_text_of_names_is_a_list_of_names_and_an_empty_list_is_none() {
    let test = "a_text_of_names_is_a_list_of_names_and_an_empty_list_is_none";
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let forms = [
        (
            "text",
            json!("App, \"Other, one\",$user , public"),
            "app, \"Other, one\", \"$user\", public",
        ),
        (
            "list",
            json!(["App", "Other, one"]),
            "\"App\", \"Other, one\"",
        ),
        ("empty", json!([]), "\"\""),
    ];
    let databases: Vec<Value> = forms
        .iter()
        .map(|(name, path, _)| json!({ "type": "postgresql", "name": name, "user": "app", "extraConfig": { "Search_Path": path } }))
        .collect();
    let declared = json!({ "services": { "app": { "databases": databases } } }).to_string();
    let seen = Folder::with(&[("app.json", &declared)]).run(&["render", "app.json"]);
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    let program = program(&evaluator, &seen.out);
    each_server(test, |cluster| {
        for (name, ..) in &forms {
            cluster.sql("postgres", &format!("CREATE DATABASE {name}"));
        }
        assert_eq!(
            changes(&run_program(cluster, "postgres", &program)).len(),
            3
        );
        for (name, _, shown) in &forms {
            assert_eq!(cluster.sql(name, "SHOW search_path"), *shown);
        }
        assert_eq!(
            changes(&run_program(cluster, "postgres", &program)),
            [""; 0]
        );
    });
}

#[test]
fn a_program_that_may_not_change_a_database_fails() {
    let test = "a_program_that_may_not_change_a_database_fails";
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let declared = "[[services.a.databases]]\ntype = \"postgresql\"\nname = \"a\"\nuser = \"a\"\nextraConfig = { work_mem = \"64MB\" }\n";
    let seen = Folder::with(&[("a.toml", declared)]).run(&["render", "a.toml"]);
    let program = program(&evaluator, &seen.out);
    each_server(test, |cluster| {
        cluster.sql("postgres", "CREATE ROLE weak LOGIN");
        cluster.sql("postgres", "CREATE DATABASE a");
        let output = run_program(cluster, "weak", &program);
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("must be owner"));
        assert_eq!(
            cluster.sql("postgres", "SELECT count(*) FROM pg_db_role_setting"),
            "0"
        );
    });
}

#[test]
fn a_value_that_the_server_refuses_fails_the_program_and_keeps_no_other_database_from_its_own() {
    let test = "a_value_that_the_server_refuses_fails_the_program_and_keeps_no_other_database_from_its_own";
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let declared = |name: &str, setting: &str| {
        format!(
            "[[services.s.databases]]\ntype = \"postgresql\"\nname = \"{name}\"\nuser = \"s\"\nextraConfig = {{ {setting} }}\n"
        )
    };
    // Only the server knows the time zones.
    let declared =
        declared("a", "TimeZone = \"Europe/Berln\"") + &declared("b", "work_mem = \"64MB\"");
    let seen = Folder::with(&[("a.toml", &declared)]).run(&["render", "a.toml"]);
    let program = program(&evaluator, &seen.out);
    each_server(test, |cluster| {
        cluster.sql("postgres", "CREATE DATABASE a");
        cluster.sql("postgres", "CREATE DATABASE b");
        let output = run_program(cluster, "postgres", &program);
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("Europe/Berln"));
        assert_eq!(
            cluster.sql("postgres", "SELECT setconfig FROM pg_db_role_setting"),
            "{work_mem=64MB}"
        );
    });
}

/// Declarations for a server of this version that pass, with the module and what `dbgen hba` says of each login.
fn judged(major: u8, me: &str, count: usize) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for seed in 0.. {
        let mut declarations = Declarations::new(seed);
        let mut instance = declarations.instance.take().unwrap_or(json!({}));
        instance["version"] = json!(major);
        declarations.instance = Some(instance);
        for (_, service) in &mut declarations.services {
            become_me(service, me);
        }
        let folder = Folder::new();
        for file in declarations.files(&mut Dice::new(seed)) {
            folder.write(&file.name, &file.text);
        }
        let module = folder.run(&["render", "-o", "-"]);
        if module.status != Some(0) || !module.out.contains("authentication") {
            continue;
        }
        let report = folder.run(&["hba", "--output-format", "json"]);
        assert_eq!(report.status, Some(0), "seed {seed}: {}", report.err);
        all.push((module.out, serde_json::from_str(&report.out).unwrap()));
        if all.len() == count {
            return all;
        }
    }
    all
}

/// Makes the person who runs the tests one of the Unix users.
fn become_me(value: &mut Value, me: &str) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "unixUser" && value == "immich" {
                    *value = json!(me);
                }
                become_me(value, me);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| become_me(item, me)),
        _ => {}
    }
}

#[test]
fn the_server_answers_every_declared_login_as_dbgen_hba_says() {
    let test = "the_server_answers_every_declared_login_as_dbgen_hba_says";
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let me = Folder::new().sh("id -un").out.trim().to_owned();
    each_server(test, |cluster| {
        let judged = judged(cluster.major, &me, 12);
        let modules: Vec<[&str; 1]> = judged.iter().map(|(module, _)| [module.as_str()]).collect();
        let configurations: Vec<Configuration> = modules
            .iter()
            .map(|module| Configuration::of(module))
            .collect();
        let outcomes = evaluator.evaluate_many(&configurations);
        let mut there = BTreeSet::new();
        let mut answered = BTreeSet::new();
        for ((_, report), outcome) in judged.iter().zip(outcomes) {
            let server = &outcome.unwrap()["postgresql"];
            let (rules, maps) = (
                server["authentication"].as_str().unwrap(),
                server["identMap"].as_str().unwrap(),
            );
            // The test needs a way in of its own.
            cluster.write(
                "pg_hba.conf",
                &format!("local postgres postgres trust\n{rules}"),
            );
            cluster.write("pg_ident.conf", maps);
            cluster.reload();
            let errors = cluster.sql(
                "postgres",
                "SELECT error FROM pg_hba_file_rules WHERE error NOT LIKE '%cannot match because%'",
            );
            assert_eq!(errors, "", "PostgreSQL {}\n{rules}", cluster.major);
            if cluster.major >= 15 {
                assert_eq!(
                    cluster.sql(
                        "postgres",
                        "SELECT error FROM pg_ident_file_mappings WHERE error IS NOT NULL"
                    ),
                    "",
                    "{maps}"
                );
            }
            for login in report["logins"].as_array().unwrap() {
                let (database, user) = (
                    login["database"].as_str().unwrap(),
                    login["user"].as_str().unwrap(),
                );
                if there.insert(format!("database {database}")) {
                    cluster.sql(
                        "postgres",
                        &format!("CREATE DATABASE {}", quote_name(database)),
                    );
                }
                if there.insert(format!("role {user}")) {
                    cluster.sql(
                        "postgres",
                        &format!("CREATE ROLE {} LOGIN", quote_name(user)),
                    );
                }
                for route in login["routes"].as_array().unwrap() {
                    let host = route["route"].as_str().filter(|route| *route != "socket");
                    let answer = start(cluster, host, database, user, false);
                    let mapped = maps
                        .lines()
                        .any(|line| line == format!("\"dbgen\" \"{me}\" {}", quote_name(user)));
                    let is_me = login["unixUser"] == json!(me);
                    let what = format!(
                        "PostgreSQL {}: {login}\n{route}\n{answer:?}\n{rules}\n{maps}",
                        cluster.major
                    );
                    assert!(is_as_said(route, is_me, mapped, &answer), "{what}");
                    answered.insert(format!("{} {}", route["verdict"], route["method"]));
                }
            }
        }
        eprintln!(
            "PostgreSQL {}: {} names, answers {answered:?}",
            cluster.major,
            there.len()
        );
    });
}

/// `is_me`: the verdict is about whoever runs the test; `mapped`: the map lets them in.
fn is_as_said(route: &Value, is_me: bool, mapped: bool, answer: &Answer) -> bool {
    let rule = route["rule"].as_str().unwrap_or_default();
    let method = route["method"].as_str().unwrap_or_default();
    match (route["verdict"].as_str().unwrap(), method) {
        ("undecided", _) => true,
        ("no-rule", _) => *answer == Answer::NoRule,
        ("refused", "reject") => *answer == Answer::Rejected,
        // The server sees whoever runs the test, not the declared Unix user.
        (_, "peer") if !is_me => match answer {
            Answer::Accepted => mapped && rule.ends_with("map=dbgen"),
            answer => matches!(answer, Answer::Failed(_)) && !mapped,
        },
        ("refused", _) => matches!(answer, Answer::Failed(_)),
        ("admitted", _) => *answer == Answer::Accepted,
        ("proof-needed", "scram-sha-256") => *answer == Answer::AsksScram,
        ("proof-needed", "password") => *answer == Answer::AsksClear,
        ("proof-needed", "md5") => matches!(answer, Answer::AsksMd5 | Answer::AsksScram),
        _ => false,
    }
}
