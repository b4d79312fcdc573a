//! Servers in a random state, and random declarations for them.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::declarations::{Dice, NAMES};
use super::privileges_model::{Access, Database, Default, Grant, Target, all};
use super::provision::{ident, literal};
use super::provision_shared;

/// What is on the server, and what is declared for it.
pub struct World {
    /// What makes the state before, as scripts for databases in their order.
    pub setup: Vec<(String, String)>,
    pub roles: Vec<Role>,
    /// Roles that are on the server and in no declaration.
    pub strangers: Vec<String>,
    pub databases: Vec<Database>,
    /// Those of them that are there before.
    pub existing: BTreeSet<String>,
    pub memberships: Vec<Membership>,
    /// Whether the server as a whole is to have nothing that is not declared.
    pub exact: bool,
    /// Declared privileges on a tablespace and on parameters.
    pub shared: Vec<Grant>,
    /// Hooks of the databases, by name.
    pub hooks: BTreeMap<String, Value>,
}

/// A declared role.
#[derive(Clone, Debug)]
pub struct Role {
    pub name: String,
    pub exists: bool,
    /// What the declaration says, by the field's name.
    pub said: BTreeMap<&'static str, bool>,
    /// What the server has before.
    pub had: BTreeMap<&'static str, bool>,
    pub settings: Vec<(&'static str, &'static str)>,
    pub had_settings: Vec<(&'static str, &'static str)>,
    pub password: Option<String>,
}

/// A membership that is declared, or there before, or both.
#[derive(Clone, Debug)]
pub struct Membership {
    pub member: String,
    pub role: String,
    pub declared: bool,
    pub exists: bool,
    /// Said (or had, where it is not declared): WITH INHERIT, from 16.
    pub inherit: Option<bool>,
}

pub const ATTRIBUTES: [(&str, bool); 6] = [
    ("login", false),
    ("superuser", false),
    ("createdb", false),
    ("createrole", false),
    ("inherit", true),
    ("bypassrls", false),
];

const NEW_FIELDS: bool = true;
const SETTINGS: [(&str, &str); 4] = [
    ("work_mem", "64MB"),
    ("statement_timeout", "5s"),
    ("search_path", "app, public"),
    ("myapp.note", "it's; \"odd\" \\ text"),
];

/// A thing made in a schema before the program runs.
#[derive(Clone, Debug)]
struct Thing {
    kind: &'static str,
    schema: String,
    name: String,
    /// As declared and as the server says it.
    arguments: Option<Vec<(&'static str, &'static str)>>,
    columns: Vec<&'static str>,
}

/// A name of at most 63 bytes, one of its kind by the tag.
fn odd_name(dice: &mut Dice, tag: &str) -> String {
    let odd = *dice.pick(NAMES);
    if dice.once_in(3) {
        return tag.to_owned();
    }
    let whole = if dice.once_in(2) {
        format!("{tag}{odd}")
    } else {
        format!("{odd}{tag}")
    };
    let whole = whole.trim_start_matches('/').to_owned();
    if whole.len() > 63 || whole.chars().any(char::is_control) {
        tag.to_owned()
    } else {
        whole
    }
}

impl Thing {
    fn on(&self) -> String {
        let word = match self.kind {
            "table" => "TABLE",
            "sequence" => "SEQUENCE",
            "function" => "FUNCTION",
            "procedure" => "PROCEDURE",
            "domain" => "DOMAIN",
            _ => "TYPE",
        };
        format!(
            "{word} {}.{}{}",
            ident(&self.schema),
            ident(&self.name),
            self.signature()
        )
    }

    fn signature(&self) -> String {
        self.arguments.as_ref().map_or(String::new(), |arguments| {
            let types: Vec<&str> = arguments.iter().map(|(_, exact)| *exact).collect();
            format!("({})", types.join(", "))
        })
    }
}

/// SQL that makes one thing (and what comes with it), and what it is.
fn make(dice: &mut Dice, schema: &str, name: &str) -> (Vec<Thing>, String) {
    let at = format!("{}.{}", ident(schema), ident(name));
    let thing = |kind, arguments, columns: &[&'static str]| Thing {
        kind,
        schema: schema.to_owned(),
        name: name.to_owned(),
        arguments,
        columns: columns.to_vec(),
    };
    let one: &[(&str, &str)] = if dice.once_in(2) {
        &[("int", "integer")]
    } else {
        &[("integer", "integer")]
    };
    match dice.below(14) {
        0 => (
            vec![thing("table", None, &["a", "Odd \"col"])],
            format!("CREATE TABLE {at} (a serial, \"Odd \"\"col\" text);"),
        ),
        1 => (
            vec![thing("table", None, &["a", "b"])],
            format!("CREATE TABLE {at} (a integer GENERATED ALWAYS AS IDENTITY, b text);"),
        ),
        2 => (
            vec![thing("table", None, &["a", "b"])],
            format!("CREATE VIEW {at} AS SELECT 1 AS a, 2 AS b;"),
        ),
        3 => (
            vec![thing("table", None, &["a"])],
            format!("CREATE MATERIALIZED VIEW {at} AS SELECT 1 AS a;"),
        ),
        4 => (
            vec![thing("table", None, &["a", "b"])],
            format!("CREATE FOREIGN TABLE {at} (a integer, b text) SERVER \"Odd server\";"),
        ),
        5 => (
            vec![thing("table", None, &["a"])],
            format!("CREATE TABLE {at} (a integer) PARTITION BY LIST (a);"),
        ),
        6 => (
            vec![thing("sequence", None, &[])],
            format!("CREATE SEQUENCE {at};"),
        ),
        7 => (
            vec![
                thing("function", Some(one.to_vec()), &[]),
                thing(
                    "function",
                    Some(vec![("text", "text"), ("varchar[]", "character varying[]")]),
                    &[],
                ),
            ],
            format!(
                "CREATE FUNCTION {at}(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION {at}(text, VARIADIC varchar[]) RETURNS integer LANGUAGE sql AS 'SELECT 1';"
            ),
        ),
        8 => (
            vec![thing(
                "procedure",
                Some(vec![("timestamptz", "timestamp with time zone")]),
                &[],
            )],
            format!("CREATE PROCEDURE {at}(timestamptz) LANGUAGE sql AS 'SELECT 1';"),
        ),
        9 => (
            vec![thing("function", Some(one.to_vec()), &[])],
            format!("CREATE AGGREGATE {at}(integer) (SFUNC = int4larger, STYPE = integer);"),
        ),
        10 => (
            vec![thing("type", None, &[])],
            format!("CREATE TYPE {at} AS ENUM ('a');"),
        ),
        11 => (
            vec![thing("type", None, &[])],
            format!("CREATE TYPE {at} AS (a integer);"),
        ),
        12 => (
            vec![thing("domain", None, &[])],
            format!("CREATE DOMAIN {at} AS integer;"),
        ),
        _ => (
            vec![thing("type", None, &[])],
            format!("CREATE TYPE {at} AS RANGE (SUBTYPE = float8);"),
        ),
    }
}

fn some_of(dice: &mut Dice, kind: &str, major: u8) -> Vec<&'static str> {
    if dice.once_in(4) {
        return vec!["ALL"];
    }
    let mut names = all(kind, major);
    dice.shuffle(&mut names);
    names.truncate(1 + dice.below(3));
    names
}

impl World {
    /// The world of a number, for a server of this version.
    pub fn new(seed: u64, major: u8) -> World {
        let mut dice = Dice::new(seed);
        let dice = &mut dice;
        let mut roles: Vec<Role> = (0..5).map(|n| role(dice, n)).collect();
        roles[0].exists = true;
        let strangers: Vec<String> = (0..2).map(|n| odd_name(dice, &format!("s{n}"))).collect();
        let mut setup = String::new();
        for role in roles.iter().filter(|role| role.exists) {
            setup += &format!("CREATE ROLE {};\n", ident(&role.name));
            for (name, on) in &role.had {
                setup += &format!(
                    "ALTER ROLE {} {}{name};\n",
                    ident(&role.name),
                    if *on { "" } else { "NO" }
                );
            }
            for (name, value) in &role.had_settings {
                let value = if *name == "search_path" {
                    (*value).to_owned()
                } else {
                    literal(value)
                };
                setup += &format!("ALTER ROLE {} SET {name} = {value};\n", ident(&role.name));
            }
        }
        for stranger in &strangers {
            setup += &format!("CREATE ROLE {};\n", ident(stranger));
        }
        let mut memberships = Vec::new();
        for member in 1..roles.len() {
            for of in 0..member {
                if !dice.once_in(3) {
                    continue;
                }
                let both = roles[member].exists && roles[of].exists;
                let membership = Membership {
                    member: roles[member].name.clone(),
                    role: roles[of].name.clone(),
                    declared: dice.once_in(2) || !both,
                    exists: both && dice.once_in(2),
                    inherit: (major >= 16 && dice.once_in(2)).then(|| dice.once_in(2)),
                };
                if membership.exists {
                    setup += &format!(
                        "GRANT {} TO {};\n",
                        ident(&membership.role),
                        ident(&membership.member)
                    );
                }
                if membership.exists || membership.declared {
                    memberships.push(membership);
                }
            }
        }
        let names: Vec<String> = (0..2).map(|n| odd_name(dice, &format!("d{n}"))).collect();
        let mut existing = BTreeSet::from([names[0].clone()]);
        if dice.once_in(3) {
            existing.insert(names[1].clone());
        }
        let mut scripts = Vec::new();
        let mut databases = Vec::new();
        for name in &names {
            let is_there = existing.contains(name);
            if is_there {
                setup += &format!("CREATE DATABASE {};\n", ident(name));
            }
            let (database, script, shared) =
                database(dice, name, is_there, &roles, &strangers, major);
            setup += &shared;
            databases.push(database);
            if is_there {
                scripts.push((name.clone(), script));
            }
        }
        for database in &databases {
            let user = roles
                .iter_mut()
                .find(|role| role.name == database.user)
                .unwrap();
            user.said.retain(|name, on| *name != "login" || *on);
        }
        // Dice of their own, so that the rest of a world stays what it was.
        let dice = &mut Dice::new(seed ^ 2);
        let all: Vec<String> = roles.iter().map(|role| role.name.clone()).collect();
        let existing_role =
            |name: &&String| roles.iter().any(|role| role.exists && role.name == **name);
        let present: Vec<String> = all
            .iter()
            .filter(existing_role)
            .chain(&strangers)
            .cloned()
            .collect();
        setup += &provision_shared::setup(dice, &present, major);
        let shared = provision_shared::grants(dice, &all, major);
        let mut hooks = BTreeMap::new();
        for database in databases.iter().filter(|_| dice.once_in(2)) {
            let has_owner = present.contains(&database.owner);
            hooks.insert(
                database.name.clone(),
                provision_shared::hooks(database, has_owner),
            );
        }
        let exact = dice.once_in(3);
        let setup = [vec![("postgres".to_owned(), setup)], scripts].concat();
        World {
            setup,
            roles,
            strangers,
            databases,
            existing,
            memberships,
            exact,
            shared,
            hooks,
        }
    }

    /// The declarations.
    pub fn json(&self) -> Value {
        let roles: Vec<Value> = self
            .roles
            .iter()
            .map(|role| {
                let mut declared = json!({ "name": role.name, "settings": role.settings.iter().map(|(name, value)| {
                    let value = if *name == "search_path" { json!(value.split(", ").collect::<Vec<_>>()) } else { json!(value) };
                    ((*name).to_owned(), value)
                }).collect::<serde_json::Map<_, _>>() });
                for (name, on) in &role.said {
                    declared[*name] = json!(on);
                }
                if let Some(file) = &role.password {
                    declared["password"] = json!({ "file": file });
                }
                let memberships: Vec<Value> = self
                    .memberships
                    .iter()
                    .filter(|membership| membership.declared && membership.member == role.name)
                    .map(|membership| {
                        let mut declared = json!({ "role": membership.role });
                        if let Some(inherit) = membership.inherit {
                            declared["inherit"] = json!(inherit);
                        }
                        declared
                    })
                    .collect();
                declared["memberOf"] = json!(memberships);
                declared
            })
            .collect();
        let mut databases: Vec<Value> = self.databases.iter().map(Database::json).collect();
        for (declared, database) in databases.iter_mut().zip(&self.databases) {
            if let Some(hooks) = self.hooks.get(&database.name) {
                declared["hooks"] = hooks.clone();
            }
            if self.exact && !database.authoritative {
                declared["converge"] = json!("additive");
            }
        }
        if let Some(grants) = databases[0]["grants"].as_array_mut() {
            grants.extend(self.shared.iter().map(Grant::json));
        }
        let converge = if self.exact {
            "authoritative"
        } else {
            "additive"
        };
        json!({
            "instances": { "main": { "converge": converge } },
            "services": { "app": { "databases": databases, "roles": roles } },
        })
    }

    /// Every role that the world has, in a state before or after.
    pub fn all_roles(&self) -> Vec<String> {
        let declared = self.roles.iter().map(|role| &role.name);
        declared.chain(&self.strangers).cloned().collect()
    }
}

fn role(dice: &mut Dice, number: usize) -> Role {
    let switches = |dice: &mut Dice, times: usize| {
        let mut chosen = BTreeMap::new();
        for (name, normal) in ATTRIBUTES {
            if dice.once_in(times) {
                // A superuser may do everything: few of them, or nothing would be told apart.
                let on = if name == "superuser" {
                    dice.once_in(6)
                } else {
                    dice.once_in(2)
                };
                chosen.insert(name, if dice.once_in(2) { normal } else { on });
            }
        }
        chosen
    };
    let (mut said, had) = (switches(dice, 3), switches(dice, 4));
    let settings = |dice: &mut Dice| SETTINGS.into_iter().filter(|_| dice.once_in(4)).collect();
    let exists = dice.once_in(2) || number < 3;
    // What it granted before could be taken back by nobody.
    if exists && had.get("superuser") != Some(&true) {
        said.remove("superuser");
    }
    Role {
        name: odd_name(dice, &format!("r{number}")),
        exists,
        said,
        had,
        settings: settings(dice),
        had_settings: settings(dice),
        password: dice.once_in(6).then(|| format!("/run/secrets/{number}")),
    }
}

/// A declared database, the SQL that makes its contents before, and SQL for the shared state.
fn database(
    dice: &mut Dice,
    name: &str,
    exists: bool,
    roles: &[Role],
    strangers: &[String],
    major: u8,
) -> (Database, String, String) {
    let declared: Vec<String> = roles.iter().map(|role| role.name.clone()).collect();
    let present: Vec<String> = roles
        .iter()
        .filter(|role| role.exists)
        .map(|role| role.name.clone())
        .chain(strangers.iter().cloned())
        .collect();
    let user = dice.pick(&declared).clone();
    let owner = if dice.once_in(2) {
        user.clone()
    } else {
        dice.pick(&declared).clone()
    };
    let odd = odd_name(dice, "n1");
    let schemas = ["public".to_owned(), odd.clone(), "app".to_owned()];
    // (declared, there before)
    let declares: Vec<(String, String)> = schemas[1..]
        .iter()
        .filter(|_| dice.once_in(2))
        .map(|schema| (schema.clone(), String::new()))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|(schema, _)| (schema, dice.pick(&declared).clone()))
        .collect();
    let there: Vec<&String> = schemas
        .iter()
        .filter(|schema| *schema == "public" || dice.once_in(2))
        .collect();
    let mut script = String::from(
        "CREATE FOREIGN DATA WRAPPER \"Odd wrapper\"; CREATE SERVER \"Odd server\" FOREIGN DATA WRAPPER \"Odd wrapper\";\n
         CREATE TRUSTED LANGUAGE \"Odd language\" HANDLER plpgsql_call_handler;\nSELECT lo_create(47110); SELECT lo_create(47120);\n",
    );
    let mut shared = String::new();
    if exists {
        if dice.once_in(2) {
            shared += &format!(
                "ALTER DATABASE {} OWNER TO {};\n",
                ident(name),
                quoted(dice, &present)
            );
        }
        for _ in 0..dice.below(4) {
            let grantee = grantee(dice, &present);
            shared += &format!(
                "GRANT {} ON DATABASE {} TO {grantee};\n",
                some_of(dice, "database", major).join(", "),
                ident(name)
            );
        }
        if dice.once_in(4) {
            shared += &format!("REVOKE ALL ON DATABASE {} FROM PUBLIC;\n", ident(name));
        }
    }
    for schema in &there {
        if *schema != "public" {
            script += &format!(
                "CREATE SCHEMA {} AUTHORIZATION {};\n",
                ident(schema),
                quoted(dice, &present)
            );
        }
    }
    // Some default privileges are in force while the objects are made, so that their lists come from these.
    for _ in 0..dice.below(3) {
        script += &default_by_hand(dice, &present, &there, major);
    }
    let mut things: Vec<Thing> = Vec::new();
    for schema in &there {
        for n in 0..2 + dice.below(5) {
            let name = odd_name(dice, &format!("o{n}"));
            let (made, sql) = make(dice, schema, &name);
            script += &sql;
            script.push('\n');
            let owner = if dice.once_in(4) {
                "postgres".to_owned()
            } else {
                dice.pick(&present).clone()
            };
            for thing in &made {
                script += &format!(
                    "ALTER {} OWNER TO {};\n",
                    alter_word(&sql, thing),
                    ident(&owner)
                );
            }
            things.extend(made);
        }
    }
    if dice.once_in(2) {
        let schema = *dice.pick(&there);
        script += &format!("CREATE EXTENSION hstore SCHEMA {};\n", ident(schema));
        let arguments = Some(vec![("text", "text"), ("text", "text")]);
        things.push(Thing {
            kind: "function",
            schema: schema.clone(),
            name: "hstore".to_owned(),
            arguments,
            columns: vec![],
        });
    }
    for _ in 0..dice.below(14) {
        script += &by_hand(dice, &things, &there, &present, major);
    }
    for _ in 0..dice.below(3) {
        script += &default_by_hand(dice, &present, &there, major);
    }
    let mut grants = Vec::new();
    for _ in 0..1 + dice.below(10) {
        grants.push(declared_grant(dice, &things, &schemas, &declared, major));
    }
    let mut defaults: Vec<Default> = Vec::new();
    for _ in 0..dice.below(3) {
        let on = *dice.pick(&["tables", "sequences", "routines", "types", "schemas"]);
        let kind = match on {
            "tables" => "table",
            "sequences" => "sequence",
            "routines" => "routine",
            "types" => "type",
            _ => "schema",
        };
        defaults.push(Default {
            creator: dice.pick(&declared).clone(),
            schema: (on != "schemas" && dice.once_in(2)).then(|| dice.pick(&schemas).clone()),
            on,
            role: (!dice.once_in(5)).then(|| dice.pick(&declared).clone()),
            privileges: some_of(dice, kind, major),
            grantable: false,
        });
    }
    let mut access = Vec::new();
    if dice.once_in(2) {
        access.push(Access {
            role: dice.pick(&declared).clone(),
            preset: dice.pick::<&str>(&["read-only", "read-write", "owner"]),
            schemas: vec!["public".to_owned()],
        });
    }
    let extensions = if dice.once_in(4) {
        vec![("citext", "public".to_owned())]
    } else {
        vec![]
    };
    let logs_in = |role: &&Role| {
        role.said.get("login") == Some(&true)
            && declares.iter().any(|(_, owner)| *owner == role.name)
    };
    let logins = roles
        .iter()
        .filter(logs_in)
        .map(|role| role.name.clone())
        .collect();
    let database = Database {
        logins,
        name: name.to_owned(),
        user,
        owner,
        authoritative: dice.once_in(3) && NEW_FIELDS,
        keep_public: dice.once_in(3) && NEW_FIELDS,
        schemas: declares,
        extensions,
        grants,
        defaults,
        access,
    };
    (database, script, shared)
}

/// What ALTER ... OWNER names a thing with; GRANT has fewer words.
fn alter_word(sql: &str, thing: &Thing) -> String {
    let word = ["MATERIALIZED VIEW", "FOREIGN TABLE", "VIEW", "AGGREGATE"]
        .into_iter()
        .find(|word| sql.starts_with(&format!("CREATE {word} ")));
    match word {
        Some(word) => format!(
            "{word} {}.{}{}",
            ident(&thing.schema),
            ident(&thing.name),
            thing.signature()
        ),
        None => thing.on(),
    }
}

/// One of the names, as SQL writes it.
fn quoted<T: AsRef<str>>(dice: &mut Dice, names: &[T]) -> String {
    ident(dice.pick(names).as_ref())
}

fn grantee(dice: &mut Dice, roles: &[String]) -> String {
    if dice.once_in(5) {
        "PUBLIC".to_owned()
    } else {
        quoted(dice, roles)
    }
}

/// A GRANT or REVOKE as somebody types it.
fn by_hand(
    dice: &mut Dice,
    things: &[Thing],
    schemas: &[&String],
    roles: &[String],
    major: u8,
) -> String {
    let (kind, on) = match dice.below(8) {
        0 => ("schema", format!("SCHEMA {}", quoted(dice, schemas))),
        1 => ("language", "LANGUAGE \"Odd language\"".to_owned()),
        2 => (
            "foreignDataWrapper",
            "FOREIGN DATA WRAPPER \"Odd wrapper\"".to_owned(),
        ),
        3 => ("foreignServer", "FOREIGN SERVER \"Odd server\"".to_owned()),
        4 => ("largeObject", "LARGE OBJECT 47110".to_owned()),
        _ => {
            let thing = dice.pick(things);
            if !thing.columns.is_empty() && dice.once_in(3) {
                let privilege = *dice.pick(&["SELECT", "INSERT", "UPDATE", "REFERENCES"]);
                let column = quoted(dice, &thing.columns);
                return format!(
                    "GRANT {privilege} ({column}) ON {} TO {};\n",
                    thing.on(),
                    grantee(dice, roles)
                );
            }
            (thing.kind, thing.on())
        }
    };
    let privileges = some_of(dice, kind, major).join(", ");
    match dice.below(6) {
        0 => format!("REVOKE ALL ON {on} FROM PUBLIC;\n"),
        1 => format!(
            "REVOKE {privileges} ON {on} FROM {};\n",
            grantee(dice, roles)
        ),
        2 => {
            let chained = dice.pick(roles);
            let through = ident(chained);
            let to = dice.pick(roles);
            if to == chained {
                return String::new();
            }
            // The second may find that it grants nothing new, which is a warning.
            format!(
                "GRANT {privileges} ON {on} TO {through} WITH GRANT OPTION; SET ROLE {through}; GRANT {privileges} ON {on} TO {}; RESET ROLE;\n",
                ident(to)
            )
        }
        3 => format!(
            "GRANT {privileges} ON {on} TO {} WITH GRANT OPTION;\n",
            quoted(dice, roles)
        ),
        _ => format!("GRANT {privileges} ON {on} TO {};\n", grantee(dice, roles)),
    }
}

fn default_by_hand(dice: &mut Dice, roles: &[String], schemas: &[&String], major: u8) -> String {
    let (kind, word) = *dice.pick(&[
        ("table", "TABLES"),
        ("sequence", "SEQUENCES"),
        ("routine", "FUNCTIONS"),
        ("type", "TYPES"),
    ]);
    let place = if dice.once_in(2) {
        format!("IN SCHEMA {}", quoted(dice, schemas))
    } else {
        String::new()
    };
    let privileges = some_of(dice, kind, major).join(", ");
    let creator = quoted(dice, roles);
    if place.is_empty() && dice.once_in(4) {
        return format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {creator} REVOKE ALL ON {word} FROM PUBLIC;\n"
        );
    }
    format!(
        "ALTER DEFAULT PRIVILEGES FOR ROLE {creator} {place} GRANT {privileges} ON {word} TO {};\n",
        grantee(dice, roles)
    )
}

fn declared_grant(
    dice: &mut Dice,
    things: &[Thing],
    schemas: &[String],
    roles: &[String],
    major: u8,
) -> Grant {
    let global = |name: &str| {
        vec![Target {
            schema: None,
            name: Some(name.to_owned()),
            arguments: None,
        }]
    };
    let mut columns = Vec::new();
    let (kind, targets): (&'static str, Vec<Target>) = match dice.below(12) {
        0 => ("database", vec![]),
        1 => (
            "schema",
            vec![Target {
                schema: None,
                name: Some(dice.pick(schemas).clone()),
                arguments: None,
            }],
        ),
        2 => (
            "language",
            global(if dice.once_in(3) {
                "plpgsql"
            } else {
                "Odd language"
            }),
        ),
        3 => ("foreignDataWrapper", global("Odd wrapper")),
        4 => ("foreignServer", global("Odd server")),
        5 => (
            "largeObject",
            global(if dice.once_in(2) { "47110" } else { "47120" }),
        ),
        // A wildcard, or everything that has the kind.
        6 | 7 => {
            let kind = *dice.pick(&[
                "table",
                "sequence",
                "function",
                "procedure",
                "routine",
                "type",
                "domain",
            ]);
            (
                kind,
                vec![Target {
                    schema: Some(dice.pick(schemas).clone()),
                    name: None,
                    arguments: None,
                }],
            )
        }
        _ if things.is_empty() => ("database", vec![]),
        _ => {
            let mut thing = dice.pick(things).clone();
            if dice.once_in(12) {
                thing.name = "missing".to_owned();
            }
            let signature = thing.arguments.clone().filter(|_| dice.once_in(2));
            let mut kind = thing.kind;
            if (kind == "function" || kind == "procedure") && dice.once_in(2) {
                kind = "routine";
            }
            if !thing.columns.is_empty() && dice.once_in(3) {
                columns.push((*dice.pick(&thing.columns)).to_owned());
            }
            (
                kind,
                vec![Target {
                    schema: Some(thing.schema),
                    name: Some(thing.name),
                    arguments: signature,
                }],
            )
        }
    };
    let role = (!dice.once_in(6)).then(|| dice.pick(roles).clone());
    let privileges = some_of(
        dice,
        if columns.is_empty() { kind } else { "column" },
        major,
    );
    Grant {
        grantable: role.is_some() && dice.once_in(5),
        role,
        privileges,
        kind,
        targets,
        columns,
    }
}
