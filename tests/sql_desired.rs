//! What the provisioning program is told of declarations: the three documents, presets taken apart, and what follows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dbgen::catalog::{Catalog, Instance, MAIN, PasswordSource};
use dbgen::declaration::load::{Input, load};
use dbgen::emit::sql::{Secrets, credentials, desired};
use dbgen::postgres::identifier::Identifier;
use dbgen::postgres::quote::{quote_connection, quote_identifier, quote_literal, quote_psql};
use serde_json::{Value, json};
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

#[test]
fn a_grant_on_an_object_opens_the_way_to_it() {
    let catalog = declared(
        r#"
[[services.shop.databases]]
type = "postgresql"
name = "shop"
user = "shop"
owner = "boss"
schemas = [{ name = "theirs", owner = "partner" }]
grants = [
  { role = "reader", privileges = ["SELECT"], on = { table = "app.orders" } },
  { role = "reader", privileges = ["INSERT"], on = { table = "app.orders" } },
  { role = "reader", privileges = ["DELETE"], on = { table = "app.orders" }, withGrantOption = true },
  { role = "reader", privileges = ["SELECT"], on = { table = "pg_catalog.pg_authid" } },
  { role = "partner", privileges = ["EXECUTE"], on = { function = "theirs.f(integer, text[])" } },
  { role = "public", privileges = ["SELECT"], on = { table = "app.news", columns = ["title", "body"] } },
  { role = "tuner", privileges = ["SET"], on = { parameter = "Work_Mem" } },
  { role = "tuner", privileges = ["CREATE"], on = { tablespace = "fast" } },
  { role = "speaker", privileges = ["USAGE"], on = { language = "plpgsql" } },
  { role = "speaker", privileges = ["ALL"], on = { largeObject = "17" } },
]

[services.shop]
roles = [{ name = "boss" }, { name = "reader" }, { name = "partner" }, { name = "tuner" }, { name = "speaker" }]
"#,
    );
    // Tablespaces and parameters lie in no database; PUBLIC and the owner need no way.
    assert_eq!(
        on_database(&catalog, "shop"),
        json!([
            { "grantee": "partner", "privileges": ["CONNECT"] },
            { "grantee": "reader", "privileges": ["CONNECT"] },
            { "grantee": "shop", "privileges": ["CONNECT"] },
            { "grantee": "speaker", "privileges": ["CONNECT"] },
        ])
    );
    assert_eq!(
        contents(&catalog, "shop")["grants"],
        json!([
            { "kind": "schema", "name": "app", "grantee": "reader", "privileges": ["USAGE"] },
            { "kind": "table", "schema": "app", "name": "orders", "grantee": "reader", "privileges": ["SELECT", "INSERT"] },
            { "kind": "table", "schema": "app", "name": "orders", "grantee": "reader", "privileges": ["DELETE"], "grantable": true },
            { "kind": "table", "schema": "pg_catalog", "name": "pg_authid", "grantee": "reader", "privileges": ["SELECT"] },
            { "kind": "column", "schema": "app", "name": "news", "columns": ["body", "title"], "grantee": null, "privileges": ["SELECT"] },
            { "kind": "function", "schema": "theirs", "name": "f", "arguments": ["integer", "text[]"], "grantee": "partner", "privileges": ["EXECUTE"] },
            { "kind": "language", "name": "plpgsql", "grantee": "speaker", "privileges": ["USAGE"] },
            { "kind": "largeObject", "oid": 17, "grantee": "speaker", "privileges": null },
        ])
    );
    let desired = desired(main_of(&catalog), &Secrets::None);
    let databases = parsed(&desired.databases);
    assert_eq!(
        databases["parameters"],
        json!([{ "name": "work_mem", "grantee": "tuner", "privileges": ["SET"] }])
    );
    assert_eq!(
        databases["tablespaces"],
        json!([{ "name": "fast", "grantee": "tuner", "privileges": ["CREATE"] }])
    );
}

#[test]
fn a_wildcard_holds_for_what_comes_later_where_the_server_can_tell() {
    let catalog = declared(
        r#"
[[services.shop.databases]]
type = "postgresql"
name = "shop"
user = "shop"
schemas = [{ name = "theirs", owner = "partner" }]
extensions = [{ name = "hstore", schema = "ext" }, { name = "citext", schema = "public" }]
grants = [
  { role = "partner", privileges = ["SELECT"], on = { table = "theirs.*" } },
  { role = "partner", privileges = ["EXECUTE"], on = { function = "theirs.*" } },
  { role = "partner", privileges = ["USAGE"], on = { domain = "theirs.*" } },
  { role = "public", privileges = ["USAGE"], on = { type = "app.*" } },
]
defaultPrivileges = [{ creator = "maker", on = "schemas", role = "partner", privileges = ["USAGE"] }]

[services.shop]
roles = [{ name = "partner" }, { name = "maker" }]
"#,
    );
    let contents = contents(&catalog, "shop");
    assert_eq!(
        contents["defaults"],
        json!([
            { "creator": "maker", "on": "n", "grantee": "partner", "privileges": ["USAGE"] },
            // The partner owns what it creates.
            { "creator": "shop", "schema": "app", "on": "T", "grantee": null, "privileges": ["USAGE"] },
            { "creator": "shop", "schema": "theirs", "on": "r", "grantee": "partner", "privileges": ["SELECT"] },
        ])
    );
    assert_eq!(contents["creators"], json!(["maker", "partner", "shop"]));
    assert_eq!(
        contents["schemas"],
        json!([{ "name": "ext", "owner": "shop" }, { "name": "theirs", "owner": "partner" }])
    );
}

#[test]
fn whoever_an_authentication_rule_names_may_connect() {
    let rule = |users: &str, databases: &str, method: &str| {
        format!(
            "[[instances.main.authentication]]\ntype = \"local\"\nusers = {users}\ndatabases = {databases}\nmethod = \"{method}\"\n"
        )
    };
    let rules = [
        rule("[\"everywhere\"]", "\"all\"", "peer"),
        rule("[\"here\"]", "[\"shop\"]", "peer"),
        rule("[\"elsewhere\"]", "[\"other\"]", "peer"),
        rule("[\"named\"]", "\"sameuser\"", "peer"),
        rule("[\"copying\"]", "\"replication\"", "peer"),
        rule("[\"refused\"]", "\"all\"", "reject"),
        rule("[{ memberOf = \"member\" }]", "\"all\"", "peer"),
    ];
    let roles = [
        "everywhere",
        "here",
        "elsewhere",
        "named",
        "copying",
        "refused",
        "member",
    ];
    let roles: String = roles
        .iter()
        .map(|role| format!("[[services.shop.roles]]\nname = \"{role}\"\n"))
        .collect();
    let databases: String = ["shop", "named", "other"]
        .iter()
        .map(|name| {
            format!("[[services.shop.databases]]\ntype = \"postgresql\"\nname = \"{name}\"\nuser = \"shop\"\n")
        })
        .collect();
    let catalog = declared(&format!("{}{roles}{databases}", rules.concat()));
    let connects = |names: &[&str]| {
        let grants = names
            .iter()
            .map(|name| json!({ "grantee": name, "privileges": ["CONNECT"] }));
        Value::Array(grants.collect())
    };
    assert_eq!(
        on_database(&catalog, "shop"),
        connects(&["everywhere", "here"])
    );
    assert_eq!(
        on_database(&catalog, "named"),
        connects(&["everywhere", "named"])
    );
    assert_eq!(
        on_database(&catalog, "other"),
        connects(&["elsewhere", "everywhere"])
    );
}

#[test]
fn passwords_are_named_and_never_written() {
    let catalog = declared(
        r#"
[[services.shop.databases]]
type = "postgresql"
name = "shop"
user = "shop-1"
password = { sops = "shop" }

[[services.shop.roles]]
name = "odd name"
password = { file = "/run/secrets/odd" }

[[services.shop.roles]]
name = "nobody"
"#,
    );
    let instance = main_of(&catalog);
    let names: Vec<_> = credentials(instance)
        .into_iter()
        .map(|credential| {
            (
                credential.name,
                credential.role.to_string(),
                credential.source,
            )
        })
        .collect();
    let file = PasswordSource::File("/run/secrets/odd".into());
    let sops = PasswordSource::Sops("shop".into());
    assert_eq!(
        names,
        [
            ("password-1".to_owned(), "odd name".to_owned(), file),
            ("password.shop-1".to_owned(), "shop-1".to_owned(), sops),
        ]
    );
    let verifier = "SCRAM-SHA-256$4096:c2FsdA==$x:y";
    let verifiers = BTreeMap::from([(Identifier::new("shop-1").unwrap(), verifier.to_owned())]);
    let passwords = |secrets: Secrets| {
        let roles = parsed(&desired(instance, &secrets).roles);
        let roles = roles["roles"].as_array().unwrap().clone();
        let password = |role: &Value| role.get("password").cloned();
        roles.iter().map(password).collect::<Vec<_>>()
    };
    let (odd, shop) = (
        json!({ "file": "/s/password-1" }),
        json!({ "file": "/s/password.shop-1" }),
    );
    assert_eq!(
        passwords(Secrets::Directory("/s")),
        [None, Some(odd), Some(shop)]
    );
    assert_eq!(
        passwords(Secrets::Verifiers(&verifiers)),
        [None, None, Some(json!({ "verifier": verifier }))]
    );
    assert_eq!(passwords(Secrets::None), [None, None, None]);
}

#[test]
fn a_database_overrides_how_its_server_converges() {
    let catalog = declared(
        r#"
[instances.main]
converge = "authoritative"

[[services.shop.databases]]
type = "postgresql"
name = "shop"
user = "shop"
converge = "additive"
public = "keep"
hooks = { before = [{ sql = "SELECT 1", unless = "SELECT true", role = "shop" }] }

[[services.shop.databases]]
type = "postgresql"
name = "other"
user = "shop"
"#,
    );
    let shop = contents(&catalog, "shop");
    assert_eq!(shop["converge"], "additive");
    assert_eq!(shop["public"], "keep");
    let hook = json!({ "sql": "SELECT 1", "unless": "SELECT true", "role": "shop" });
    assert_eq!(shop["before"], json!([hook]));
    let other = contents(&catalog, "other");
    assert_eq!(
        (&other["converge"], &other["public"]),
        (&json!("authoritative"), &json!("revoke"))
    );
    let desired = desired(main_of(&catalog), &Secrets::None);
    assert_eq!(parsed(&desired.roles)["converge"], "authoritative");
    let databases = parsed(&desired.databases)["databases"].clone();
    let converge = |at: usize| databases[at]["converge"].clone();
    assert_eq!(
        (converge(0), converge(1)),
        (json!("authoritative"), json!("additive"))
    );
}
