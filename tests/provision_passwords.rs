//! Declared passwords log in, stay as they are while nothing changes, and are put right when something did.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/passwords.rs"]
mod passwords;
mod support;

use std::fs;

use dbgen::postgres::quote::quote_identifier;
use dbgen::postgres::scram::{DEFAULT_ITERATIONS, MOST_ITERATIONS, Secret};
use passwords::{
    HOSTILE, ask_for_passwords, declaration, declare, login, password, run, run_as, secret_file,
    set_by_hand, stored,
};
use proptest::test_runner::TestRunner;
use serde_json::json;
use support::hba::sample;
use support::postgres::{Cluster, each_server, newest};

/// Where the server is in its log of changes, and which transaction wrote each role last.
fn written(cluster: &Cluster) -> String {
    cluster.sql(
        "postgres",
        "SELECT pg_current_wal_insert_lsn(), (SELECT string_agg(xmin::text, ' ' ORDER BY oid) FROM pg_authid)",
    )
}

#[test]
fn any_password_logs_in_and_the_second_run_writes_nothing() {
    each_server("passwords log in", |cluster| {
        ask_for_passwords(cluster);
        let mut runner = TestRunner::deterministic();
        let mut all: Vec<String> = HOSTILE.iter().map(|&text| text.to_owned()).collect();
        all.extend((0..24).map(|_| sample(&password(), &mut runner)));
        let desired = declare(cluster, &all);

        let plan = run(cluster, "plan", &desired);
        assert_eq!(plan.of_kind("change").len(), all.len());
        let step = &plan.steps[0];
        assert_eq!(step["sql"], "ALTER ROLE r0 PASSWORD '<SCRAM verifier>'");
        assert_eq!(step["password"], "r0");
        assert_eq!(stored(cluster, "r0"), "-");

        assert_eq!(
            run(cluster, "apply", &desired).of_kind("change").len(),
            all.len()
        );
        for (nr, password) in all.iter().enumerate() {
            let role = format!("r{nr}");
            let refused = login(cluster, &role, password.as_bytes());
            assert_eq!(refused, None, "{password:?} on {}", cluster.major);
            assert!(login(cluster, &role, format!("{password}!").as_bytes()).is_some());
        }

        cluster.sql("postgres", "ALTER SYSTEM SET autovacuum = off");
        cluster.reload();
        // The server also writes on its own account, but not each time.
        let silent = (0..5).any(|_| {
            cluster.sql("postgres", "VACUUM; CHECKPOINT");
            let before = written(cluster);
            for mode in ["apply", "plan", "apply"] {
                assert!(run(cluster, mode, &desired).steps.is_empty());
            }
            written(cluster) == before
        });
        assert!(silent, "{}", cluster.major);
    });
}

#[test]
fn what_was_changed_is_put_right() {
    each_server("passwords changed", |cluster| {
        ask_for_passwords(cluster);
        let names = ["rotated", "by hand", "nothing", "md5", "slow", "same"];
        for name in names {
            cluster.sql(
                "postgres",
                &format!("CREATE ROLE {} LOGIN", quote_identifier(name)),
            );
        }
        let desired =
            declaration(names.map(|name| (name, secret_file(cluster, name, b"first\r\n"))));
        run(cluster, "apply", &desired);
        let first = stored(cluster, "same");
        let salt = |verifier: &str| verifier.split('$').nth(1).unwrap().to_owned();
        let rotated = stored(cluster, "rotated");

        secret_file(cluster, "rotated", b"second");
        set_by_hand(cluster, "by hand", "other");
        cluster.sql(
            "postgres",
            "ALTER ROLE nothing PASSWORD NULL;
            SET password_encryption = md5; SET client_min_messages = error; ALTER ROLE md5 PASSWORD 'first'",
        );
        // What a role may store for itself, and what nobody should have to verify.
        cluster.sql(
            "postgres",
            "UPDATE pg_authid SET rolpassword = replace(rolpassword, '$4096:', '$999999999:') WHERE rolname = 'slow'",
        );

        let expected = [
            ("role rotated", "its password is another one"),
            ("role \"by hand\"", "its password is another one"),
            ("role nothing", "it has no password"),
            (
                "role md5",
                "its password is not stored as a SCRAM-SHA-256 verifier",
            ),
            ("role slow", "its password is another one"),
        ];
        assert_eq!(run(cluster, "plan", &desired).of_kind("change"), expected);
        assert_eq!(run(cluster, "apply", &desired).of_kind("change"), expected);
        assert!(run(cluster, "apply", &desired).steps.is_empty());
        assert_eq!(stored(cluster, "same"), first);
        assert_ne!(salt(&stored(cluster, "rotated")), salt(&rotated));
        for name in names {
            let password: &[u8] = if name == "rotated" {
                b"second"
            } else {
                b"first"
            };
            assert_eq!(login(cluster, name, password), None, "{name}");
        }
    });
}

#[test]
fn a_verifier_is_stored_as_it_is() {
    each_server("ready verifiers", |cluster| {
        ask_for_passwords(cluster);
        cluster.sql(
            "postgres",
            "CREATE ROLE file LOGIN; CREATE ROLE inline LOGIN; CREATE ROLE wrong LOGIN",
        );
        set_by_hand(cluster, "postgres", "ready made");
        let verifier = stored(cluster, "postgres");
        let file = secret_file(cluster, "verifier", format!("{verifier}\n").as_bytes());
        let desired = json!({ "roles": [
            { "name": "file", "password": { "file": file } },
            { "name": "inline", "password": { "verifier": verifier } },
            { "name": "wrong", "password": { "verifier": "md5" } },
        ] });
        let applied = run(cluster, "apply", &desired);
        let wrong = "the declared verifier of its password is none of SCRAM-SHA-256";
        assert_eq!(applied.of_kind("change").len(), 2);
        assert_eq!(applied.of_kind("blocked"), [("role wrong", wrong)]);
        for role in ["file", "inline"] {
            assert_eq!(stored(cluster, role), verifier);
            assert_eq!(login(cluster, role, b"ready made"), None);
        }
        assert!(run(cluster, "plan", &desired).of_kind("change").is_empty());
    });
}

#[test]
fn iterations_are_the_servers_for_a_new_verifier_and_the_stored_ones_for_an_old_one() {
    each_server("iterations", |cluster| {
        cluster.sql("postgres", "CREATE ROLE r LOGIN");
        let desired = declaration([("r", secret_file(cluster, "r", b"pencil"))]);
        if cluster.major >= 16 {
            cluster.sql("postgres", "ALTER SYSTEM SET scram_iterations = 5000");
            cluster.reload();
        }
        run(cluster, "apply", &desired);
        let expected = if cluster.major >= 16 { 5000 } else { 4096 };
        let made = stored(cluster, "r");
        assert!(made.starts_with(&format!("SCRAM-SHA-256${expected}:")));
        if cluster.major >= 16 {
            cluster.sql("postgres", "ALTER SYSTEM RESET scram_iterations");
            cluster.reload();
            assert!(run(cluster, "apply", &desired).steps.is_empty());
        }
    });
}

#[test]
fn more_iterations_than_a_login_can_wait_for_are_not_made() {
    let test = "more_iterations_than_a_login_can_wait_for_are_not_made";
    let Some(installation) = newest(test).filter(|installation| installation.major >= 16) else {
        return;
    };
    let most = MOST_ITERATIONS;
    let more = (most + 1).to_string();
    let cluster = Cluster::start(&installation, &[("scram_iterations", &more)]);
    cluster.sql("postgres", "CREATE ROLE r LOGIN");
    let desired = declaration([("r", secret_file(&cluster, "r", b"pencil"))]);
    assert_eq!(run(&cluster, "apply", &desired).of_kind("change").len(), 1);
    assert!(stored(&cluster, "r").starts_with(&format!("SCRAM-SHA-256${most}:")));
    assert!(run(&cluster, "plan", &desired).steps.is_empty());
}

/// What a file holds, and the password that this is.
const LINE_ENDS: [(&[u8], &[u8]); 8] = [
    (b"pencil", b"pencil"),
    (b"pencil\n", b"pencil"),
    (b"pencil\r\n", b"pencil"),
    (b"pencil\n\n", b"pencil\n"),
    (b"pencil\r\n\r\n", b"pencil\r\n"),
    (b"pencil\r", b"pencil\r"),
    (b"pencil \n", b"pencil "),
    (b"\r\npencil\n", b"\r\npencil"),
];

#[test]
fn one_line_end_of_the_file_is_none_of_the_password_wherever_it_is_read() {
    each_server("line ends", |cluster| {
        ask_for_passwords(cluster);
        let names: Vec<String> = (0..LINE_ENDS.len()).map(|nr| format!("r{nr}")).collect();
        let files = names.iter().zip(LINE_ENDS).map(|(name, (file, _))| {
            cluster.sql("postgres", &format!("CREATE ROLE {name} LOGIN"));
            (name.as_str(), secret_file(cluster, name, file))
        });
        let desired = declaration(files);
        run(cluster, "apply", &desired);
        for (name, (file, password)) in names.iter().zip(LINE_ENDS) {
            assert_eq!(login(cluster, name, password), None, "{file:?}");
            let stored = stored(cluster, name);
            let secret = Secret::from_bytes(file).unwrap();
            let again = secret.verifier(Some(&stored), DEFAULT_ITERATIONS).unwrap();
            assert_eq!(again, stored, "{file:?}");
            assert_eq!(secret.password().unwrap().as_bytes(), password);
        }
    });
}

#[test]
fn a_secret_that_is_no_password_blocks_its_role_alone() {
    each_server("blocked passwords", |cluster| {
        let too_long = vec![b'a'; 1025];
        let longest = [&[b'a'; 1024][..], b"\r\n"].concat();
        let secrets: [(&str, &[u8], &str); 9] = [
            ("empty", b"", "it is empty, and a password can't be"),
            ("newline", b"\n", "it is empty, and a password can't be"),
            ("crlf", b"\r\n", "it is empty, and a password can't be"),
            (
                "nul",
                b"a\0b",
                "it has a NUL byte, which no password can have",
            ),
            (
                "slow",
                b"SCRAM-SHA-256$1000001:iTWNqEkd29AjBIj+xt5S7w==$/7Fu6tN3OIeYZPdKNH0Wb5qK4R6QLN12XysHrbm1cIs=:1h67P8x/PUofMgY/Lz0kwqSApEirQ4wOQcMob9VqcFc=\n",
                "it is a verifier with more than 1000000 iterations, which every client would have to compute at each login",
            ),
            ("long", &too_long, "it has more than 1024 bytes"),
            (
                "latin",
                b"caf\xe9",
                "it is not UTF-8: write the password in UTF-8, or its SCRAM-SHA-256 verifier",
            ),
            (
                "overlong",
                b"\xc0\xaf",
                "it is not UTF-8: write the password in UTF-8, or its SCRAM-SHA-256 verifier",
            ),
            (
                "surrogate",
                b"\xed\xa0\x80",
                "it is not UTF-8: write the password in UTF-8, or its SCRAM-SHA-256 verifier",
            ),
        ];
        let mut files: Vec<_> = secrets
            .iter()
            .map(|&(name, bytes, _)| (name, secret_file(cluster, name, bytes)))
            .collect();
        let missing = cluster.socket.join("missing");
        let directory = cluster.socket.join("secrets");
        files.push(("missing", missing));
        files.push(("directory", directory));
        files.push(("fine", secret_file(cluster, "fine", &longest)));
        for (name, _) in &files {
            cluster.sql("postgres", &format!("CREATE ROLE {name} LOGIN"));
        }
        let desired = declaration(files.iter().cloned());
        for mode in ["plan", "apply"] {
            let run = run(cluster, mode, &desired);
            assert_eq!(run.of_kind("change"), [("role fine", "it has no password")]);
            let blocked = run.of_kind("blocked");
            assert_eq!(blocked.len(), files.len() - 1);
            for (at, (name, path)) in files[..files.len() - 1].iter().enumerate() {
                let reason = secrets.get(at).map_or(
                    if *name == "missing" {
                        "it does not exist"
                    } else {
                        "could not read file"
                    },
                    |secret| secret.2,
                );
                let start = format!(
                    "the file of its password, {}, can't be used: ",
                    path.display()
                );
                let rest = blocked[at].1.strip_prefix(&start).unwrap();
                assert!(rest.starts_with(reason), "{rest}");
                assert_eq!(blocked[at].0, format!("role {name}"));
            }
        }
        ask_for_passwords(cluster);
        assert_eq!(login(cluster, "fine", &[b'a'; 1024]), None);
    });
}

#[test]
fn without_superuser_or_utf8_the_reason_is_told() {
    each_server("passwords elsewhere", |cluster| {
        cluster.sql(
            "postgres",
            "CREATE ROLE plain LOGIN CREATEROLE; CREATE ROLE ascii LOGIN; CREATE ROLE other LOGIN",
        );
        cluster.sql(
            "postgres",
            "CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'",
        );
        cluster.sql(
            "postgres",
            "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
        );
        let desired = declaration([
            ("ascii", secret_file(cluster, "ascii", b"pencil")),
            (
                "other",
                secret_file(cluster, "other", "crayon \u{e9}".as_bytes()),
            ),
        ]);
        let plain = run_as(cluster, "plain", "postgres", "apply", &desired);
        assert_eq!(plain.of_kind("blocked").len(), 2);
        assert!(
            plain.of_kind("blocked")[0]
                .1
                .contains("only a superuser reads pg_authid")
        );
        for (database, encoding) in [("bytes", "SQL_ASCII"), ("latin", "LATIN1")] {
            let run = run_as(cluster, "postgres", database, "apply", &desired);
            let blocked = run.of_kind("blocked");
            assert_eq!(blocked.len(), 1);
            assert_eq!(blocked[0].0, "role other");
            assert!(
                blocked[0]
                    .1
                    .contains(&format!("in a database in {encoding}, which {database} is"))
            );
        }
        ask_for_passwords(cluster);
        assert_eq!(login(cluster, "ascii", b"pencil"), None);
        // A file that the server must not read.
        fs::write(cluster.socket.join("secrets/ascii"), "other").unwrap();
        cluster.sql("postgres", "GRANT SELECT ON pg_authid TO plain");
        let plain = run_as(cluster, "plain", "postgres", "apply", &desired);
        assert!(
            plain.of_kind("blocked")[0]
                .1
                .contains("permission denied for function pg_read_binary_file")
        );
    });
}
