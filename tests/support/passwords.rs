//! The password part of the convergence program alone, run on a server with secrets in files that the server can read.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::Output;

use dbgen::postgres::quote::{quote_identifier, quote_literal};
use dbgen::postgres::scram::{LONGEST, Secret};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::support::postgres::Cluster;

/// Passwords that broke something somewhere.
pub const HOSTILE: &[&str] = &[
    "a",
    " ",
    "'",
    "''",
    "\"",
    "\\",
    "\\'",
    "$$",
    "$dbgen$",
    "%s %I %L %",
    ":x :'x' :\"x\"",
    "`touch /tmp/x`",
    "x'; ALTER ROLE r0 SUPERUSER; --",
    "\\x6162",
    "\\c postgres",
    "a\nb",
    "\n\na\n",
    "a\r",
    "\t \u{7f}\u{1b}[31m",
    " leading and trailing ",
    "{\"file\": \"/etc/passwd\"}",
    "md5",
    "SCRAM-SHA-256$4096:AAAA$broken:broken",
    "é",
    "e\u{301}",
    "ü\u{7}",
    "I\u{ad}X",
    "\u{ad}\u{200d}",
    "a\u{a0}b\u{3000}c\u{200b}d",
    "\u{2168}\u{fb01}\u{fdfa}\u{b5}",
    "пароль密碼パスワード",
    "שלום",
    "سلام1",
    "1سلام",
    "سaلام",
    "س1\u{660}م",
    // Written from left to right since a newer Unicode than SASLprep knows.
    "\u{5d0}\u{cbf}\u{b9}\u{5d0}",
    "\u{340}a",
    "\u{e000}",
    "\u{fffd}\u{e0041}",
    "🔑 key",
    "\u{10ffff}",
];

const PIECES: &[char] = &[
    'a',
    'Z',
    '7',
    ' ',
    '\'',
    '"',
    '\\',
    '\n',
    '\r',
    '\t',
    '$',
    ':',
    '%',
    '{',
    '`',
    '\u{1}',
    '\u{7f}',
    '\u{85}',
    '\u{a0}',
    '\u{ad}',
    '\u{b5}',
    '\u{c5}',
    '\u{212b}',
    '\u{30a}',
    '\u{301}',
    '\u{327}',
    '\u{34f}',
    '\u{3b1}',
    '\u{5d0}',
    '\u{5e9}',
    '\u{627}',
    '\u{644}',
    '\u{660}',
    '\u{6dd}',
    '\u{1100}',
    '\u{1161}',
    '\u{11a8}',
    '\u{ac00}',
    '\u{180e}',
    '\u{200b}',
    '\u{200e}',
    '\u{2028}',
    '\u{2060}',
    '\u{2460}',
    '\u{2ff0}',
    '\u{3000}',
    '\u{4e2d}',
    '\u{e000}',
    '\u{fb01}',
    '\u{fb1d}',
    '\u{fdfa}',
    '\u{fe0f}',
    '\u{feff}',
    '\u{ff21}',
    '\u{fffd}',
    '\u{1d400}',
    '\u{1f600}',
    '\u{2f800}',
    '\u{e0001}',
    '\u{10fffd}',
    '\u{221}',
];

/// Any password: short and long, of one kind of characters and of all.
pub fn password() -> impl Strategy<Value = String> {
    let piece = || prop_oneof![4 => select(PIECES), 1 => any::<char>()];
    let text = |chars: Vec<char>| chars.into_iter().collect::<String>();
    prop_oneof![
        2 => "[ -~]{1,40}",
        4 => vec(piece(), 1..8).prop_map(text),
        1 => vec(piece(), 200..300).prop_map(text),
        1 => "[ -~]{1024}",
    ]
    .prop_filter("a password", |text| {
        Secret::from_bytes(text.as_bytes()).is_ok() && text.len() <= LONGEST && !text.contains('\0')
    })
}

/// What a run printed, and the steps in it.
pub struct Run {
    pub script: String,
    pub output: Output,
    pub steps: Vec<Value>,
}

impl Run {
    /// The steps of this kind, as pairs of object and reason.
    pub fn of_kind(&self, kind: &str) -> Vec<(&str, &str)> {
        let of_kind = self.steps.iter().filter(|step| step["kind"] == kind);
        of_kind
            .map(|step| {
                (
                    step["object"].as_str().unwrap(),
                    step["why"].as_str().unwrap(),
                )
            })
            .collect()
    }
}

/// A file that the server can read.
pub fn secret_file(cluster: &Cluster, name: &str, bytes: &[u8]) -> PathBuf {
    let folder = cluster.socket.join("secrets");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// The declaration that these roles have the passwords in these files.
pub fn declaration<'a>(roles: impl IntoIterator<Item = (&'a str, PathBuf)>) -> Value {
    let role =
        |(name, path): (&str, PathBuf)| json!({ "name": name, "password": { "file": path } });
    json!({ "roles": roles.into_iter().map(role).collect::<Vec<_>>() })
}

/// Creates roles and files `r0`, `r1`... for these passwords, and declares them.
pub fn declare(cluster: &Cluster, passwords: &[String]) -> Value {
    let names: Vec<String> = (0..passwords.len()).map(|nr| format!("r{nr}")).collect();
    let create = names
        .iter()
        .map(|name| format!("CREATE ROLE {name} LOGIN;"));
    cluster.sql("postgres", &create.collect::<String>());
    let files = passwords.iter().zip(&names).map(|(password, name)| {
        // The line end that does not count protects one that does.
        let file = secret_file(cluster, name, format!("{password}\r\n").as_bytes());
        (name.as_str(), file)
    });
    declaration(files)
}

/// `plan` or `apply` of a declaration as `user` in `database`.
pub fn run_as(cluster: &Cluster, user: &str, database: &str, mode: &str, desired: &Value) -> Run {
    let read = |name| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/provision/");
        fs::read_to_string(format!("{folder}{name}")).unwrap()
    };
    let program = read("engine.sql").replace("-- @difference", &read("scram.sql"));
    let script = format!(
        "SET search_path = pg_catalog; SET standard_conforming_strings = on;
        BEGIN{};
        SELECT set_config('dbgen.mode', '{mode}', false), set_config('dbgen.desired', {}, false), set_config('dbgen.object', 'roles', false) \\g /dev/null
        {program};
        SELECT current_setting('dbgen.steps');
        COMMIT;",
        if mode == "plan" { " READ ONLY" } else { "" },
        quote_literal(&desired.to_string()),
    );
    let output = cluster.psql(database, user, None, &script);
    let stdout = String::from_utf8_lossy(&output.stdout);
    let steps = serde_json::from_str(stdout.trim()).unwrap_or_default();
    Run {
        script,
        output,
        steps,
    }
}

pub fn run(cluster: &Cluster, mode: &str, desired: &Value) -> Run {
    let run = run_as(cluster, "postgres", "postgres", mode, desired);
    assert!(
        run.output.status.success(),
        "{}",
        String::from_utf8_lossy(&run.output.stderr)
    );
    run
}

/// Lets the superuser in through the socket, and everybody with a SCRAM password over TCP.
pub fn ask_for_passwords(cluster: &Cluster) {
    cluster.write(
        "pg_hba.conf",
        "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n",
    );
    cluster.reload();
}

/// Logs in over TCP by libpq: `None`, or what the server said.
pub fn login(cluster: &Cluster, role: &str, password: &[u8]) -> Option<String> {
    let mut psql = cluster.client(
        &["-XAtqwc", "SELECT current_user"],
        "postgres",
        role,
        Some("127.0.0.1"),
    );
    let output = psql
        .env("PGPASSWORD", OsStr::from_bytes(password))
        .output()
        .unwrap();
    (output.stdout != format!("{role}\n").as_bytes())
        .then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

/// `pg_authid.rolpassword`.
pub fn stored(cluster: &Cluster, role: &str) -> String {
    let role = quote_literal(role);
    cluster.sql(
        "postgres",
        &format!("SELECT coalesce(rolpassword, '-') FROM pg_authid WHERE rolname = {role}"),
    )
}

/// Sets a password as somebody does by hand, in clear text.
pub fn set_by_hand(cluster: &Cluster, role: &str, password: &str) {
    let statement = format!(
        "SET client_min_messages = error; ALTER ROLE {} PASSWORD {}",
        quote_identifier(role),
        quote_literal(password)
    );
    cluster.sql("postgres", &statement);
}
