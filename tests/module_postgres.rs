//! What a rendered module gives to PostgreSQL, given to real servers: the lines of pg_hba.conf and pg_ident.conf, and
//! the programs of the unit `dbgen-provision`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/declarations.rs"]
mod declarations;
#[path = "support/nix.rs"]
mod nix;
#[path = "support/run.rs"]
mod run;
mod support;
#[path = "support/unit.rs"]
mod unit;
#[path = "support/units.rs"]
mod units;

use std::collections::BTreeSet;

use declarations::{Declarations, Dice, NAMES};
use nix::{Configuration, Evaluator};
use run::Folder;
use serde_json::{Value, json};
use support::postgres::{Cluster, each_server};
use support::startup::{Answer, start};
use unit::Unit;

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

/// A host with this server and what dbgen renders from the declarations.
fn host(evaluator: &Evaluator, cluster: &Cluster, declared: &str) -> Unit {
    let seen = Folder::with(&[("app.json", declared)]).run(&["render", "app.json"]);
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    Unit::new(evaluator, &seen.out, cluster)
}

/// The lines of a run that succeeds.
fn run_unit(unit: &Unit, mode: &str) -> Vec<String> {
    let seen = unit.run(mode);
    assert_eq!((seen.status, &*seen.err), (Some(0), ""), "{}", seen.out);
    seen.out.lines().map(str::to_owned).collect()
}

/// Everything that says whether the catalog of parameters was written to.
fn state(cluster: &Cluster) -> String {
    cluster.sql("postgres", "SELECT pg_current_wal_insert_lsn(); SELECT setdatabase, xmin, ctid, setconfig FROM pg_db_role_setting ORDER BY 1, 2::text")
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
    each_server(test, |listening| {
        let cluster = &Cluster::start(&installation(listening.major), QUIET);
        let unit = host(&evaluator, cluster, &declared);
        assert!(!run_unit(&unit, "apply").is_empty());
        let wrong = |when: &str| {
            for name in NAMES {
                let checks: Vec<String> = parameters(name)
                    .into_iter()
                    .map(|(parameter, _, wanted)| format!("SELECT '{parameter}', current_setting('{parameter}') WHERE current_setting('{parameter}') IS DISTINCT FROM {wanted};"))
                    .collect();
                let different = cluster.sql(name, &checks.join("\n"));
                assert_eq!(
                    different, "",
                    "PostgreSQL {}, {name}, {when}",
                    cluster.major
                );
            }
        };
        wrong("once");

        let before = state(cluster);
        assert_eq!(
            run_unit(&unit, "apply"),
            [""; 0],
            "PostgreSQL {}",
            cluster.major
        );
        assert_eq!(
            run_unit(&unit, "plan"),
            [""; 0],
            "PostgreSQL {}",
            cluster.major
        );
        assert_eq!(state(cluster), before, "PostgreSQL {}", cluster.major);

        // What was changed by hand is put right.
        cluster.sql(
            "postgres",
            "ALTER DATABASE \"bob's\" SET work_mem = '1MB'; ALTER DATABASE \"plain\" RESET ALL; DROP DATABASE \"all\"",
        );
        let planned = run_unit(&unit, "plan");
        assert!(!planned.is_empty());
        assert!(!run_unit(&unit, "apply").is_empty());
        wrong("put right");
        assert_eq!(
            run_unit(&unit, "apply"),
            [""; 0],
            "PostgreSQL {}",
            cluster.major
        );
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
    each_server(test, |cluster| {
        let unit = host(&evaluator, cluster, &declared);
        run_unit(&unit, "apply");
        for (name, _, shown) in &forms {
            assert_eq!(cluster.sql(name, "SHOW search_path"), *shown);
        }
        assert_eq!(run_unit(&unit, "apply"), [""; 0]);
    });
}

#[test]
fn a_value_that_the_server_refuses_fails_the_unit_which_says_so_in_its_metrics() {
    let test = "a_value_that_the_server_refuses_fails_the_unit_which_says_so_in_its_metrics";
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    // Only the server knows the time zones.
    let declared = json!({ "services": { "s": { "databases": [
        { "type": "postgresql", "name": "a", "user": "s", "extraConfig": { "TimeZone": "Europe/Berln" } },
        { "type": "postgresql", "name": "b", "user": "s", "schemas": ["app"] },
    ] } } });
    each_server(test, |cluster| {
        let unit = host(&evaluator, cluster, &declared.to_string());
        let seen = unit.run("apply");
        assert_eq!(seen.status, Some(3), "{}{}", seen.out, seen.err);
        assert!(
            seen.out.contains("Europe/Berln"),
            "{}{}",
            seen.out,
            seen.err
        );
        assert_eq!(unit.metric("dbgen_run_success"), Some(0.0));
        // The other database has what is declared for it.
        assert_eq!(cluster.sql("b", "SELECT to_regnamespace('app')"), "app");
    });
}

/// Names of roles and passwords, as hostile as they may be.
fn logins() -> Vec<(String, Value)> {
    let names = NAMES.iter().enumerate().map(|(nr, name)| {
        let source = match nr % 2 {
            0 => json!({ "generate": true }),
            _ => json!({ "file": format!("/run/secrets/{nr}") }),
        };
        let prefix = ["r", ""][usize::from(nr % 3 == 0)];
        (format!("{prefix}{name}"), source)
    });
    let is_fine = |name: &str| name.len() <= 63 && !matches!(name, "postgres" | "public" | "none");
    names.filter(|(name, _)| is_fine(name)).collect()
}

#[test]
fn every_role_logs_in_with_the_password_that_the_unit_was_given_or_made() {
    let test = "every_role_logs_in_with_the_password_that_the_unit_was_given_or_made";
    let Some(evaluator) = nix::evaluator(test) else {
        return;
    };
    let logins = logins();
    let roles: Vec<Value> = logins
        .iter()
        .map(|(name, source)| json!({ "name": name, "login": true, "password": source }))
        .collect();
    let declared = json!({ "services": { "app": {
        "databases": [{ "type": "postgresql", "name": "app", "user": "app" }],
        "roles": roles,
    } } });
    each_server(test, |cluster| {
        let unit = host(&evaluator, cluster, &declared.to_string());
        let secret =
            |credential: &str| format!("it's \\ {credential} \"; DROP TABLE x; -- $$ ${{x}} é ");
        for credential in unit.credentials() {
            unit.give(&credential, secret(&credential).as_bytes());
        }
        assert!(!run_unit(&unit, "apply").is_empty());
        assert_eq!(
            run_unit(&unit, "apply"),
            [""; 0],
            "PostgreSQL {}",
            cluster.major
        );
        cluster.write(
            "pg_hba.conf",
            "local all postgres trust\nhost all all all scram-sha-256\n",
        );
        cluster.reload();
        let may_enter = |role: &str, password: &str| {
            let mut psql = cluster.client(
                &["-XAtqw", "-c", "SELECT 1"],
                "postgres",
                role,
                Some("127.0.0.1"),
            );
            let output = psql.env("PGPASSWORD", password).output().unwrap();
            output.status.success()
        };
        let desired: Vec<String> = unit.program().lines().map(str::to_owned).collect();
        for (role, source) in &logins {
            let password = if source.get("generate").is_some() {
                let file = percent_encoding::utf8_percent_encode(role, FILE_NAME).to_string();
                std::fs::read_to_string(unit.path("state/passwords").join(file)).unwrap()
            } else {
                // The credential is named in the role's line of the program.
                let named = format!("{{\"name\": {},", json!(role)).replace('\'', "''");
                // The literal doubles each backslash of the document.
                let is_its = |line: &&String| line.replace("\\\\", "\\").contains(&named);
                let line = desired
                    .iter()
                    .find(is_its)
                    .unwrap_or_else(|| panic!("{named}"));
                let (_, path) = line.split_once("/secrets/").unwrap();
                secret(path.split('"').next().unwrap())
            };
            assert!(
                may_enter(role, &password),
                "PostgreSQL {}, {role}",
                cluster.major
            );
            assert!(
                !may_enter(role, "another"),
                "PostgreSQL {}, {role}",
                cluster.major
            );
        }
    });
}

/// What a file name has as it is.
const FILE_NAME: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_');

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

/// A module that declares the secrets of agenix that the module names.
fn secrets(module: &str) -> String {
    let names = module.lines().filter_map(|line| {
        let path = line.trim().strip_prefix("config.")?;
        (path.starts_with("age.secrets.") && path.ends_with(".file"))
            .then(|| format!("{path} = \"/encrypted\";"))
    });
    format!("{{ {} }}", names.collect::<Vec<_>>().join("\n"))
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
        let secrets: Vec<String> = judged.iter().map(|(module, _)| secrets(module)).collect();
        let modules: Vec<[&str; 2]> = judged
            .iter()
            .zip(&secrets)
            .map(|((module, _), secrets)| [module.as_str(), secrets])
            .collect();
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
        // Nothing here answers the server's question.
        ("proof-needed", "ident") => matches!(answer, Answer::Failed(_)),
        ("proof-needed", "md5") => matches!(answer, Answer::AsksMd5 | Answer::AsksScram),
        _ => false,
    }
}
