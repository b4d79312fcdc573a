//! `dbgen sql`, `dbgen plan` and `dbgen apply` on real servers: what they print, how they end, what is missing and what fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/run.rs"]
mod run;
mod support;

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use run::{DBGEN, Folder, Seen, seen};
use serde_json::Value;
use support::postgres::{Cluster, Installation, each_server, newest};

const IMMICH: &str = r#"
[[services.immich.databases]]
type = "postgresql"
name = "immich"
user = "immich"
extraConfig = { work_mem = "64MB" }
"#;

/// dbgen in this folder, for this server and this role, with nothing else of the caller's environment for libpq.
fn dbgen(folder: &Folder, cluster: &Cluster, user: &str, arguments: &[&str]) -> Command {
    let mut command = alone(folder, arguments);
    command
        .env("PGHOST", &cluster.socket)
        .env("PGPORT", cluster.port.to_string())
        .env("PGUSER", user);
    command
}

/// dbgen without any environment for libpq.
fn alone(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = folder.command(DBGEN);
    command.args(arguments);
    run::without_libpq(&mut command);
    command
        .env("PGPASSFILE", "/nonexistent")
        .env("PGCONNECT_TIMEOUT", "10");
    command
}

fn as_superuser(folder: &Folder, cluster: &Cluster, arguments: &[&str]) -> Seen {
    seen(&mut dbgen(folder, cluster, "postgres", arguments), b"")
}

fn declared(text: &str) -> Folder {
    Folder::with(&[("declared.toml", text)])
}

/// The newest server, for what does not depend on the version.
fn one_server(test: &str) -> Option<Cluster> {
    newest(test).map(|installation: Installation| Cluster::start_tcp(&installation, &[]))
}

#[track_caller]
fn ended(seen: &Seen, status: i32) {
    assert_eq!(
        seen.status,
        Some(status),
        "out:\n{}\nerr:\n{}",
        seen.out,
        seen.err
    );
}

#[test]
fn a_plan_is_what_apply_does_and_then_it_is_empty() {
    each_server(
        "a_plan_is_what_apply_does_and_then_it_is_empty",
        |cluster| {
            let folder = declared(IMMICH);
            let run = |arguments: &[&str]| as_superuser(&folder, cluster, arguments);
            let plan = run(&["plan", "declared.toml"]);
            ended(&plan, 1);
            assert_eq!(plan.err, "");
            for part in [
                "roles\n  change   CREATE ROLE immich LOGIN\n",
                "\ndatabases\n",
                "\ndatabase immich\n",
            ] {
                assert!(plan.out.contains(part), "{}", plan.out);
            }
            assert!(plan.out.ends_with("changes (1 database)\n"), "{}", plan.out);
            let statements = |text: &str, words: &[&str]| -> Vec<String> {
                let lines = text.lines().filter_map(|line| {
                    let (word, rest) = line.trim_start().split_once(' ')?;
                    words.contains(&word).then(|| rest.trim().to_owned())
                });
                lines.collect()
            };
            assert_eq!(
                cluster.sql(
                    "postgres",
                    "SELECT count(*) FROM pg_database WHERE datname = 'immich'"
                ),
                "0"
            );

            let apply = run(&["apply", "declared.toml"]);
            ended(&apply, 0);
            assert_eq!(apply.err, "");
            assert_eq!(
                statements(&plan.out, &["change"]),
                statements(&apply.out, &["run", "done"])
            );
            for mode in ["plan", "apply"] {
                let again = run(&[mode, "declared.toml"]);
                ended(&again, 0);
                assert_eq!(again.out, "nothing to do (1 database)\n");
            }
        },
    );
}

#[test]
fn the_plan_as_sql_makes_the_server_what_is_declared() {
    each_server(
        "the_plan_as_sql_makes_the_server_what_is_declared",
        |cluster| {
            let folder = declared(&IMMICH.replace("\"immich\"", "\"Im \\\"mich's \\\\ :x\""));
            let plan = as_superuser(
                &folder,
                cluster,
                &["plan", "declared.toml", "--format", "sql"],
            );
            ended(&plan, 1);
            assert!(plan.out.contains("\n-- roles\nBEGIN;\n-- "), "{}", plan.out);
            cluster.sql("postgres", &plan.out);
            let again = as_superuser(
                &folder,
                cluster,
                &["plan", "declared.toml", "--format", "sql"],
            );
            ended(&again, 0);
            assert!(
                again.out.lines().all(|line| line.starts_with("--")),
                "{}",
                again.out
            );
        },
    );
}

#[test]
fn a_hook_in_the_plan_as_sql_is_for_the_server_alone() {
    each_server(
        "a_hook_in_the_plan_as_sql_is_for_the_server_alone",
        |cluster| {
            let hook = r#"CREATE TABLE public.a (b text, c int); -- it's :HOME; $sql$
INSERT INTO public.a VALUES ('it''s; \! :x', '1'::int), ($x$\q $y$ $x$, 2) /* '"$ */;
CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $body$ SELECT ':x; $dbgen$'::text $body$"#;
            let declaration = |hook: &str, name: &str| {
                let sql = toml::Value::String(hook.to_owned());
                let text = format!(
                    "{IMMICH}schemas = [\"public\"]\n\
                     hooks = {{ after = [{{ unless = \"SELECT to_regclass('public.a') IS NOT NULL\", sql = @ }}] }}\n"
                );
                text.replace("immich", name).replace('@', &sql.to_string())
            };
            let folder = declared(&declaration(hook, "immich"));
            let plan = ["plan", "declared.toml", "--format", "sql"];
            let printed = as_superuser(&folder, cluster, &plan);
            ended(&printed, 1);
            cluster.sql("postgres", &printed.out);
            assert_eq!(
                cluster.sql(
                    "immich",
                    "SELECT string_agg(b, ' ' ORDER BY c) || public.f() FROM public.a"
                ),
                "it's; \\! :x \\q $y$ :x; $dbgen$"
            );
            // What the hook made is looked at in the next round.
            cluster.sql("postgres", &as_superuser(&folder, cluster, &plan).out);
            ended(&as_superuser(&folder, cluster, &plan), 0);

            // What is no SQL is an error of the server's: no command for psql, and no end of the rest.
            let touched = folder.path("touched");
            for (at, hook) in [
                "\\! touch @",
                "SELECT 1 \\! touch @",
                "SELECT 'open",
                "SELECT (1",
                "SELECT :x",
            ]
            .iter()
            .enumerate()
            {
                let hook = hook.replace('@', &touched.display().to_string());
                folder.write("declared.toml", &declaration(&hook, &format!("bad{at}")));
                let printed = as_superuser(&folder, cluster, &plan);
                ended(&printed, 1);
                folder.write("plan.sql", &printed.out);
                let mut psql = Command::new(&cluster.psql);
                psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "x=1"]);
                psql.args(["-U", "postgres", "-d", "postgres", "-f"]);
                psql.arg(folder.path("plan.sql"));
                psql.env("PGHOST", &cluster.socket)
                    .env("PGPORT", cluster.port.to_string());
                let run = seen(&mut psql, b"");
                assert_eq!(run.status, Some(3), "{hook}: {}", run.err);
                let said = ["syntax error", "unterminated"];
                assert!(
                    said.iter().any(|said| run.err.contains(said)),
                    "{}",
                    run.err
                );
                assert!(!touched.exists(), "{hook}");
            }
        },
    );
}

#[test]
fn the_plan_as_json_has_every_field() {
    let Some(cluster) = one_server("the_plan_as_json_has_every_field") else {
        return;
    };
    cluster.sql("postgres", "CREATE ROLE other");
    let folder = declared(IMMICH);
    let run = |arguments: &[&str]| -> (Value, Option<i32>) {
        let seen = as_superuser(&folder, &cluster, arguments);
        (serde_json::from_str(&seen.out).unwrap(), seen.status)
    };
    let (plan, status) = run(&["plan", "declared.toml", "--format", "json"]);
    assert_eq!(status, Some(1));
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(keys(&plan), "failed mode scopes summary version");
    assert_eq!(
        (&plan["version"], &plan["mode"]),
        (&1.into(), &"plan".into())
    );
    let names: Vec<_> = plan["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| (&scope["scope"], &scope["database"]))
        .collect();
    assert_eq!(
        names,
        [
            (&"roles".into(), &Value::Null),
            (&"databases".into(), &Value::Null),
            (&"contents".into(), &"immich".into())
        ]
    );
    let steps: Vec<&Value> = plan["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|scope| scope["steps"].as_array().unwrap())
        .collect();
    for step in &steps {
        assert_eq!(keys(step), "kind object password sql why");
    }
    let of = |kind: &str| steps.iter().filter(|step| step["kind"] == kind).count();
    for kind in ["change", "blocked", "pending", "found"] {
        assert_eq!(plan["summary"][kind], of(kind), "{kind}");
    }
    assert_eq!(of("found"), 1);

    let (applied, status) = run(&["apply", "declared.toml", "--format", "json"]);
    assert_eq!((status, &applied["mode"]), (Some(0), &"apply".into()));
    assert_eq!(applied["summary"]["change"], plan["summary"]["change"]);
}

#[test]
fn the_printed_program_is_for_psql_alone() {
    each_server("the_printed_program_is_for_psql_alone", |cluster| {
        let folder = declared(IMMICH);
        let sql = folder.run(&["sql", "declared.toml"]);
        ended(&sql, 0);
        assert_eq!(sql.err, "");
        let psql = |arguments: &[&str]| {
            seen(
                &mut cluster.client(arguments, "postgres", "postgres", None),
                sql.out.as_bytes(),
            )
        };
        let plan = psql(&["-X", "-v", "mode=plan"]);
        ended(&plan, 0);
        assert!(
            plan.out.contains("CREATE DATABASE immich OWNER immich"),
            "{}",
            plan.out
        );
        let apply = psql(&["-X"]);
        ended(&apply, 0);
        assert_eq!(
            as_superuser(&folder, cluster, &["plan", "declared.toml"]).status,
            Some(0)
        );
    });
}

#[test]
fn the_printed_program_goes_to_a_file_and_an_equal_file_is_left_alone() {
    let folder = declared(IMMICH);
    let first = folder.run(&["sql", "declared.toml", "-o", "provision.sql"]);
    ended(&first, 0);
    assert_eq!(
        (first.out.as_str(), first.err.as_str()),
        ("", "dbgen: wrote `provision.sql`\n")
    );
    assert_eq!(
        folder.read("provision.sql"),
        folder.run(&["sql", "declared.toml", "-o", "-"]).out
    );
    let second = folder.run(&["sql", "declared.toml", "-o", "provision.sql"]);
    assert_eq!((second.status, second.err.as_str()), (Some(0), ""));
}

#[test]
fn passwords_are_put_right_and_no_secret_is_an_argument_or_in_the_environment() {
    each_server(
        "passwords_are_put_right_and_no_secret_is_an_argument_or_in_the_environment",
        |cluster| {
            cluster.sql("postgres", "ALTER SYSTEM SET log_statement = 'all'; ALTER SYSTEM SET log_min_error_statement = 'debug5'");
            cluster.reload();
            let folder = Folder::new();
            let secret = folder.path("secret");
            folder.write("secret", "hun'ter\\2\n");
            let sops = "[[services.immich.roles]]\nname = \"other\"\nlogin = true\npassword = { sops = \"other\" }\n";
            let text = format!(
                "{IMMICH}password = {{ file = \"{}\" }}\n{sops}",
                secret.display()
            );
            folder.write("declared.toml", &text);
            folder.write(
                "psql",
                "#!/bin/sh\n{ printf '%s\\n' \"$@\"; env; } >> seen\nexec psql \"$@\"\n",
            );
            fs::set_permissions(folder.path("psql"), fs::Permissions::from_mode(0o755)).unwrap();
            let run = |arguments: &[&str]| {
                let all = [arguments, &["declared.toml", "--psql", "./psql"]].concat();
                as_superuser(&folder, cluster, &all)
            };
            let login = |role: &str, password: &str| -> bool {
                let hba = cluster.data.join("pg_hba.conf");
                let before = fs::read_to_string(&hba).unwrap();
                cluster.write(
                    "pg_hba.conf",
                    "local all postgres trust\nlocal all all scram-sha-256\n",
                );
                cluster.reload();
                let mut psql = cluster.client(&["-XAtc", "SELECT 1"], "postgres", role, None);
                let status = psql.env("PGPASSWORD", password).output().unwrap().status;
                cluster.write("pg_hba.conf", &before);
                cluster.reload();
                status.success()
            };
            let stored = || {
                cluster.sql(
                    "postgres",
                    "SELECT rolpassword FROM pg_authid WHERE rolname = 'immich'",
                )
            };

            let first = run(&["apply"]);
            ended(&first, 0);
            assert!(
                first
                    .err
                    .contains("the password of `other` is left as it is: sops-nix has it"),
                "{}",
                first.err
            );
            assert!(
                first
                    .out
                    .contains("ALTER ROLE immich PASSWORD '<SCRAM verifier>'"),
                "{}",
                first.out
            );
            assert!(login("immich", "hun'ter\\2"));
            let before = stored();
            ended(&run(&["apply"]), 0);
            assert_eq!(stored(), before);

            folder.write("secret", "ro:tated");
            let plan = run(&["plan", "--format", "json"]);
            ended(&plan, 1);
            assert!(
                plan.out.contains("\"password\": \"immich\""),
                "{}",
                plan.out
            );
            ended(&run(&["plan", "--without-passwords"]), 0);
            ended(
                &run(&[
                    "apply",
                    "--password-file",
                    &format!("other={}", secret.display()),
                ]),
                0,
            );
            assert!(login("immich", "ro:tated") && login("other", "ro:tated"));

            let log = fs::read_to_string(cluster.socket.join("log")).unwrap();
            let seen = folder.read("seen");
            assert!(seen.contains("mode=apply") && log.contains("ALTER ROLE"));
            for (name, text) in [
                ("psql's arguments and environment", &seen),
                ("the server's log", &log),
            ] {
                for secret in ["hun'ter", "hun''ter", "ro:tated"] {
                    assert!(!text.contains(secret), "{secret} in {name}");
                }
            }
            assert!(!seen.contains("SCRAM-SHA-256$"));
            for text in [&first.out, &first.err, &plan.out] {
                assert!(!text.contains("SCRAM-SHA-256$"), "{text}");
            }
        },
    );
}

#[test]
fn a_password_that_can_not_be_read_is_told() {
    let Some(cluster) = one_server("a_password_that_can_not_be_read_is_told") else {
        return;
    };
    let folder = declared(&format!(
        "{IMMICH}password = {{ file = \"/nonexistent/secret\" }}\n"
    ));
    folder.write("nul", "a\0b");
    let run = |arguments: &[&str]| {
        as_superuser(
            &folder,
            &cluster,
            &[&["plan", "declared.toml"], arguments].concat(),
        )
    };
    let left_out = run(&[]);
    ended(&left_out, 1);
    assert!(
        left_out.err.contains(
            "note: the password of `immich` is left as it is: can't read `/nonexistent/secret`"
        ),
        "{}",
        left_out.err
    );
    for (file, why) in [
        (
            "immich=missing",
            "can't read the password of `immich` from `missing`",
        ),
        (
            "immich=nul",
            "the password of `immich` in `nul` can't be used",
        ),
        ("nobody=nul", "no password is declared for such a role"),
        ("nul", "it is not of the form ROLE=FILE"),
    ] {
        let seen = run(&["--password-file", file]);
        ended(&seen, 2);
        assert!(seen.err.contains(why), "{}", seen.err);
    }
    // What is left out is what was asked for: apply goes on without it, and says so.
    let applied = as_superuser(&folder, &cluster, &["apply", "declared.toml"]);
    ended(&applied, 0);
    assert!(applied.err.contains("is left as it is"), "{}", applied.err);
}

#[test]
fn what_could_not_run_ends_with_2_and_says_why() {
    let folder = declared(IMMICH);
    let cases: [(&[&str], &[&str]); 6] = [
        (
            &["--psql", "/nonexistent/psql"],
            &["can't find `/nonexistent/psql`", "--psql PATH"],
        ),
        (
            &["--connect", "host=/nonexistent"],
            &["/nonexistent/.s.PGSQL", "no connection to the server"],
        ),
        (
            &["--connect", "host=/nonexistent nonsense=1"],
            &["invalid connection option \"nonsense\""],
        ),
        (
            &["--connect", "host=db password=hunter2"],
            &[
                "holds a secret (`password`)",
                ".pgpass",
                "PGPASSFILE",
                "PGSERVICE",
            ],
        ),
        (
            &["--connect", "postgresql://me:hunter2@db/x"],
            &["holds a secret (`password`)"],
        ),
        (&["--connect", "host=db hunter2"], &["can't be read"]),
    ];
    for mode in ["plan", "apply"] {
        for (arguments, told) in cases {
            let seen = seen(
                &mut alone(&folder, &[&[mode, "declared.toml"], arguments].concat()),
                b"",
            );
            ended(&seen, 2);
            assert_eq!(seen.out, "");
            for part in told {
                assert!(seen.err.contains(part), "{part}\n{}", seen.err);
            }
            assert!(!seen.err.contains("hunter2"), "{}", seen.err);
            assert!(
                seen.err.lines().all(|line| line.starts_with("dbgen: ")),
                "{}",
                seen.err
            );
        }
        let mut no_path = alone(&folder, &[mode, "declared.toml"]);
        let missing = seen(no_path.env("PATH", "/nonexistent"), b"");
        ended(&missing, 2);
        assert!(
            missing
                .err
                .contains("can't find `psql`: install PostgreSQL's client"),
            "{}",
            missing.err
        );
    }
    folder.write("wrong.toml", &IMMICH.replace("postgresql", "postgres"));
    for mode in ["plan", "apply"] {
        let wrong = seen(&mut alone(&folder, &[mode, "wrong.toml"]), b"");
        ended(&wrong, 2);
        assert!(
            wrong.err.contains("error[") && wrong.err.contains("the declarations have errors"),
            "{}",
            wrong.err
        );
    }
}

#[test]
fn where_nothing_says_a_host_it_is_the_declared_socket() {
    let Some(cluster) = one_server("where_nothing_says_a_host_it_is_the_declared_socket") else {
        return;
    };
    let folder = Folder::new();
    let socket = cluster.socket.display();
    let port = cluster.port;
    let text = format!("{IMMICH}port = {port}\n");
    folder.write("services/immich.toml", &text);
    let project = format!(
        "[project]\ninclude = [\"services/*.toml\"]\n[instances.main]\nsocketDirectory = \"{socket}\"\n"
    );
    folder.write("dbgen.toml", &project);
    let planned = |command: &mut Command, status: i32| {
        let seen = seen(command, b"");
        ended(&seen, status);
        seen.err
    };
    planned(alone(&folder, &["plan"]).env("PGUSER", "postgres"), 1);
    planned(
        &mut alone(&folder, &["plan", "--connect", "user=postgres"]),
        1,
    );
    planned(
        &mut alone(
            &folder,
            &["plan", "--connect", "postgresql://postgres@/template1"],
        ),
        1,
    );
    planned(
        &mut alone(
            &folder,
            &[
                "plan",
                "--connect",
                &format!("postgresql://postgres@127.0.0.1:{port}"),
            ],
        ),
        1,
    );
    let err = planned(alone(&folder, &["plan"]).env("PGHOST", "/nonexistent"), 2);
    assert!(err.contains("/nonexistent/.s.PGSQL"), "{err}");
    folder.write(
        "pg_service.conf",
        &format!("[here]\nhost={socket}\nport={port}\nuser=postgres\n"),
    );
    folder.write("services/immich.toml", IMMICH);
    folder.write(
        "dbgen.toml",
        &project.replace(&socket.to_string(), "/nonexistent"),
    );
    planned(
        alone(&folder, &["plan"])
            .env("PGSERVICE", "here")
            .env("PGSERVICEFILE", "pg_service.conf"),
        1,
    );
    planned(
        alone(&folder, &["plan", "--connect", "service=here"])
            .env("PGSERVICEFILE", "pg_service.conf"),
        1,
    );
    let err = planned(alone(&folder, &["plan"]).env("PGUSER", "postgres"), 2);
    assert!(
        err.contains(
            "as nothing says a host, the declared socket directory `/nonexistent` was tried"
        ),
        "{err}"
    );
}

#[test]
fn without_superuser_all_that_is_missing_is_told_before_anything_is_changed() {
    each_server(
        "without_superuser_all_that_is_missing_is_told_before_anything_is_changed",
        |cluster| {
            cluster.sql(
            "postgres",
            "CREATE ROLE app LOGIN; CREATE ROLE theirs; CREATE DATABASE kept OWNER theirs; CREATE ROLE reader",
        );
            cluster.sql(
                "kept",
                "CREATE TABLE a (b integer); CREATE TABLE c (d integer); GRANT SELECT ON c TO app",
            );
            let folder = declared(
                r#"
[[services.s.roles]]
name = "reader"
[[services.s.databases]]
type = "postgresql"
name = "kept"
user = "theirs"
connectionLimit = 7
grants = [ { role = "reader", on = { table = ["public.a", "public.c"] }, privileges = ["SELECT"] } ]
[[services.s.databases]]
type = "postgresql"
name = "fresh"
user = "fresh"
"#,
            );
            let run =
                |arguments: &[&str]| seen(&mut dbgen(&folder, cluster, "app", arguments), b"");
            ended(&run(&["plan", "declared.toml"]), 1);
            let state = "SELECT json_build_array((SELECT json_agg(r ORDER BY oid) FROM pg_roles r), (SELECT json_agg(d ORDER BY oid) FROM pg_database d))";
            let before = cluster.sql("postgres", state);
            let refused = run(&["apply", "declared.toml"]);
            ended(&refused, 2);
            assert_eq!(refused.out, "");
            for part in [
                "`app` is no superuser",
                "CREATEROLE (",
                "CREATE ROLE fresh LOGIN",
                "CREATEDB\n",
                "CREATE DATABASE fresh OWNER fresh",
                "ALTER DATABASE kept CONNECTION LIMIT 7",
                "must be owner of database kept",
                "in database kept: permission denied for table a",
                "nothing was changed",
            ] {
                assert!(refused.err.contains(part), "{part}\n{}", refused.err);
            }
            assert_eq!(cluster.sql("postgres", state), before);
            assert_eq!(
                cluster.sql(
                    "kept",
                    "SELECT has_table_privilege('reader', 'a', 'SELECT')"
                ),
                "f"
            );
        },
    );
}

#[test]
fn who_may_not_make_the_owner_an_owner_is_told_before_anything_is_changed() {
    each_server(
        "who_may_not_make_the_owner_an_owner_is_told_before_anything_is_changed",
        |cluster| {
            cluster.sql(
                "postgres",
                "CREATE ROLE maker LOGIN CREATEDB CREATEROLE; CREATE ROLE there",
            );
            for owner in ["fresh", "there"] {
                let folder = declared(&format!(
                    "[[services.s.databases]]\ntype = \"postgresql\"\nname = \"{owner}\"\nuser = \"{owner}\"\n"
                ));
                let run = || {
                    let arguments = ["apply", "declared.toml"];
                    seen(&mut dbgen(&folder, cluster, "maker", &arguments), b"")
                };
                let state = "SELECT json_build_array((SELECT json_agg(r ORDER BY oid) FROM pg_roles r), (SELECT json_agg(d ORDER BY oid) FROM pg_database d))";
                let before = cluster.sql("postgres", state);
                let refused = run();
                ended(&refused, 2);
                let right = match cluster.major {
                    ..16 => format!("must be member of role \"{owner}\""),
                    _ => format!("must be able to SET ROLE \"{owner}\""),
                };
                for part in [
                    right.as_str(),
                    &format!("CREATE DATABASE {owner} OWNER {owner}"),
                    "nothing was changed",
                ] {
                    assert!(refused.err.contains(part), "{part}\n{}", refused.err);
                }
                assert_eq!(cluster.sql("postgres", state), before);
                if cluster.major >= 16 && owner == "fresh" {
                    cluster.sql(
                        "postgres",
                        "ALTER ROLE maker SET createrole_self_grant = 'set, inherit'",
                    );
                    run();
                    let there = "SELECT count(*) FROM pg_database WHERE datname = 'fresh'";
                    assert_eq!(cluster.sql("postgres", there), "1");
                    cluster.sql("postgres", "ALTER ROLE maker RESET createrole_self_grant");
                }
            }
        },
    );
}

#[test]
fn a_database_that_can_not_be_entered_is_told_with_the_reason() {
    each_server(
        "a_database_that_can_not_be_entered_is_told_with_the_reason",
        |cluster| {
            let folder = declared(IMMICH);
            ended(
                &as_superuser(&folder, cluster, &["apply", "declared.toml"]),
                0,
            );
            cluster.sql("postgres", "CREATE ROLE looker LOGIN");
            let plan = || {
                let arguments = ["plan", "declared.toml"];
                seen(&mut dbgen(&folder, cluster, "looker", &arguments), b"")
            };
            let seen = plan();
            ended(&seen, 2);
            let why = "the database `immich` could not be looked at: permission denied: the role looker has no CONNECT on it\n";
            assert!(seen.err.contains(why), "{}", seen.err);
            assert!(!seen.err.contains("as declared:"), "{}", seen.err);
            assert!(
                seen.out.contains("not done: database immich"),
                "{}",
                seen.out
            );
            cluster.sql("postgres", "ALTER DATABASE immich ALLOW_CONNECTIONS false");
            let seen = plan();
            ended(&seen, 2);
            assert!(seen.err.contains("it takes no connections"), "{}", seen.err);
        },
    );
}

#[test]
fn another_version_than_the_declared_one_is_noted() {
    let Some(cluster) = one_server("another_version_than_the_declared_one_is_noted") else {
        return;
    };
    let other = if cluster.major == 14 { 15 } else { 14 };
    for (version, noted) in [(other, true), (cluster.major, false)] {
        let folder = declared(&format!("{IMMICH}[instances.main]\nversion = {version}\n"));
        for (command, status) in [("plan", 1), ("verify", 1)] {
            let seen = as_superuser(&folder, &cluster, &[command, "declared.toml"]);
            ended(&seen, status);
            let words = format!(
                "the server is PostgreSQL {}, and version {version} is declared",
                cluster.major
            );
            let told = seen.out + &seen.err;
            assert_eq!(told.contains(&words), noted, "{command}: {told}");
        }
    }
}

#[test]
fn without_superuser_what_is_not_refused_is_done() {
    each_server("without_superuser_what_is_not_refused_is_done", |cluster| {
        cluster.sql(
            "postgres",
            "CREATE ROLE app LOGIN; CREATE ROLE reader; CREATE DATABASE kept OWNER app",
        );
        cluster.sql(
            "kept",
            "ALTER SCHEMA public OWNER TO app; CREATE TABLE a (b integer); ALTER TABLE a OWNER TO app; CREATE TABLE c (d integer)",
        );
        let text = |table: &str| {
            format!(
                "[[services.s.roles]]\nname = \"reader\"\n[[services.s.databases]]\ntype = \"postgresql\"\nname = \"kept\"\nuser = \"app\"\n\
                 public = \"keep\"\ngrants = [ {{ role = \"reader\", on = {{ table = \"public.{table}\" }}, privileges = [\"SELECT\"] }} ]\n"
            )
        };
        let folder = declared(&text("a"));
        let run = |arguments: &[&str]| seen(&mut dbgen(&folder, cluster, "app", arguments), b"");
        ended(&run(&["apply", "declared.toml"]), 0);
        assert_eq!(
            cluster.sql(
                "kept",
                "SELECT has_table_privilege('reader', 'a', 'SELECT')"
            ),
            "t"
        );
        ended(&run(&["apply", "declared.toml"]), 0);
        // With a privilege but no grant option the server only warns.
        cluster.sql("kept", "GRANT SELECT ON c TO app");
        folder.write("declared.toml", &text("c"));
        let refused = run(&["apply", "declared.toml"]);
        ended(&refused, 2);
        assert!(
            refused.err.contains("no privileges were granted for \"c\""),
            "{}",
            refused.err
        );
    });
}

#[test]
fn what_is_blocked_is_a_difference_and_the_rest_is_done() {
    let Some(cluster) = one_server("what_is_blocked_is_a_difference_and_the_rest_is_done") else {
        return;
    };
    cluster.sql(
        "postgres",
        "CREATE DATABASE immich ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    );
    let folder = declared(&format!("{IMMICH}encoding = \"UTF8\"\n"));
    let run = |arguments: &[&str]| as_superuser(&folder, &cluster, arguments);
    for mode in ["plan", "apply"] {
        let seen = run(&[mode, "declared.toml"]);
        ended(&seen, 1);
        assert!(
            seen.out.contains("  blocked  database immich: ") && seen.out.contains("1 blocked"),
            "{}",
            seen.out
        );
    }
    assert_eq!(
        cluster.sql(
            "postgres",
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'immich'"
        ),
        "immich"
    );
    let sql = run(&["plan", "declared.toml", "--format", "sql"]);
    assert!(
        sql.out.contains("\n-- blocked: database immich: "),
        "{}",
        sql.out
    );
}

#[test]
fn what_is_not_committed_is_not_told_as_done() {
    let Some(cluster) = one_server("what_is_not_committed_is_not_told_as_done") else {
        return;
    };
    cluster.sql("postgres", "CREATE DATABASE immich");
    let parent = "CREATE TABLE public.parent (a integer PRIMARY KEY)";
    let child = "CREATE TABLE public.child (a integer REFERENCES public.parent DEFERRABLE INITIALLY DEFERRED)";
    cluster.sql("immich", &format!("{parent}; {child}"));
    // COMMIT fails, after every statement has succeeded.
    let hook = "INSERT INTO public.child VALUES (1)";
    let hooks = format!(
        "hooks = {{ after = [{{ sql = \"{hook}\", unless = \"SELECT EXISTS (SELECT FROM public.child)\" }}] }}\n"
    );
    let folder = declared(&format!("{IMMICH}schemas = [\"app\"]\n{hooks}"));
    for format in ["human", "json"] {
        let arguments = ["apply", "declared.toml", "--format", format];
        let seen = as_superuser(&folder, &cluster, &arguments);
        ended(&seen, 1);
        assert!(!seen.out.contains("CREATE SCHEMA"), "{}", seen.out);
        let failed = match format {
            "human" => "database immich",
            _ => "\"failed\": [\n    {\n      \"scope\": \"contents\"",
        };
        assert!(seen.out.contains(failed), "{}", seen.out);
        assert!(seen.err.contains("foreign key constraint"), "{}", seen.err);
        let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'app'";
        assert_eq!(cluster.sql("immich", schemas), "0");
    }
}

#[test]
fn a_reader_that_leaves_early_changes_nothing() {
    let Some(cluster) = one_server("a_reader_that_leaves_early_changes_nothing") else {
        return;
    };
    let folder = declared(IMMICH);
    let status = |mode: &str| {
        let mut child = dbgen(&folder, &cluster, "postgres", &[mode, "declared.toml"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        output.status.code()
    };
    assert_eq!(status("plan"), Some(1));
    assert_eq!(status("apply"), Some(0));
    assert_eq!(status("plan"), Some(0));
}

#[test]
fn an_interrupt_ends_psql_and_rolls_back() {
    let Some(cluster) = one_server("an_interrupt_ends_psql_and_rolls_back") else {
        return;
    };
    cluster.sql(
        "postgres",
        "CREATE ROLE immich LOGIN; CREATE DATABASE immich OWNER immich",
    );
    cluster.sql(
        "immich",
        "CREATE SCHEMA app; CREATE TABLE public.a (); CREATE TABLE app.b ()",
    );
    let folder = declared(&format!(
        "{IMMICH}grants = [ {{ role = \"immich\", on = {{ table = [\"app.b\", \"public.a\"] }}, privileges = [\"SELECT\"] }} ]\n"
    ));
    for (signal, expected) in [("INT", 2), ("TERM", 15), ("HUP", 1), ("QUIT", 3)] {
        // Whoever holds a table's row in the catalog stops the GRANT.
        let mut holder = cluster.client(&["-XAtq"], "immich", "postgres", None);
        let mut holder = holder
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = holder.stdin.as_mut().unwrap();
        std::io::Write::write_all(stdin, b"BEGIN; ALTER TABLE public.a SET (fillfactor = 50); GRANT INSERT ON public.a TO PUBLIC;\n").unwrap();
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        let child = dbgen(&folder, &cluster, "postgres", &["apply", "declared.toml"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while cluster.sql("postgres", waits) == "0" {
            assert!(start.elapsed() < Duration::from_secs(20));
            thread::sleep(Duration::from_millis(20));
        }
        let killed = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(child.id().to_string())
            .status()
            .unwrap();
        assert!(killed.success());
        let output = child.wait_with_output().unwrap();
        let number = std::os::unix::process::ExitStatusExt::signal(&output.status);
        assert_eq!(number, Some(expected), "{output:?}");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(err.contains("interrupted: "), "{err}");
        assert!(start.elapsed() < Duration::from_secs(20));
        let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'psql' AND wait_event_type = 'Lock'";
        assert_eq!(cluster.sql("postgres", left), "0");
        drop(holder.stdin.take());
        holder.wait().unwrap();
        let granted =
            "SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b') AND relacl IS NOT NULL";
        assert_eq!(cluster.sql("immich", granted), "0");
    }
    ended(
        &as_superuser(&folder, &cluster, &["apply", "declared.toml"]),
        0,
    );
}

#[test]
fn a_terminal_is_asked_and_yes_is_the_only_consent() {
    let test = "a_terminal_is_asked_and_yes_is_the_only_consent";
    if !run::has("script", test) {
        return;
    }
    let Some(cluster) = one_server(test) else {
        return;
    };
    let folder = declared(IMMICH);
    let count = || {
        cluster.sql(
            "postgres",
            "SELECT count(*) FROM pg_roles WHERE rolname = 'immich'",
        )
    };
    let on_terminal = |line: &str, typed: &[u8]| {
        let mut script = folder.command("script");
        script
            .args(["-qec", line, "/dev/null"])
            .env("PGHOST", &cluster.socket)
            .env("PGPORT", cluster.port.to_string())
            .env("PGUSER", "postgres");
        seen(&mut script, typed)
    };
    for typed in ["n\n", "\n", "no\n"] {
        let refused = on_terminal("dbgen apply declared.toml", typed.as_bytes());
        ended(&refused, 2);
        for part in [
            "CREATE ROLE immich LOGIN",
            &format!(
                "changes on the server at `{}`, port {}, as `postgres`? [y/N]",
                cluster.socket.display(),
                cluster.port
            ),
            "nothing was changed",
        ] {
            assert!(refused.out.contains(part), "{}", refused.out);
        }
        assert_eq!(count(), "0");
    }
    ended(&on_terminal("dbgen apply declared.toml", b"y\n"), 0);
    assert_eq!(count(), "1");
    let nothing = on_terminal("dbgen apply declared.toml", b"");
    ended(&nothing, 0);
    assert!(!nothing.out.contains("[y/N]"), "{}", nothing.out);
    cluster.sql("postgres", "DROP DATABASE immich");
    let yes = on_terminal("dbgen apply --yes declared.toml", b"");
    ended(&yes, 0);
    assert!(!yes.out.contains("[y/N]"), "{}", yes.out);
}

/// A psql that is slow to say each line.
const SLOW: &str = "#!/bin/bash\nset -o pipefail\npsql \"$@\" | while IFS= read -r line; do sleep 0.2; printf '%s\\n' \"$line\"; done\n";

#[test]
fn a_terminal_is_told_what_is_looked_at_and_how_far_that_is() {
    let test = "a_terminal_is_told_what_is_looked_at_and_how_far_that_is";
    if !run::has("script", test) {
        return;
    }
    let Some(cluster) = one_server(test) else {
        return;
    };
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let declarations: String = names
        .iter()
        .map(|name| {
            format!("[[databases]]\ntype = \"postgresql\"\nname = \"{name}\"\nuser = \"app\"\n")
        })
        .collect();
    let folder = declared(&declarations);
    folder.write("slow", SLOW);
    folder.sh("chmod +x slow");
    let run = |program: &str, line: &str| {
        let mut command = folder.command(program);
        match program {
            "script" => command.args(["-qec", line, "/dev/null"]),
            _ => command.args(["-c", line]),
        };
        command
            .env("PGHOST", &cluster.socket)
            .env("PGPORT", cluster.port.to_string())
            .env("PGUSER", "postgres");
        seen(&mut command, b"")
    };
    let line = "dbgen plan --psql ./slow declared.toml";
    let shown = run("script", line);
    ended(&shown, 1);
    let place = format!(
        "dbgen: looking at `a`, `b`, `c`, `d`, `e` and 2 more databases on the server at `{}`, port {}, as `postgres`",
        cluster.socket.display(),
        cluster.port
    );
    assert!(shown.out.contains(&place), "{}", shown.out);
    assert!(shown.out.contains("dbgen: 9 of 9 parts"), "{}", shown.out);
    // The last of it is taken away before the plan is printed.
    let cleared = format!("\r{:19}\rroles", "");
    assert!(shown.out.contains(&cleared), "{:?}", shown.out);
    let elsewhere = run("sh", line);
    ended(&elsewhere, 1);
    assert_eq!(elsewhere.err, "");
    assert!(elsewhere.out.starts_with("roles\n"), "{}", elsewhere.out);

    let coloured = run(
        "sh",
        "unset NO_COLOR; dbgen plan --color always declared.toml",
    );
    assert!(
        coloured
            .out
            .contains("\x1b[32mchange  \x1b[0m CREATE ROLE app LOGIN"),
        "{:?}",
        coloured.out
    );
    let verified = run(
        "sh",
        "unset NO_COLOR; dbgen verify --color always declared.toml",
    );
    assert!(verified.out.contains("\x1b[91mno"), "{:?}", verified.out);
    for line in [
        "unset NO_COLOR; dbgen plan declared.toml",
        "dbgen plan --color always --format json declared.toml",
    ] {
        let seen = run("sh", line);
        ended(&seen, 1);
        assert!(!seen.out.contains('\x1b'), "{:?}", seen.out);
    }
}

/// As libpq is told: with encryption only, the server's certificate verified, and not with a certificate of somebody else.
#[test]
fn a_connection_over_tls_is_as_strict_as_libpq_is_told_to_be() {
    let test = "a_connection_over_tls_is_as_strict_as_libpq_is_told_to_be";
    if !run::has("openssl", test) {
        return;
    }
    let installations = support::postgres::installations();
    if installations.is_empty() {
        eprintln!("skipped: {test}: no PostgreSQL server is installed");
    }
    for installation in installations {
        let cluster = &Cluster::start_tcp(&installation, &[]);
        let folder = declared(IMMICH);
        for name in ["server", "stranger"] {
            let made = Command::new("openssl")
                .args(["req", "-new", "-x509", "-days", "2", "-nodes", "-subj"])
                .args(["/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
                .arg("-keyout")
                .arg(folder.path(&format!("{name}.key")))
                .arg("-out")
                .arg(folder.path(&format!("{name}.crt")))
                .output()
                .unwrap();
            assert!(made.status.success(), "{made:?}");
        }
        for (file, mode) in [("server.key", 0o600), ("server.crt", 0o644)] {
            cluster.write(file, &folder.read(file));
            let path = cluster.data.join(file);
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            support::postgres::hand_over(&path);
        }
        cluster.write(
            "pg_hba.conf",
            "local all all trust\nhostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n",
        );
        cluster.sql("postgres", "ALTER SYSTEM SET ssl = on");
        cluster.reload();
        let plan = |mode: &str, certificate: &str| {
            let connection = format!(
                "host=localhost port={} user=postgres dbname=postgres sslmode={mode} sslrootcert={}",
                cluster.port,
                folder.path(certificate).display()
            );
            seen(
                &mut alone(
                    &folder,
                    &["plan", "--connect", &connection, "declared.toml"],
                ),
                b"",
            )
        };
        ended(&plan("verify-full", "server.crt"), 1);
        let refused = plan("disable", "server.crt");
        ended(&refused, 2);
        assert!(refused.err.contains("no encryption"), "{}", refused.err);
        let stranger = plan("verify-full", "stranger.crt");
        ended(&stranger, 2);
        assert!(
            stranger.err.contains("certificate verify failed"),
            "{}",
            stranger.err
        );
        let apply = format!(
            "postgresql://postgres@localhost:{}/postgres?sslmode=verify-full&sslrootcert={}",
            cluster.port,
            folder.path("server.crt").display()
        );
        let applied = &mut alone(
            &folder,
            &["apply", "--yes", "--connect", &apply, "declared.toml"],
        );
        ended(&seen(applied, b""), 0);
    }
}

#[test]
fn a_server_that_answers_nobody_any_more_is_given_up() {
    let Some(cluster) = one_server("a_server_that_answers_nobody_any_more_is_given_up") else {
        return;
    };
    let hook =
        "hooks = { after = [{ sql = \"SELECT pg_sleep(100)\", unless = \"SELECT false\" }] }\n";
    let folder = declared(&format!("{IMMICH}{hook}"));
    let mut command = dbgen(
        &folder,
        &cluster,
        "postgres",
        &["apply", "--yes", "declared.toml"],
    );
    command.env("PGCONNECT_TIMEOUT", "2");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    while cluster.sql("postgres", sleeping) == "0" {
        std::thread::sleep(Duration::from_millis(50));
    }
    // One that is busy is waited for.
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(cluster.sql("postgres", sleeping), "1");
    let frozen = cluster.frozen();
    let started = Instant::now();
    let ended = child.wait_with_output().unwrap();
    drop(frozen);
    assert!(started.elapsed().as_secs() < 60);
    assert_eq!(ended.status.code(), Some(2));
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(
        told.contains("no longer answers anybody: given up"),
        "{told}"
    );
}
