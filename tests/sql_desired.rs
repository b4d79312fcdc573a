//! What the provisioning program is told of declarations: the three documents, presets taken apart, and what follows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::{Path, PathBuf};

use dbgen::catalog::{Catalog, Instance, MAIN};
use dbgen::declaration::load::{Input, load};
use dbgen::emit::sql::{Secrets, desired};
use dbgen::postgres::quote::{quote_connection, quote_identifier, quote_literal, quote_psql};
use serde_json::Value;
use support::postgres::each_server;

fn catalog(path: PathBuf) -> Catalog {
    let input = Input {
        paths: vec![path],
        ..Input::default()
    };
    let loaded = load(&input).unwrap();
    let messages: Vec<_> = loaded.findings.iter().map(|it| &it.message).collect();
    loaded.catalog.unwrap_or_else(|| panic!("{messages:#?}"))
}

fn declared(toml: &str) -> Catalog {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("services.toml");
    std::fs::write(&path, toml).unwrap();
    catalog(path)
}

fn main_of(catalog: &Catalog) -> &Instance {
    catalog.instances.get(MAIN).unwrap()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The document of a database's contents.
fn contents(catalog: &Catalog, name: &str) -> Value {
    let desired = desired(main_of(catalog), &Secrets::None);
    parsed(&desired.contents[name])
}

/// The grants on the database itself.
fn on_database(catalog: &Catalog, name: &str) -> Value {
    let desired = desired(main_of(catalog), &Secrets::None);
    let databases = parsed(&desired.databases);
    let databases = databases["databases"].as_array().unwrap();
    let database = databases.iter().find(|it| it["name"] == name).unwrap();
    database["grants"].clone()
}

/// One text that a person can read.
fn shown(catalog: &Catalog, secrets: &Secrets) -> String {
    let desired = desired(main_of(catalog), secrets);
    let mut shown = format!("{}\n{}\n", desired.roles, desired.databases);
    for contents in desired.contents.values() {
        shown += contents;
        shown += "\n";
    }
    shown
}

#[test]
fn the_documents_of_the_example() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/homelab");
    let secrets = Secrets::Directory("/run/credentials/dbgen-provision.service");
    insta::assert_snapshot!("homelab", shown(&catalog(example), &secrets));
}

const PRESETS: &str = r#"
[[services.shop.databases]]
type = "postgresql"
name = "shop"
user = "shop"
schemas = ["app", { name = "theirs", owner = "partner" }]
access = [
  { role = "reader", preset = "read-only", schemas = ["app"] },
  { role = "writer", preset = "read-write", schemas = ["app"] },
  { role = "boss", preset = "owner", schemas = ["app", "theirs"] },
]

[services.shop]
roles = [{ name = "reader" }, { name = "writer" }, { name = "boss" }, { name = "partner" }]
"#;

#[test]
fn the_documents_of_presets() {
    insta::assert_snapshot!("presets", shown(&declared(PRESETS), &Secrets::None));
}

#[test]
fn any_name_is_connected_to() {
    let names = [
        "plain",
        "two words",
        "it's",
        "back\\slash\\",
        "\\'",
        "a=b dbname='postgres'",
        "postgres://nobody@nowhere/x",
        "`touch /tmp/x` :name :'name' $HOME %n",
        "\"quoted\"",
        "größe ✓",
        "-x",
        "select",
    ];
    each_server("any_name_is_connected_to", |server| {
        let mut script = "\\set name wrong\n".to_owned();
        for name in names {
            let quoted = quote_identifier(name);
            server.sql("postgres", &format!("CREATE DATABASE {quoted}"));
            let (connect, shown) = (quote_connection(name), quote_psql(name));
            script += &format!("\\connect -reuse-previous=on {connect}\n");
            script += &format!("\\set is {shown}\nSELECT current_database() = :'is';\n");
            script += &format!("SELECT current_database() = {};\n", quote_literal(name));
        }
        assert_eq!(server.sql("postgres", &script), ["t"; 24].join("\n"));
    });
}
