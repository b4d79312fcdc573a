//! The files that tell services how to connect, written by the program of the unit `dbgen-connections`, and clients of
//! several kinds that connect with nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/connections.rs"]
mod connections;
#[path = "support/nix.rs"]
mod nix;
#[path = "support/run.rs"]
mod run;
mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;

use connections::{CLIENTS, Host, WHO, expected, python};
use postgres::{Client, NoTls};
use support::postgres::as_server_user;

/// All of ASCII that can be printed.
fn printable() -> String {
    (' '..='~').collect()
}

/// A database, its user and the password.
fn hostile() -> Vec<(&'static str, &'static str, String)> {
    vec![
        ("immich", "immich", printable()),
        (
            "a:b\\c 50% 'x' \"$y`",
            "ü@:/?#[]&=+ \\é",
            "p\"ä'ß\\$x`€:%25%u+ \u{1f511}".into(),
        ),
        ("*", "#{x}; -c", "  %q %%p ${HOME} $(id) \\n".into()),
    ]
}

#[test]
fn every_client_connects_with_what_was_written() {
    let Some(host) = Host::new(
        "every_client_connects_with_what_was_written",
        &hostile(),
        "",
    ) else {
        return;
    };
    let seen = host.run();
    assert_eq!((seen.status, &*seen.err), (Some(0), ""));
    let python = python("every_client_connects_with_what_was_written");
    for (place, (database, user, password)) in hostile().iter().enumerate() {
        let variables = host.variables(place);
        let url = &variables["DATABASE_URL"];
        assert_eq!(&variables["DB_PASSWORD"], password);
        assert_eq!(&variables["DB_NAME"], database);
        assert_eq!(&variables["DB_USER"], user);
        let who = expected(database, user);

        let mut by_url = host.psql(&[url]);
        assert_eq!(host.shown(&mut by_url), who);
        let mut by_service = host.psql(&["service=s"]);
        by_service
            .env("PGSERVICEFILE", host.file(place, "pg_service.conf"))
            .env("PGPASSFILE", host.file(place, "pgpass"));
        assert_eq!(host.shown(&mut by_service), who);

        let mut client = Client::connect(url, NoTls).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(client.query_one(WHO, &[]).unwrap().get::<_, String>(0), who);

        if let Some(python) = &python {
            let mut command = Command::new(python);
            command
                .args(["-c", CLIENTS, WHO])
                .envs(&variables)
                .env("PGSERVICEFILE", host.file(place, "pg_service.conf"))
                .env("PGPASSFILE", host.file(place, "pgpass"));
            assert_eq!(host.shown(&mut command), [&*who; 3].join("\n"));
        }
        // The wrong password is asked for, and refused.
        let wrong = url.replace(":%", ":x%").replace(":p", ":xp");
        assert!(Client::connect(&wrong, NoTls).is_err(), "{wrong}");
    }
}

#[test]
fn a_further_role_has_files_of_its_own() {
    let Some(host) = Host::new("a_further_role_has_files_of_its_own", &hostile()[..1], "") else {
        return;
    };
    let seen = host.run();
    assert_eq!((seen.status, &*seen.err), (Some(0), ""));
    let who = expected("immich", "reader");
    let text = fs::read_to_string(host.file(0, "environment.reader")).unwrap();
    let url = text
        .lines()
        .find_map(|line| line.strip_prefix("DATABASE_URL="));
    assert_eq!(host.shown(&mut host.psql(&[url.unwrap()])), who);
    let mut by_service = host.psql(&["service=s"]);
    by_service
        .env("PGSERVICEFILE", host.file(0, "pg_service.conf.reader"))
        .env("PGPASSFILE", host.file(0, "pgpass.reader"));
    assert_eq!(host.shown(&mut by_service), who);
    let metadata = fs::metadata(host.file(0, "pgpass.reader")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o400);
    // Each holds the password of its role and no other.
    let own = fs::read_to_string(host.file(0, "pgpass")).unwrap();
    assert!(!own.contains("reader") && !text.contains(&host.variables(0)["DB_PASSWORD"]));
    // A file that can't be written leaves the connection incomplete.
    host.give_to("reader", "");
    assert_eq!(host.run().status, Some(1));
    let complete = fs::read_to_string(host.root().join(".complete")).unwrap();
    assert!(!complete.contains("immich"), "{complete}");
    assert!(!host.file(0, "environment.reader").exists());
}

#[test]
fn the_unix_user_needs_no_password() {
    let test = "the_unix_user_needs_no_password";
    let own = as_server_user("id".into()).arg("-un").output().unwrap();
    let own = String::from_utf8(own.stdout).unwrap().trim().to_owned();
    let peer = format!("unixUser = \"{own}\"\n");
    let databases = [("it's", "peer", "never used".to_owned())];
    let Some(host) = Host::new(test, &databases, &peer) else {
        return;
    };
    host.cluster.write(
        "pg_hba.conf",
        "local all postgres trust\nlocal all peer peer map=m\n",
    );
    host.cluster
        .write("pg_ident.conf", &format!("m {own} peer\n"));
    host.cluster.reload();
    assert_eq!(host.run().status, Some(0));
    for file in ["environment", "pgpass", "pg_service.conf"] {
        let text = fs::read_to_string(host.file(0, file)).unwrap();
        assert!(
            !text.to_ascii_lowercase().contains("password") && !text.contains("never"),
            "{text}"
        );
    }
    let variables = host.variables(0);
    assert_eq!(variables["DB_HOST"], host.cluster.socket.to_str().unwrap());
    let mut by_url = as_server_user(host.cluster.psql.clone());
    by_url.args(["-XAtqc", WHO, &variables["DATABASE_URL"]]);
    assert_eq!(host.shown(&mut by_url), expected("it's", "peer"));
    let mut by_service = as_server_user(host.cluster.psql.clone());
    by_service
        .args(["-XAtqc", WHO, "service=s"])
        .env("PGSERVICEFILE", host.copy(0, "pg_service.conf"));
    assert_eq!(host.shown(&mut by_service), expected("it's", "peer"));
}

#[test]
fn only_the_owner_reads_what_was_written_and_no_argument_tells_it() {
    let test = "only_the_owner_reads_what_was_written_and_no_argument_tells_it";
    let Some(host) = Host::new(test, &hostile(), "") else {
        return;
    };
    assert_eq!(host.run().status, Some(0));
    let owner = Command::new("id")
        .args(["-u", &host.owner])
        .output()
        .unwrap();
    let owner: u32 = String::from_utf8(owner.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let arguments = host.arguments();
    assert!(arguments.contains("chown"), "{arguments}");
    for (place, (_, _, password)) in hostile().iter().enumerate() {
        for file in ["environment", "pgpass", "pg_service.conf"] {
            let metadata = fs::metadata(host.file(place, file)).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o400, "{file}");
            assert_eq!(metadata.uid(), owner);
        }
        assert!(!arguments.contains(password.trim()));
        assert!(!host.module.contains(password.trim()));
        assert!(!host.script().contains(password.trim()));
    }
}

#[test]
fn what_can_not_be_written_stays_as_it_was_and_is_told() {
    let test = "what_can_not_be_written_stays_as_it_was_and_is_told";
    let Some(host) = Host::new(test, &hostile(), "") else {
        return;
    };
    assert_eq!(host.run().status, Some(0));
    let read = |name: &str| fs::read_to_string(host.file(0, name)).unwrap();
    let before = ["environment", "pgpass", "pg_service.conf"].map(read);
    let complete = fs::read_to_string(host.root().join(".complete")).unwrap();
    host.give(0, "another");
    // A disk that is full.
    let seen = host.run_by(&["-c", "trap '' XFSZ; ulimit -f 0; exec bash \"$0\""]);
    assert_ne!(seen.status, Some(0));
    assert!(
        seen.err.contains("/environment can't be written\n"),
        "{}",
        seen.err
    );
    assert_eq!(
        ["environment", "pgpass", "pg_service.conf"].map(read),
        before
    );
    // It is the list of an older start, of which nobody takes anything.
    let list = fs::read_to_string(host.root().join(".complete")).unwrap();
    assert_eq!(list, complete);
}

#[test]
fn a_file_that_is_the_same_stays_and_a_changed_one_is_another_file() {
    let test = "a_file_that_is_the_same_stays_and_a_changed_one_is_another_file";
    let Some(host) = Host::new(test, &hostile(), "") else {
        return;
    };
    let all = || -> Vec<u64> {
        let files = ["environment", "pgpass", "pg_service.conf"];
        let files = (0..3).flat_map(|place| files.map(|file| host.file(place, file)));
        files
            .map(|file| fs::metadata(file).unwrap().ino())
            .collect()
    };
    host.run();
    let first = all();
    host.run();
    assert_eq!(all(), first);
    host.give(0, "another");
    fs::set_permissions(host.file(1, "pgpass"), fs::Permissions::from_mode(0o440)).unwrap();
    host.run();
    let changed: Vec<bool> = all()
        .iter()
        .zip(&first)
        .map(|(now, then)| now != then)
        .collect();
    assert_eq!(
        changed,
        [true, true, false, false, true, false, false, false, false]
    );
    assert_eq!(host.variables(0)["DB_PASSWORD"], "another");
    // Nothing is left behind, and what nobody declares goes.
    let stray = host
        .file(0, "environment")
        .with_file_name(".new.0123456789");
    fs::write(&stray, "half").unwrap();
    let other = host.root().join("gone/gone");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("environment"), "DB_PASSWORD=old").unwrap();
    host.run();
    assert!(!stray.exists() && !host.root().join("gone").exists());
}

#[test]
fn a_password_that_a_file_can_not_hold_is_told_and_the_others_are_written() {
    let test = "a_password_that_a_file_can_not_hold_is_told_and_the_others_are_written";
    let Some(host) = Host::new(test, &hostile(), "") else {
        return;
    };
    assert_eq!(host.run().status, Some(0));
    let complete = || {
        let list = fs::read_to_string(host.root().join(".complete")).unwrap();
        list.lines().skip(1).count()
    };
    assert_eq!(complete(), 3);
    host.give(1, "a\u{1}b");
    assert_eq!(host.run().status, Some(1));
    assert_eq!(complete(), 2);
    host.give(0, "two\nlines\ttab\n\n");
    host.give(1, "a\u{1}b");
    host.give(2, "SCRAM-SHA-256$4096:c2FsdA==$a2V5:a2V5");
    let seen = host.run();
    assert_eq!(seen.status, Some(1));
    let told: Vec<&str> = seen
        .err
        .lines()
        .map(|line| line.rsplit_once(" password of role ").unwrap().1)
        .collect();
    assert_eq!(told.len(), 4, "{}", seen.err);
    for why in [
        "immich holds a line break, which a file of libpq can not",
        "ü@:/?#[]&=+ \\é holds a control character, which an environment file can not",
        "#{x}; -c is a SCRAM-SHA-256 verifier, from which nobody can log in",
    ] {
        assert!(told.contains(&why), "{}", seen.err);
    }
    assert!(!seen.err.contains("lines"));
    assert_eq!(host.variables(0)["DB_PASSWORD"], "two\nlines\ttab\n");
    assert!(!host.file(0, "pgpass").exists() && !host.file(2, "environment").exists());
    assert!(host.file(1, "pgpass").exists());
    assert_eq!(complete(), 0);
}

#[test]
fn the_unit_runs_as_root_and_reads_the_same_secrets() {
    let test = "the_unit_runs_as_root_and_reads_the_same_secrets";
    let Some(host) = Host::new(test, &hostile()[..1], "") else {
        return;
    };
    for evaluator in nix::evaluators(test) {
        for release in ["24.11", "26.05"] {
            let outcome = evaluator
                .evaluate_one(nix::Configuration {
                    modules: &[&host.module],
                    show: &["qgroget.databases"],
                    release,
                })
                .unwrap();
            let unit = &outcome["services"]["dbgen-connections"];
            let service = &unit["serviceConfig"];
            assert_eq!(
                service["LoadCredential"],
                serde_json::json!([
                    "password.immich:/run/dbgen-secrets/password.immich",
                    "password.reader:/run/dbgen-secrets/password.reader"
                ])
            );
            assert_eq!(service["RuntimeDirectory"], "dbgen/connections");
            assert!(service.get("User").is_none() && service.get("StateDirectory").is_none());
            assert_eq!(
                unit["after"],
                serde_json::json!(["dbgen-provision.service", "dbgen-secrets.service"])
            );
            let connection = &outcome["show"]["qgroget.databases"]["postgresql"]["s"]["immich"];
            assert_eq!(
                connection["environmentFile"],
                "/run/dbgen/connections/s/immich/environment"
            );
            assert_eq!(connection["roles"]["reader"]["username"], "reader");
            assert_eq!(
                connection["roles"]["reader"]["environmentFile"],
                "/run/dbgen/connections/s/immich/environment.reader"
            );
            assert_eq!(
                connection["roles"]["reader"]["passwordFile"],
                "/run/secrets/reader"
            );
        }
    }
}
