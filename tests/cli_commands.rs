//! The commands beside render: their help, where their results go, how they end, what they write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/run.rs"]
mod run;

use std::os::unix::fs::PermissionsExt;

use run::Folder;
use serde_json::Value;

const COMMANDS: [&str; 14] = [
    "check",
    "render",
    "hba",
    "plan",
    "apply",
    "verify",
    "sql",
    "rotate",
    "explain",
    "schema",
    "init",
    "new",
    "completions",
    "man",
];
const FORMATS: [&str; 5] = ["human", "concise", "json", "github", "sarif"];

const IMMICH: &str =
    "[[services.immich.databases]]\ntype = \"postgresql\"\nname = \"immich\"\nuser = \"immich\"\n";
const WARNED: &str =
    "[[services.photos.databases]]\ntype = \"postgresql\"\nname = \"bob's\"\nuser = \"photos\"\n";
const WRONG: &str = "[[services.immich.databases]]\ntype = \"postgres\"\nname = \"immich\"\n";

#[test]
fn every_command_has_help_and_no_other_command_is_there() {
    let folder = Folder::new();
    let all = folder.run(&["--help"]);
    assert_eq!((all.status, all.err.as_str()), (Some(0), ""));
    let listed: Vec<&str> = all
        .out
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert_eq!(listed, COMMANDS);
    for command in COMMANDS {
        for seen in [
            folder.run(&[command, "--help"]),
            folder.run(&["help", command]),
        ] {
            assert_eq!((seen.status, seen.err.as_str()), (Some(0), ""));
            assert!(seen.out.contains("Example"), "{command}: {}", seen.out);
            assert!(
                seen.out.lines().all(|line| line.chars().count() <= 120),
                "{command}"
            );
        }
    }
    let version = folder.run(&["--version"]);
    assert_eq!(
        version.out,
        format!("dbgen {}\n", env!("CARGO_PKG_VERSION"))
    );
}

/// A psql that has a server on which nothing is to be done.
const PSQL: &str = r#"#!/bin/sh
cat > read
# A login that is only tried.
[ -s read ] || exit 0
if grep -q pg_stat_activity read; then
  cat facts
  exit
fi
case "$*" in
  *mode=plan* | *mode=apply*)
    for scope in '"roles"' '"databases"' '"contents","database":"immich"'; do
      printf '{"version":1,"scope":%s,"steps":[]}\n' "$scope"
    done ;;
  *)
    printf '{"version":170000,"recovery":false,"user":"postgres","superuser":true,"createRole":true,"createDatabase":true,"iterations":4096}\n{}\n' ;;
esac
"#;

/// What that server says to a verification.
const FACTS: &str = r#"{
  "version": 170000, "release": "17.0", "user": "postgres", "recovery": false, "host": "/run/postgresql", "port": "5432",
  "listenAddresses": "localhost", "tls": false, "maxConnections": 100, "reserved": 3, "connections": 1, "loaded": 1.5,
  "roles": { "immich": { "login": true, "superuser": false, "connectionLimit": -1, "connections": 0, "expired": false, "memberOf": [] } },
  "databases": { "immich": { "owner": "immich", "fixed": [],
    "allowsConnections": true, "connectionLimit": -1, "connections": 0, "mayConnect": ["immich"] } }
}"#;

/// The command lines among the examples of a help text.
fn examples(help: &str) -> Vec<String> {
    let lines = help
        .lines()
        .skip_while(|line| !line.starts_with("Example"))
        .skip(1);
    let lines = lines.take_while(|line| line.starts_with("  "));
    let typed = lines.map(|line| {
        line.trim()
            .split("   ")
            .next()
            .unwrap()
            .split("  ")
            .next()
            .unwrap()
    });
    typed
        .filter(|line| line.contains("dbgen "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_example_in_the_help_is_a_command_line_that_works() {
    let help = Folder::new();
    let mut lines = examples(&help.run(&["--help"]).out);
    for command in COMMANDS {
        let own = examples(&help.run(&[command, "--help"]).out);
        assert!(!own.is_empty(), "{command}");
        lines.extend(own);
    }
    assert!(lines.len() > 15, "{lines:?}");
    for line in lines {
        let hba = "local all all peer\nhost all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n";
        let source = match line.contains(" rotate ") {
            true => "generate = true",
            false => "file = \"/run/secrets/immich\"",
        };
        let password = format!("password = {{ {source} }}\n");
        let folder = Folder::with(&[
            (
                "services/immich.toml",
                &(IMMICH.replace("services.immich.databases", "databases") + &password),
            ),
            ("immich.secret", "secret"),
            ("bin/psql", PSQL),
            ("bin/systemctl", "#!/bin/sh\n"),
            ("passwords/immich", ""),
            ("facts", FACTS),
            ("pg_hba.conf", hba),
            ("pg_ident.conf", ""),
            (".config/fish/completions/kept", ""),
        ]);
        if !line.contains("init") {
            folder.write(
                "dbgen.toml",
                "[project]\ninclude = [\"services/*.toml\"]\noutput = \"postgresql.nix\"\n",
            );
            assert_eq!(folder.run(&["render"]).status, Some(0));
        }
        if line.contains(" new ") {
            std::fs::remove_file(folder.path("services/immich.toml")).unwrap();
        }
        // Nix and the reader of man pages are replaced by what they would print.
        let line = line
            .replace(
                "nix eval --json --apply 's: { services = s; }' .#services",
                "echo '{\"services\":{}}'",
            )
            .replace("nix eval --json .#declarations", "echo '{\"services\":{}}'")
            .replace("/etc/pg_hba.conf", "pg_hba.conf")
            .replace("/var/lib/node_exporter/", "")
            .replace("dbgen rotate", "dbgen rotate --directory passwords")
            .replace("man ./man/dbgen.1", "test -s man/dbgen.1");
        for program in ["bin/psql", "bin/systemctl"] {
            let executable = PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(folder.path(program), executable).unwrap();
        }
        let seen = folder.sh(&format!("HOME=$PWD; PATH=$PWD/bin:$PATH; {line}"));
        assert_eq!(seen.status, Some(0), "{line}: {}{}", seen.out, seen.err);
    }
}

#[test]
fn check_tells_on_standard_output_and_by_its_exit_status_in_every_format() {
    let folder = Folder::with(&[
        ("fine.toml", IMMICH),
        ("warned.toml", WARNED),
        ("wrong.toml", WRONG),
    ]);
    for format in FORMATS {
        for (input, strict, status) in [
            ("fine", false, 0),
            ("warned", false, 0),
            ("warned", true, 1),
            ("wrong", false, 1),
            ("fine", true, 0),
        ] {
            let input = format!("{input}.toml");
            let mut arguments = vec!["check", &input, "--output-format", format];
            arguments.extend(strict.then_some("--deny-warnings"));
            let seen = folder.run(&arguments);
            assert_eq!(seen.status, Some(status), "{arguments:?}");
            assert_eq!(seen.err, "", "{arguments:?}");
            let is_document = matches!(format, "json" | "sarif");
            assert_eq!(
                seen.out.is_empty(),
                input == "fine.toml" && !is_document,
                "{arguments:?}: {}",
                seen.out
            );
            if is_document {
                serde_json::from_str::<Value>(&seen.out).unwrap();
            }
            assert!(!seen.out.contains('\x1b'), "{arguments:?}");
        }
        // What is no result goes to the other stream, whatever the format.
        let missing = folder.run(&["check", "missing.toml", "--output-format", format]);
        assert_eq!((missing.status, missing.out.as_str()), (Some(2), ""));
        // Beside a module the findings are no result.
        let rendered = folder.run(&["render", "wrong.toml", "--output-format", format]);
        assert_eq!((rendered.status, rendered.out.as_str()), (Some(1), ""));
        assert!(!rendered.err.is_empty());
    }
}

#[test]
fn the_format_can_come_from_the_environment_and_colours_only_on_demand() {
    let folder = Folder::with(&[("wrong.toml", WRONG)]);
    let json = folder.sh("DBGEN_OUTPUT_FORMAT=json dbgen check wrong.toml");
    assert!(
        serde_json::from_str::<Value>(&json.out).is_ok(),
        "{}",
        json.out
    );
    assert_eq!(
        folder
            .sh("DBGEN_OUTPUT_FORMAT=yaml dbgen check wrong.toml")
            .status,
        Some(2)
    );
    assert!(
        folder
            .sh("unset NO_COLOR; dbgen check wrong.toml --color always")
            .out
            .contains('\x1b')
    );
    assert!(
        !folder
            .sh("unset NO_COLOR; dbgen check wrong.toml")
            .out
            .contains('\x1b')
    );
    assert!(
        !folder
            .sh("unset NO_COLOR; dbgen check wrong.toml --color never")
            .out
            .contains('\x1b')
    );
}

#[test]
fn an_empty_variable_for_the_format_is_none() {
    let folder = Folder::with(&[("wrong.toml", WRONG)]);
    let seen = folder.sh("DBGEN_OUTPUT_FORMAT= dbgen check wrong.toml");
    assert_eq!(seen.status, Some(1), "{}", seen.err);
    assert_eq!(seen.out, folder.run(&["check", "wrong.toml"]).out);
    let named = folder.sh("DBGEN_OUTPUT_FORMAT= dbgen check wrong.toml --output-format ''");
    assert_eq!(named.status, Some(2), "{}", named.out);
}

#[test]
fn every_text_for_a_person_has_colours_when_they_are_wanted_and_only_then() {
    let folder = Folder::with(&[
        (
            "app.toml",
            "[[databases]]\ntype = \"postgresql\"\nname = \"app\"\nuser = \"app\"\n",
        ),
        ("pg_hba.conf", "local all all peer\n"),
        ("wrong.toml", WRONG),
        ("old.nix", "{ }\n"),
    ]);
    for (line, coloured) in [
        ("render app.toml -o old.nix --check --diff", "\x1b[32m+"),
        ("render app.toml -o old.nix --check --diff", "\x1b[91m-{"),
        ("hba app.toml --pg-hba pg_hba.conf", "\x1b[91m<- declared"),
        ("hba app.toml", "\x1b[32mlet in"),
        ("check wrong.toml", "\x1b[91merror["),
        ("render wrong.toml", "\x1b[91merror["),
        ("render absent.toml", "\x1b[91mdbgen:\x1b[0m cannot read"),
        ("--help", "\x1b[4mUsage:"),
        ("render --nonsense", "\x1b[31merror:"),
    ] {
        let always = folder.sh(&format!("unset NO_COLOR; dbgen --color always {line} 2>&1"));
        let shown = always.out.replace("\x1b[1m", "");
        assert!(shown.contains(coloured), "{line}: {:?}", always.out);
        for never in [
            "unset NO_COLOR; dbgen",
            "CLICOLOR_FORCE=1 dbgen --color=never",
            "dbgen",
        ] {
            let seen = folder.sh(&format!("{never} {line} 2>&1"));
            assert!(!seen.out.contains('\x1b'), "{never} {line}: {:?}", seen.out);
            assert_eq!(seen.status, always.status, "{line}");
        }
    }
    // What is no text for a person never has any.
    for line in [
        "check --output-format json wrong.toml",
        "check --output-format concise wrong.toml",
        "check --output-format github wrong.toml",
        "render app.toml",
        "schema",
        "sql app.toml",
        "hba app.toml --output-format json",
    ] {
        let seen = folder.sh(&format!("unset NO_COLOR; dbgen --color always {line}"));
        assert!(
            !seen.out.is_empty() && !seen.out.contains('\x1b'),
            "{line}: {:?}",
            seen.out
        );
    }
}

#[test]
fn explain_knows_a_near_code() {
    let folder = Folder::new();
    let seen = folder.run(&["explain", "duplicate-databse"]);
    assert_eq!((seen.status, seen.out.as_str()), (Some(2), ""));
    assert!(seen.err.contains("`duplicate-database`"), "{}", seen.err);
}

#[test]
fn only_what_changes_a_server_can_remove() {
    let help = |command: &str| Folder::new().run(&[command, "--help"]).out;
    for command in ["plan", "apply"] {
        assert!(help(command).contains("--remove"), "{command}");
    }
    assert!(!help("verify").contains("--remove"));
    let verify = Folder::new().run(&["verify", "--remove"]);
    assert_eq!(verify.status, Some(2), "{verify:?}");
    assert!(
        verify.err.contains("unexpected argument '--remove'"),
        "{verify:?}"
    );
}

#[test]
fn shells_accept_their_completions() {
    let test = "shells_accept_their_completions";
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let seen = folder.run(&["completions", shell]);
        assert_eq!((seen.status, seen.err.as_str()), (Some(0), ""));
        for command in COMMANDS {
            assert!(seen.out.contains(command), "{shell}: {command}");
        }
        folder.write(shell, &seen.out);
    }
    for shell in ["bash", "zsh", "fish"] {
        if run::has(shell, test) {
            let seen = folder.sh(&format!("{shell} -n {shell}"));
            assert_eq!((seen.status, seen.err.as_str()), (Some(0), ""), "{shell}");
        }
    }
    let completed = folder.sh("bash -c '. ./bash; COMP_WORDS=(dbgen re); COMP_CWORD=1; _dbgen dbgen re dbgen; echo ${COMPREPLY[@]}'");
    assert_eq!(completed.out, "render\n", "{}", completed.err);
}

#[test]
fn man_pages_have_no_warnings() {
    let test = "man_pages_have_no_warnings";
    let folder = Folder::new();
    let seen = folder.run(&["man", "pages/below"]);
    assert_eq!(
        (seen.status, seen.out.as_str(), seen.err.as_str()),
        (Some(0), "", "")
    );
    let pages = folder.names("pages/below");
    assert!(pages.contains(&"dbgen.1".to_owned()));
    for command in COMMANDS {
        assert!(pages.contains(&format!("dbgen-{command}.1")), "{pages:?}");
    }
    if run::has("groff", test) {
        for page in &pages {
            let seen = folder.sh(&format!("groff -man -Tutf8 -ww pages/below/{page}"));
            assert_eq!((seen.status, seen.err.as_str()), (Some(0), ""), "{page}");
            assert!(seen.out.contains("dbgen"), "{page}");
        }
    }
    let rotate = folder.read("pages/below/dbgen-rotate.1");
    let sections = [
        ".SH NOTES",
        ".SH EXAMPLES",
        "\n.EX\ndbgen rotate immich\ndbgen rotate immich services/\n.EE",
    ];
    let places = sections.map(|part| rotate.find(part));
    assert!(
        places.is_sorted() && places[0].is_some(),
        "{places:?}: {rotate}"
    );
    if run::has("man", test) {
        // A line of an example is one line, however long.
        let shown = folder.sh("MANWIDTH=60 man -l pages/below/dbgen-apply.1 | cat");
        let example =
            "dbgen apply --password-file immich=immich.secret --connect 'host=db user=postgres'\n";
        assert!(shown.out.contains(example), "{}", shown.out);
        assert!(shown.out.contains("\nEXIT STATUS\n"), "{}", shown.out);
        for page in &pages {
            let seen = folder.sh(&format!(
                "MANWIDTH=100 man --warnings -l pages/below/{page}"
            ));
            assert_eq!((seen.status, seen.err.as_str()), (Some(0), ""), "{page}");
        }
    }
}

#[test]
fn a_project_starts_with_init_and_new_and_is_never_overwritten() {
    let folder = Folder::new();
    let seen = folder.run(&["init"]);
    assert_eq!(
        (seen.status, seen.out.as_str()),
        (Some(0), ""),
        "{}",
        seen.err
    );
    assert_eq!(folder.run(&["new", "immich"]).status, Some(0));
    let checked = folder.run(&["check"]);
    assert_eq!(
        (checked.status, checked.out.as_str(), checked.err.as_str()),
        (Some(0), "", "")
    );
    assert_eq!(folder.run(&["render"]).status, Some(0));
    assert!(folder.read("postgresql.nix").contains("immich = {"));
    assert_eq!(folder.run(&["render", "--check"]).status, Some(0));

    folder.write("dbgen.toml", "# mine\n");
    folder.write("services/immich.toml", "# mine\n");
    let before = folder.names(".");
    for again in [folder.run(&["init"]), folder.run(&["new", "immich"])] {
        assert_eq!((again.status, again.out.as_str()), (Some(2), ""));
        assert!(again.err.contains("exists already"), "{}", again.err);
    }
    assert_eq!(folder.read("dbgen.toml"), "# mine\n");
    assert_eq!(folder.read("services/immich.toml"), "# mine\n");
    assert_eq!(folder.names("."), before);
}

#[test]
fn init_makes_a_project_in_a_folder_of_its_own() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["init", "deep/below"]).status, Some(0));
    assert!(
        folder
            .names("deep/below")
            .contains(&"dbgen.toml".to_owned())
    );
    assert_eq!(folder.names("."), ["deep"]);
}

#[test]
fn what_new_writes_declares_a_database_of_the_services_name_whatever_the_name() {
    for service in [
        "two words",
        "a\"b'c",
        "back\\slash",
        "${x}",
        "''",
        "Größe",
        "日本語",
        "a.b",
        "x.toml",
        "@NAME@",
        "a@SERVICE@b",
        "\"@SERVICE@",
        "@UNIT@",
        "[x]",
        "*",
        "# x",
        "-",
    ] {
        let folder = Folder::new();
        assert_eq!(folder.run(&["init"]).status, Some(0));
        let seen = folder.run(&["new", "--", service]);
        assert_eq!(seen.status, Some(0), "{service}: {}", seen.err);
        assert_eq!(folder.names("services").len(), 1, "{service}");
        let rendered = folder.run(&["hba", "--output-format", "json"]);
        assert_eq!(rendered.status, Some(0), "{service}: {}", rendered.err);
        let report: Value = serde_json::from_str(&rendered.out).unwrap();
        assert_eq!(report["logins"][0]["database"], service);
        assert_eq!(report["logins"][0]["user"], service);
        // The service is named like its file.
        let module = folder.run(&["render", "-o", "-"]).out;
        assert_eq!(module.matches("passwordFile =").count(), 0, "{service}");
        let quoted = format!(
            "\"{}\"",
            service
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace("${", "\\${")
        );
        let as_service = [
            format!("      {quoted} = {{\n"),
            format!("      {service} = {{\n"),
        ];
        assert!(
            as_service.iter().any(|line| module.contains(line.as_str())),
            "{service}: {module}"
        );
    }
}

#[test]
fn new_refuses_what_can_be_no_service_or_would_never_be_read() {
    let long = "n".repeat(64);
    for service in [
        "",
        ".",
        "..",
        "a/b",
        "/a",
        ".hidden",
        "a\nb",
        &long,
        "dbgen",
        "default",
        "postgres",
        "template0",
        "pg_x",
    ] {
        let folder = Folder::new();
        let seen = folder.run(&["new", "--", service]);
        assert_eq!(
            (seen.status, seen.out.as_str()),
            (Some(2), ""),
            "{service:?}: {}",
            seen.err
        );
        assert_eq!(folder.names("."), [""; 0], "{service:?}");
    }
}

#[test]
fn hba_names_the_included_file_and_says_perhaps_of_a_host_name() {
    let main = "host all all .example.org trust\ninclude more.conf\n";
    let folder = Folder::with(&[
        ("immich.toml", IMMICH),
        ("pg_hba.conf", main),
        ("more.conf", "\nlocal all all peer\n"),
    ]);
    let hba = ["hba", "--pg-hba", "pg_hba.conf", "immich.toml"];
    let seen = folder.run(&hba);
    for line in [
        "  socket     let in (peer)                     more.conf line 2: local all all peer\n",
        "  ::1        depends on the host               perhaps line 1: host all all \".example.org\" trust\n",
    ] {
        assert!(seen.out.contains(line), "{}", seen.out);
    }
    folder.write("more.conf", "local all all nonsense\n");
    let seen = folder.run(&hba);
    assert_eq!(seen.status, Some(2));
    let told = "`pg_hba.conf`, which has 1 error; more.conf line 1: ";
    assert!(seen.err.contains(told), "{}", seen.err);
}
