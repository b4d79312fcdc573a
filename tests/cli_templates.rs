//! `dbgen render --templates DIR`: the person's own templates, and what becomes of mistakes in them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/run.rs"]
mod run;

use run::{Folder, Seen};

const IMMICH: &str = "[[services.immich.databases]]
type = \"postgresql\"
name = \"immich\"
user = \"immich\"
";

/// Renders with this template over an old file; the old file's text afterwards.
fn rendered_with(template: &str) -> (Seen, String) {
    let folder = Folder::with(&[
        ("in.toml", IMMICH),
        ("own/module.nix.j2", template),
        ("out.nix", "# the old one\n"),
    ]);
    let seen = folder.run(&["render", "in.toml", "-o", "out.nix", "--templates", "own"]);
    assert_eq!(folder.names("."), ["in.toml", "out.nix", "own"]);
    (seen, folder.read("out.nix"))
}

fn refused_with(template: &str, parts: &[&str]) {
    let (seen, file) = rendered_with(template);
    assert_eq!(
        (seen.status, seen.out.as_str()),
        (Some(2), ""),
        "{template}"
    );
    for part in parts {
        assert!(seen.err.contains(part), "{part}: {}", seen.err);
    }
    assert_eq!(file, "# the old one\n", "{template}");
}

#[test]
fn a_template_of_ones_own_replaces_the_built_in_one() {
    let (seen, file) = rendered_with(
        "# mine\n{\n  services.postgresql.{{ ensureDatabases | binding(\"ensureDatabases\", 2) }}\n}\n",
    );
    assert_eq!(seen.status, Some(0), "{}", seen.err);
    assert_eq!(
        file,
        "# mine\n{\n  services.postgresql.ensureDatabases = [\n    \"immich\"\n  ];\n}\n"
    );
}

#[test]
fn a_folder_without_the_template_leaves_the_built_in_one() {
    let folder = Folder::with(&[("in.toml", IMMICH), ("own/other.txt", "")]);
    let own = folder.run(&["render", "in.toml", "--templates", "own"]);
    assert_eq!(own.out, folder.run(&["render", "in.toml"]).out);
}

#[test]
fn a_mistake_in_a_template_is_told_with_its_line() {
    refused_with("{ }\n\n{% if %}\n", &["module.nix.j2", "line 3"]);
    refused_with("{ }\n{% endif %}\n", &["module.nix.j2", "line 2"]);
    refused_with(
        "{\n  a = {{ nothing_of_this_name }};\n}\n",
        &["module.nix.j2", "line 2"],
    );
    refused_with(
        "{\n\n\n  a = {{ databases | no_such_filter }};\n}\n",
        &["module.nix.j2", "line 4", "no_such_filter"],
    );
}

#[test]
fn a_template_without_end_is_stopped() {
    let endless = "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}\n";
    refused_with(endless, &["module.nix.j2"]);
}

#[test]
fn what_nix_would_refuse_is_never_written() {
    for wrong in [
        "{ a = 1; a = 2; }\n",
        "{ a = 1;\n",
        "{ a = undefined_here; }\n",
        "{ a.b = 1; a = { b = 2; }; }\n",
        "{ a = 99999999999999999999; }\n",
        "}\n",
        "",
    ] {
        refused_with(wrong, &["Nix would refuse"]);
    }
}

#[test]
fn a_template_folder_that_is_missing_is_told() {
    let folder = Folder::with(&[("in.toml", IMMICH)]);
    let seen = folder.run(&["render", "in.toml", "--templates", "no/such/folder"]);
    assert_eq!(
        (seen.status, seen.out.as_str()),
        (Some(2), ""),
        "{}",
        seen.err
    );
    assert!(seen.err.contains("no/such/folder"), "{}", seen.err);
}
