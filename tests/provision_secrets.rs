//! The clear text of a password is in no log, statistic, error or file, however talkative the server is and whatever fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/passwords.rs"]
mod passwords;
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use dbgen::postgres::quote::quote_identifier;
use passwords::{Run, ask_for_passwords, declaration, login, run, run_as, secret_file};
use support::postgres::{Cluster, Installation, installations};

/// Nothing else on a server looks like these.
const ASCII: &str = "Xq7hostile'\\Vw3\";--Kz9secret";
const OTHER: &str = "Xq8žščřďť\u{fb01}\u{2168}Ωψξλπδ";

/// Files that hold passwords but are none.
const BROKEN: [&[u8]; 3] = [
    b"Xq9broken\xffJw4bytes",
    b"Xq9broken\0Jw4bytes",
    b"Xq9broken \xc5\xbe\xc5",
];

const TALKATIVE: &[(&str, &str)] = &[
    ("log_statement", "all"),
    ("log_min_messages", "debug5"),
    ("log_min_error_statement", "debug5"),
    ("log_min_duration_statement", "0"),
    ("log_error_verbosity", "verbose"),
    ("log_parameter_max_length", "-1"),
    ("log_parameter_max_length_on_error", "-1"),
    ("debug_print_parse", "on"),
    ("debug_print_rewritten", "on"),
    ("debug_print_plan", "on"),
    ("debug_pretty_print", "off"),
    ("track_activity_query_size", "100000"),
];

/// What these libraries would tell; they are in every build of the server that has its contrib.
const LIBRARIES: &[(&str, &str)] = &[
    (
        "shared_preload_libraries",
        "pg_stat_statements, auto_explain",
    ),
    ("pg_stat_statements.track", "all"),
    ("pg_stat_statements.save", "on"),
    ("auto_explain.log_min_duration", "0"),
    ("auto_explain.log_nested_statements", "on"),
    ("auto_explain.log_analyze", "on"),
    ("auto_explain.log_verbose", "on"),
];

fn has_contrib(installation: &Installation) -> bool {
    let debian = format!("/usr/lib/postgresql/{}/lib", installation.major);
    let libraries =
        ["../lib/postgresql", "../lib", &debian].map(|folder| installation.bin.join(folder));
    let has = |name: &str| libraries.iter().any(|folder| folder.join(name).exists());
    has("pg_stat_statements.so") && has("auto_explain.so")
}

/// Parts of the secrets as they are and in all forms in which PostgreSQL writes bytes and texts.
fn needles() -> Vec<Vec<u8>> {
    let mut needles = Vec::new();
    for part in [
        "q7hostile'",
        ";--Kz9secret",
        "žščřďť",
        "fiIXΩψξ",
        "Ωψξλπδ",
        "q9broken",
        "Jw4bytes",
    ] {
        let bytes = part.as_bytes();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // A plan in the log has the bytes of a constant as signed decimal numbers.
        let datum: String = bytes
            .iter()
            .map(|&byte| format!("{} ", byte as i8))
            .collect();
        let octal: String = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
        let code_points: String = part
            .chars()
            .map(|c| format!("\\u{:04x}", u32::from(c)))
            .collect();
        let base64 = (0..3).map(|before| base64_core(before, bytes));
        needles.extend(base64);
        needles
            .extend([hex.to_uppercase(), hex, datum, octal, code_points].map(String::into_bytes));
        needles.push(part.replace('\'', "''").into_bytes());
        needles.push(bytes.to_vec());
    }
    // What is shorter stands somewhere by chance.
    needles.retain(|needle| needle.len() >= 8);
    needles
}

/// What is in the base64 of any text that has these bytes after a multiple of three bytes and these few.
fn base64_core(before: usize, bytes: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let skipped = (3 - before) % 3;
    let whole = bytes[skipped..].chunks_exact(3);
    whole
        .flat_map(|three| {
            let bits = three
                .iter()
                .fold(0, |bits, &byte| bits << 8 | usize::from(byte));
            [18, 12, 6, 0].map(|shift| LETTERS[bits >> shift & 63])
        })
        .collect()
}

/// The files below these paths in which one of the needles is.
fn found(paths: &[&Path]) -> String {
    let patterns = tempfile::NamedTempFile::new().unwrap();
    fs::write(patterns.path(), needles().join(&b'\n')).unwrap();
    let mut grep = Command::new("grep");
    grep.args(["-rlaF", "-f"])
        .arg(patterns.path())
        .args(paths)
        .env("LC_ALL", "C");
    let output = grep.output().unwrap();
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn assert_hidden(what: &str, text: &[u8]) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    assert_eq!(
        found(&[file.path()]),
        "",
        "{what}: {}",
        String::from_utf8_lossy(text)
    );
}

/// The run, of which nothing shows.
fn quiet(run: Run) -> Run {
    assert_hidden("script", run.script.as_bytes());
    assert_hidden("stdout", &run.output.stdout);
    assert_hidden("stderr", &run.output.stderr);
    run
}

fn every_way(cluster: &Cluster) {
    cluster.sql(
        "postgres",
        "CREATE ROLE ascii LOGIN; CREATE ROLE other LOGIN; CREATE ROLE broken LOGIN; CREATE ROLE plain LOGIN SUPERUSER;
        CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'",
    );
    let good = declaration([
        ("ascii", secret_file(cluster, "ascii", ASCII.as_bytes())),
        ("other", secret_file(cluster, "other", OTHER.as_bytes())),
    ]);
    for mode in ["plan", "apply", "apply", "plan"] {
        quiet(run(cluster, mode, &good));
    }

    for bytes in BROKEN
        .iter()
        .copied()
        .chain([&b"Xq9broken".repeat(200)[..]])
    {
        let bad = declaration([("broken", secret_file(cluster, "broken", bytes))]);
        assert_eq!(
            quiet(run(cluster, "apply", &bad)).of_kind("blocked").len(),
            1
        );
    }
    // The statement itself fails.
    let missing = declaration([("missing", cluster.socket.join("secrets/ascii"))]);
    quiet(run_as(cluster, "postgres", "postgres", "apply", &missing));
    // No normalization there, nor a conversion.
    quiet(run_as(cluster, "postgres", "bytes", "apply", &good));

    // It is cancelled in the midst of the computation, and fails as a whole.
    cluster.sql(
        "postgres",
        "UPDATE pg_authid SET rolpassword = replace(rolpassword, '$4096:', '$1000000:') WHERE rolname IN ('ascii', 'other');
        ALTER ROLE plain SET statement_timeout = '300ms'",
    );
    let cancelled = quiet(run_as(cluster, "plain", "postgres", "apply", &good));
    let message = String::from_utf8_lossy(&cancelled.output.stderr);
    assert!(message.contains("statement timeout"), "{message}");
    cluster.sql(
        "postgres",
        "ALTER ROLE plain RESET statement_timeout; ALTER ROLE plain SET exit_on_error = on",
    );
    let mut broken = declaration([("broken", secret_file(cluster, "broken", BROKEN[0]))]);
    quiet(run_as(cluster, "plain", "postgres", "apply", &broken));
    broken["roles"][0]["password"]["file"] = "/".into();
    quiet(run_as(cluster, "plain", "postgres", "apply", &broken));

    cluster.sql("postgres", "UPDATE pg_authid SET rolpassword = NULL");
    quiet(run(cluster, "apply", &good));
}

#[test]
fn no_secret_is_written_anywhere() {
    let test = |installation: &Installation| {
        let libraries: &[_] = if has_contrib(installation) {
            LIBRARIES
        } else {
            &[]
        };
        let cluster = Cluster::start_tcp(installation, &[TALKATIVE, libraries].concat());
        every_way(&cluster);
        if !libraries.is_empty() {
            let all = "CREATE EXTENSION pg_stat_statements; SELECT query FROM pg_stat_statements";
            assert_hidden("statements", cluster.sql("postgres", all).as_bytes());
        }
        let activity = "SELECT query FROM pg_stat_activity";
        assert_hidden("activity", cluster.sql("postgres", activity).as_bytes());
        cluster.sql("postgres", "CHECKPOINT");
        let log = cluster.socket.join("log");
        let text = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
        assert!(
            text.contains("ALTER ROLE ascii PASSWORD 'SCRAM-SHA-256$"),
            "not talkative"
        );
        if !libraries.is_empty() {
            assert!(text.contains("Query Text: SELECT d.item"), "not talkative");
        }
        assert_eq!(found(&[&log, &cluster.data]), "", "{}", cluster.major);

        // The search itself finds what was given away, there and in the log.
        ask_for_passwords(&cluster);
        assert_eq!(login(&cluster, "ascii", ASCII.as_bytes()), None);
        let given_away = format!("SELECT 1 AS {}", quote_identifier(";--Kz9secret"));
        cluster.sql("postgres", &given_away);
        assert!(found(&[&log]).contains("log"));
    };
    let found = installations();
    std::thread::scope(|scope| {
        for installation in &found {
            scope.spawn(move || test(installation));
        }
    });
}
