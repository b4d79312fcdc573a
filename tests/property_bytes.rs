//! Any bytes as input give findings or a module: never a panic, within bounded time and memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/run.rs"]
mod run;

use std::fs;
use std::path::Path;
use std::process::Output;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;

use run::Folder;

const FORMATS: [&str; 3] = ["toml", "json", "nix"];

/// Seconds of processor time and KiB of address space that no input may need; an ordinary run needs a hundredth.
const LIMITS: &str = "ulimit -t 60 -v 1500000";

/// Runs dbgen over this input within the limits, and panics when it ends otherwise than it may.
fn assert_ends_well(what: &str, format: &str, input: &[u8]) {
    let folder = Folder::new();
    let name = format!("input.{format}");
    fs::write(folder.path(&name), input).unwrap();
    for command in ["render", "check --output-format json"] {
        let line = format!("{LIMITS}; exec timeout -s KILL 120 dbgen {command} {name}");
        let output = run::output(folder.command("sh").args(["-c", &line]), b"");
        let errors = String::from_utf8_lossy(&output.stderr);
        let shown = || {
            let shown = String::from_utf8_lossy(&input[..input.len().min(2_000)]).into_owned();
            format!(
                "{command} {format}, {what}: {:?}\n{}\n{shown}",
                output.status,
                &errors[..errors.len().min(2_000)]
            )
        };
        assert!(matches!(output.status.code(), Some(0..=2)), "{}", shown());
        assert!(!errors.contains("panicked"), "{}", shown());
        assert!(!errors.contains("mistake in dbgen"), "{}", shown());
        assert_result(command, &output, &shown);
    }
}

fn assert_result(command: &str, output: &Output, shown: &dyn Fn() -> String) {
    let fine = output.status.success();
    if command == "render" {
        assert_eq!(output.stdout.is_empty(), !fine, "{}", shown());
        assert_eq!(output.stdout.ends_with(b"}\n"), fine, "{}", shown());
        assert!(fine || !output.stderr.is_empty(), "{}", shown());
    } else if output.status.code() == Some(2) {
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{}",
            shown()
        );
    } else {
        let report: serde_json::Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", shown()));
        assert!(report.is_object(), "{}", shown());
    }
}

/// Declarations that pass the check, in each format, to be spoilt.
fn valid(format: &str) -> Vec<u8> {
    let toml = include_str!("../templates/service.toml").replace("# ", "");
    match format {
        "toml" => format!(
            "[services.immich]\nunits = [\"a.service\"]\n\n[[services.immich.databases]]\ntype = \"postgresql\"\nname = \"immich\"\nuser = \"immich\"\nextraConfig = {{ work_mem = \"64MB\", search_path = ['a', \"b\"] }}\nclients = [{{ address = \"10.0.0.0/8\" }}]\n# {}\n",
            toml.replace('\n', " ")
        )
        .into_bytes(),
        "json" => br#"{
  "services": { "immich": { "enable": true, "databases": [
    { "type": "postgresql", "name": "immich", "user": "\u0069mmich", "port": 5432,
      "extraConfig": { "work_mem": "64MB", "jit": false, "seq_page_cost": 1.5e0 },
      "grants": [ { "role": "public", "privileges": ["SELECT"], "on": { "table": "public.*" } } ] } ] } }
}"#
        .to_vec(),
        _ => br#"{ config, lib, ... }:
{
  # a comment
  services.immich.databases = [
    {
      type = "postgresql"; name = "immich"; user = ''immich''; port = 5432;
      extraConfig = { work_mem = "64MB"; "jit" = false; seq_page_cost = 1.5; idle_session_timeout = 0; geqo_seed = -0.0; };
    }
  ];
}
"#
        .to_vec(),
    }
}

/// What means something to one of the readers.
const PIECES: &[&[u8]] = &[
    b"\"",
    b"'",
    b"''",
    b"'''",
    b"\"\"\"",
    b"${",
    b"}",
    b"{",
    b"[",
    b"]",
    b"[[",
    b"]]",
    b"(",
    b")",
    b"=",
    b":",
    b";",
    b",",
    b".",
    b"\\",
    b"\\u",
    b"\\U00110000",
    b"\\ud800",
    b"/*",
    b"*/",
    b"//",
    b"#",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xEF\xBB\xBF",
    b"\xFF",
    b"\xC3",
    b"\xED\xA0\x80",
    b"\xF4\x90\x80\x80",
    b"\xE2\x80\xA8",
    b"-",
    b"+",
    b"1e999",
    b"0x",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"nan",
    b"1979-05-27T07:32:00Z",
    b"let",
    b"in",
    b"rec",
    b"with",
    b"inherit",
    b"import",
    b"assert",
    b"or",
    b"services",
    b"databases",
    b"type",
    b"name",
    b"user",
    b"port",
    b"extraConfig",
    b"instances",
    b"authentication",
    b"grants",
    b"on",
    b"true",
    b"null",
    b"\x1b[31m",
    b"\xE2\x80\xAE",
];

#[derive(Clone, Debug)]
enum Change {
    Insert(prop::sample::Index, &'static [u8]),
    Replace(prop::sample::Index, u8),
    Delete(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize),
    Truncate(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        5 => (at(), select(PIECES)).prop_map(|(at, piece)| Change::Insert(at, piece)),
        2 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        3 => (at(), 1..20_usize).prop_map(|(at, length)| Change::Delete(at, length)),
        2 => (at(), 1..60_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        1 => at().prop_map(Change::Truncate),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let length = bytes.len();
        let place = |at: &prop::sample::Index| at.index(length + 1);
        match change {
            Change::Insert(at, piece) => {
                drop(bytes.splice(place(at)..place(at), piece.iter().copied()))
            }
            Change::Replace(at, byte) => {
                if let Some(old) = bytes.get_mut(place(at)) {
                    *old = *byte;
                }
            }
            Change::Delete(at, part) => {
                drop(bytes.drain(place(at)..(place(at) + part).min(length)))
            }
            Change::Repeat(at, part) => {
                let part = bytes[place(at)..(place(at) + part).min(length)].to_vec();
                bytes.splice(place(at)..place(at), part);
            }
            Change::Truncate(at) => bytes.truncate(place(at)),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(60) })]

    #[test]
    fn random_bytes_end_well(bytes in vec(any::<u8>(), 0..300)) {
        for format in FORMATS {
            assert_ends_well("random bytes", format, &bytes);
        }
    }

    #[test]
    fn random_pieces_of_syntax_end_well(pieces in vec(select(PIECES), 0..40)) {
        for format in FORMATS {
            assert_ends_well("pieces", format, &pieces.concat());
        }
    }

    #[test]
    fn spoilt_declarations_end_well(format in select(&FORMATS[..]), changes in vec(change(), 1..6)) {
        assert_ends_well("spoilt", format, &changed(valid(format), &changes));
    }
}

#[test]
fn the_declarations_that_are_spoilt_are_valid_before() {
    for format in FORMATS {
        let folder = Folder::new();
        let name = format!("input.{format}");
        fs::write(folder.path(&name), valid(format)).unwrap();
        let seen = folder.run(&["render", &name]);
        assert_eq!(seen.status, Some(0), "{}", seen.err);
    }
}

#[test]
fn deep_nesting_ends_well() {
    const DEEP: usize = 100_000;
    let nested = |open: &str, middle: &str, close: &str| {
        format!("{}{middle}{}", open.repeat(DEEP), close.repeat(DEEP)).into_bytes()
    };
    let inputs: &[(&str, Vec<u8>)] = &[
        ("toml", [b"a = ".to_vec(), nested("[", "", "]")].concat()),
        ("toml", [b"a = ".to_vec(), nested("[", "", "")].concat()),
        ("toml", [b"a = ".to_vec(), nested("{a=", "1", "}")].concat()),
        ("toml", [b"a".to_vec(), nested(".a", " = 1", "")].concat()),
        ("toml", [b"[a".to_vec(), nested(".a", "]", "")].concat()),
        ("toml", nested("[", "a", "]")),
        ("json", nested("[", "", "]")),
        ("json", nested("[", "", "")),
        ("json", nested("{\"a\":", "1", "}")),
        ("json", nested("/*", "", "*/")),
        ("json", nested("", "1", "]")),
        ("nix", nested("[", "", "]")),
        ("nix", nested("{a=", "1", ";}")),
        ("nix", nested("{a=", "", "")),
        ("nix", nested("(", "1", ")")),
        ("nix", nested("a:", "1", "")),
        ("nix", nested("{}:", "{}", "")),
        ("nix", nested("with a;", "1", "")),
        ("nix", nested("let a=1; in ", "1", "")),
        ("nix", nested("let a=", "1", "; in a")),
        ("nix", nested("if a then ", "1", " else 2")),
        ("nix", nested("assert a;", "1", "")),
        ("nix", nested("-", "1", "")),
        ("nix", nested("!", "a", "")),
        ("nix", nested("\"${", "a", "}\"")),
        ("nix", nested("''${", "a", "}''")),
        ("nix", nested("1+", "1", "")),
        ("nix", nested("a++", "a", "")),
        ("nix", nested("a//", "a", "")),
        ("nix", nested("a->", "a", "")),
        ("nix", nested("f ", "a", "")),
        ("nix", nested("a.", "a", "")),
        ("nix", nested("<", "a", ">")),
        ("nix", nested("{ ", "a", " = 1; }")),
        (
            "nix",
            [b"{ a".to_vec(), nested(".a", " = 1; }", "")].concat(),
        ),
        ("nix", nested("rec{a=", "1", ";}")),
        ("nix", nested("[(", "1", ")]")),
    ];
    for (format, input) in inputs {
        let start = String::from_utf8_lossy(&input[..20]).into_owned();
        assert_ends_well(&format!("deep {start}"), format, input);
    }
}

#[test]
fn a_line_of_ten_megabytes_ends_well() {
    const LONG: usize = 10 << 20;
    let long = "x".repeat(LONG);
    let wide = "é".repeat(LONG / 2);
    let inputs: &[(&str, &str, String)] = &[
        ("a wrong word", "toml", long.clone()),
        ("a wrong word", "nix", long.clone()),
        ("a wrong word", "json", long.clone()),
        (
            "a long name",
            "toml",
            format!(
                "[[services.s.databases]]\ntype = \"postgresql\"\nname = \"{long}\"\nuser = \"u\""
            ),
        ),
        ("a long key", "toml", format!("{long} = 1")),
        (
            "a long key with wide letters",
            "json",
            format!("{{\"{wide}\": 1}}"),
        ),
        (
            "a long comment before a mistake",
            "toml",
            format!("a = [ 1, \"{wide}\" ] wrong"),
        ),
        (
            "a long string",
            "nix",
            format!("{{ services.s = \"{long}\"; }}"),
        ),
        (
            "long strings of dollars",
            "nix",
            format!("''{}''", "$".repeat(LONG)),
        ),
        ("quotes", "nix", "''".repeat(LONG / 2)),
        ("a long number", "json", "9".repeat(LONG)),
        ("a long number", "toml", format!("a = {}", "9".repeat(LONG))),
        ("blanks", "nix", " ".repeat(LONG)),
        ("lines", "toml", "\n".repeat(LONG)),
        ("lines", "json", "\n".repeat(LONG)),
        ("brackets", "json", "]".repeat(LONG)),
        (
            "backslashes",
            "toml",
            format!("a = \"{}", "\\".repeat(LONG)),
        ),
        (
            "a long enum value",
            "json",
            format!("{{\"databases\":[{{\"type\":\"{long}\",\"name\":\"a\",\"user\":\"a\"}}]}}"),
        ),
    ];
    for (what, format, input) in inputs {
        assert_ends_well(what, format, input.as_bytes());
    }
}

#[test]
fn very_many_mistakes_end_well() {
    let pieces = |count, piece: &dyn Fn(usize) -> String| (0..count).map(piece).collect::<String>();
    let many = |piece: &dyn Fn(usize) -> String| pieces(20_000, piece);
    // Each is compared with each.
    let some = |piece: &dyn Fn(usize) -> String| pieces(300, piece);
    let inputs: &[(&str, &str, String)] = &[
        ("unknown keys", "toml", many(&|i| format!("key{i} = 1\n"))),
        ("unknown keys on a line", "json", format!("{{{}\"a\":1}}", many(&|i| format!("\"servicez{i}\":1,")))),
        ("equal keys", "toml", "a = 1\n".repeat(20_000)),
        ("equal keys", "nix", format!("{{{}}}", "a = 1;".repeat(20_000))),
        ("unknown roles", "toml", format!("[[databases]]\ntype=\"postgresql\"\nname=\"a\"\nuser=\"a\"\naccess=[{}]", many(&|i| format!("{{role=\"r{i}\",preset=\"owner\"}},")))),
        ("databases without fields", "toml", "[[services.a.databases]]\n".repeat(20_000)),
        ("equal databases", "toml", "[[services.a.databases]]\ntype=\"postgresql\"\nname=\"a\"\nuser=\"a\"\n".repeat(20_000)),
        ("wrong types on a line", "json", format!("{{\"services\":{{\"a\":{{\"units\":[{}1]}}}}}}", "1,".repeat(20_000))),
        ("a chain of roles", "toml", many(&|i| format!("[[services.a.roles]]\nname=\"r{i}\"\nmemberOf=[\"r{}\"]\n", i + 1))),
        ("a ring of roles", "toml", many(&|i| format!("[[services.a.roles]]\nname=\"r{i}\"\nmemberOf=[\"r{}\"]\n", (i + 1) % 20_000))),
        ("shadowed rules", "toml", format!("[instances.main]\n{}", "[[instances.main.authentication]]\ntype=\"host\"\ndatabases=\"all\"\nusers=\"all\"\naddress=\"all\"\nmethod=\"trust\"\n".repeat(20_000))),
        ("rules of many", "toml", many(&|i| format!("[[instances.main.authentication]]\ntype=\"host\"\ndatabases=[\"d{i}\"]\nusers=[\"u{i}\"]\naddress=\"10.0.0.0/8\"\nmethod=\"md5\"\n"))),
        ("regular expressions", "toml", some(&|i| format!("[[instances.main.authentication]]\ntype=\"local\"\ndatabases=[{{regex=\"^(a*)*{i}$\"}}]\nusers=\"all\"\nmethod=\"peer\"\n"))),
        ("one regular expression", "toml", format!("[[instances.main.authentication]]\ntype=\"local\"\ndatabases=[{{regex='{}'}}]\nusers=\"all\"\nmethod=\"peer\"\n", "(".repeat(100_000))),
    ];
    for (what, format, input) in inputs {
        assert_ends_well(what, format, input.as_bytes());
    }
}

#[test]
fn odd_encodings_end_well() {
    for format in FORMATS {
        let good = valid(format);
        let text = String::from_utf8(good.clone()).unwrap();
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let inputs = [
            ("nothing", vec![]),
            ("a byte order mark alone", b"\xEF\xBB\xBF".to_vec()),
            ("UTF-16", [b"\xFF\xFE".to_vec(), utf_16].concat()),
            ("Latin-1", [&good[..], b"# caf\xE9\n"].concat()),
            ("NUL at the end", [&good[..], b"\0"].concat()),
            ("NUL at the start", [b"\0", &good[..]].concat()),
            ("half a character", [&good[..], b"# \xE2\x82"].concat()),
            (
                "old Macintosh line ends",
                text.replace('\n', "\r").into_bytes(),
            ),
        ];
        for (what, input) in inputs {
            assert_ends_well(what, format, &input);
        }
        // These two are only ways to write the same.
        for (what, input) in [
            ("a byte order mark", [b"\xEF\xBB\xBF", &good[..]].concat()),
            ("CRLF", text.replace('\n', "\r\n").into_bytes()),
        ] {
            assert_ends_well(what, format, &input);
            // Nix keeps the CR in its '' strings, so there CRLF is another text.
            if format != "nix" || what != "CRLF" {
                assert_same_module(what, format, &good, &input);
            }
        }
        for end in 0..good.len() / 8 {
            assert_ends_well("cut short", format, &good[..end * 8]);
        }
    }
}

fn assert_same_module(what: &str, format: &str, a: &[u8], b: &[u8]) {
    let folder = Folder::new();
    let modules = [("a", a), ("b", b)].map(|(stem, input)| {
        let name = format!("{stem}.{format}");
        fs::write(folder.path(&name), input).unwrap();
        let seen = folder.run(&["render", &name]);
        assert_eq!(seen.status, Some(0), "{what}: {}", seen.err);
        seen.out
    });
    assert_eq!(modules[0], modules[1], "{what}, {format}");
}

#[test]
fn odd_files_end_well() {
    let folder = Folder::with(&[("folder.toml/kept", "")]);
    std::os::unix::fs::symlink("loop.toml", folder.path("loop.toml")).unwrap();
    std::os::unix::fs::symlink(".", folder.path("folder.toml/self")).unwrap();
    std::os::unix::fs::symlink("nothing.toml", folder.path("folder.toml/dangling.toml")).unwrap();
    for input in ["folder.toml", "loop.toml", ".", "/dev/null", ""] {
        let line = format!("{LIMITS}; exec timeout -s KILL 60 dbgen render '{input}'");
        let seen = folder.sh(&line);
        assert_eq!(
            (seen.status, seen.out.as_str()),
            (Some(2), ""),
            "{input}: {}",
            seen.err
        );
    }
    let endless = folder.sh(&format!(
        "{LIMITS}; timeout -s KILL 60 dbgen check --stdin-filename in.toml - </dev/zero"
    ));
    assert_eq!(
        (endless.status, endless.out.as_str()),
        (Some(2), ""),
        "{}",
        endless.err
    );
    assert!(Path::new("/dev/zero").exists());
}
