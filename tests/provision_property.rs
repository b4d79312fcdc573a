//! Whatever is declared, on whatever server: after the program has run, everybody may do what an independent model says, a
//! plan has nothing to do, and a second run writes nothing.
//!
//! `DBGEN_ROUNDS` is the number of random worlds on each server, `DBGEN_SEED` the first of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/declarations.rs"]
mod declarations;
#[path = "support/privileges_model.rs"]
mod privileges_model;
#[path = "support/provision.rs"]
mod provision;
#[path = "support/provision_shared.rs"]
mod provision_shared;
#[path = "support/provision_world.rs"]
mod provision_world;
#[path = "support/run.rs"]
mod run;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Stdio;

use declarations::Dice;
use privileges_model::{
    Database, Entry, Object, Right, Roles, handed_over, matrix, read, read_defaults,
};
use provision::{Mode, Program, Run, each_quiet, ident, literal, rows, settle, wal};
use provision_world::{ATTRIBUTES, World};
use support::postgres::Cluster;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap())
}

/// An object by what a person calls it, which stays the same when it is made anew.
type Label = (String, Option<String>, Option<String>, String, Vec<String>);

fn label(object: &Object) -> Label {
    (
        object.kind.clone(),
        object.schema.clone(),
        object.parent.clone(),
        object.name.clone(),
        object.arguments.clone(),
    )
}

/// Runs statements one by one; those that a random state can't have may fail.
fn set_up(cluster: &Cluster, database: &str, sql: &str) {
    let mut psql = cluster.client(
        &["-XAtq", "-v", "ON_ERROR_STOP=0", "-f", "-"],
        database,
        "postgres",
        None,
    );
    let mut child = psql
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), sql.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if std::env::var_os("DBGEN_SHOW_SETUP").is_some() {
        eprintln!("{sql}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Takes a world off the server again.
fn tear_down(cluster: &Cluster, world: &World) {
    let mut sql = String::new();
    for database in &world.databases {
        sql += &format!("DROP DATABASE IF EXISTS {};\n", ident(&database.name));
    }
    for role in world.all_roles() {
        sql += &format!(
            "DROP OWNED BY {0}; DROP ROLE IF EXISTS {0};\n",
            ident(&role)
        );
    }
    sql += &provision_shared::tear_down(cluster.major);
    set_up(cluster, "postgres", &sql);
    let left = cluster.sql(
        "postgres",
        "SELECT string_agg(rolname, ', ') FROM pg_roles WHERE oid > 16384",
    );
    assert_eq!(left, "", "roles are left");
}

/// The state that a database has before the program touches it: what is there, or what CREATE DATABASE makes.
fn before(cluster: &Cluster, world: &World, database: &Database) -> Vec<Object> {
    if world.existing.contains(&database.name) {
        return read(cluster, &database.name);
    }
    let mut objects = read(cluster, "template1");
    for object in objects
        .iter_mut()
        .filter(|object| object.kind == "database")
    {
        let entry = |grantee: Option<&str>, privilege: &str| Entry {
            grantor: database.owner.clone(),
            grantee: grantee.map(str::to_owned),
            privilege: privilege.to_owned(),
            grantable: false,
        };
        let owner = Some(database.owner.as_str());
        object.name.clone_from(&database.name);
        object.owner.clone_from(&database.owner);
        object.acl = [
            entry(None, "CONNECT"),
            entry(None, "TEMPORARY"),
            entry(owner, "CREATE"),
            entry(owner, "CONNECT"),
            entry(owner, "TEMPORARY"),
        ]
        .into();
    }
    objects
}

/// The owner that an object is declared to have.
fn owner_of<'a>(database: &'a Database, object: &'a Object) -> &'a str {
    match object.kind.as_str() {
        "database" => &database.owner,
        "schema" => database
            .schemas
            .iter()
            .find(|(name, _)| *name == object.name)
            .map_or(&object.owner, |(_, owner)| owner),
        _ => &object.owner,
    }
}

/// The rights that each object must have afterwards; nothing for what only an extension that is new brings.
fn expected(
    database: &Database,
    before: &[Object],
    after: &[Object],
    major: u8,
) -> BTreeMap<Label, BTreeSet<Right>> {
    let (grants, defaults) = database.expanded();
    let known: BTreeMap<Label, &Object> = before
        .iter()
        .map(|object| (label(object), object))
        .collect();
    let mut all = BTreeMap::new();
    for object in after {
        let was = match known.get(&label(object)) {
            Some(was) => handed_over(was, owner_of(database, object)),
            None if object.kind == "schema" => {
                let own = |privilege: &str| Entry {
                    grantor: object.owner.clone(),
                    grantee: Some(object.owner.clone()),
                    privilege: privilege.to_owned(),
                    grantable: false,
                };
                Object {
                    acl: [own("USAGE"), own("CREATE")].into(),
                    ..object.clone()
                }
            }
            None => {
                assert!(object.reserved, "{} has come from nowhere", object.label());
                continue;
            }
        };
        all.insert(
            label(object),
            database.expect(&was, &grants, &defaults, major),
        );
    }
    all
}

fn shown(right: &Right) -> String {
    let (grantee, privilege, grantable) = right;
    let grantee = grantee
        .as_ref()
        .map_or("PUBLIC".to_owned(), |role| ident(role));
    format!(
        "{privilege} to {grantee}{}",
        if *grantable { " with grant option" } else { "" }
    )
}

/// What differs between two sets of rights, in words.
fn differences(
    database: &str,
    expected: &BTreeMap<Label, BTreeSet<Right>>,
    after: &[Object],
) -> Vec<String> {
    let mut found = Vec::new();
    for object in after {
        let Some(wanted) = expected.get(&label(object)) else {
            continue;
        };
        let has = object.rights();
        let missing = wanted
            .difference(&has)
            .map(|right| format!("lacks {}", shown(right)));
        let surplus = has
            .difference(wanted)
            .map(|right| format!("has {}", shown(right)));
        found.extend(
            missing
                .chain(surplus)
                .map(|what| format!("{database}: {}: {what}", object.label())),
        );
    }
    found
}

/// Who inherits from whom afterwards, and who is a superuser.
fn expected_roles(world: &World, had: &Roles, exact: bool, major: u8) -> Roles {
    let mut roles = Roles::default();
    let mut inherits = BTreeMap::new();
    for role in &world.roles {
        let switch = |name: &str, normal: bool| {
            let otherwise = if exact || !role.exists {
                normal
            } else {
                *role.had.get(name).unwrap_or(&normal)
            };
            *role.said.get(name).unwrap_or(&otherwise)
        };
        if switch("superuser", false) {
            roles.superusers.insert(role.name.clone());
        }
        if major < 16 && !switch("inherit", true) {
            roles.never_inherits.insert(role.name.clone());
        }
        inherits.insert(role.name.clone(), switch("inherit", true));
    }
    roles.superusers.extend(
        had.superusers
            .iter()
            .filter(|name| world.strangers.contains(name))
            .cloned(),
    );
    for membership in &world.memberships {
        let role = world
            .roles
            .iter()
            .find(|role| role.name == membership.member)
            .unwrap();
        let had = membership
            .exists
            .then(|| *role.had.get("inherit").unwrap_or(&true))
            .filter(|_| !(exact && membership.declared));
        let inherit = if major < 16 {
            inherits[&membership.member]
        } else {
            let said = membership.inherit.filter(|_| membership.declared);
            said.or(had).unwrap_or(inherits[&membership.member])
        };
        if inherit && (membership.declared || !exact) {
            roles
                .inherits
                .entry(membership.member.clone())
                .or_default()
                .insert(membership.role.clone());
        }
    }
    roles
}

/// What the server says of the declared roles, in words.
fn role_differences(cluster: &Cluster, world: &World, exact: bool) -> Vec<String> {
    let mut found = Vec::new();
    for role in &world.roles {
        let sql = format!(
            "SELECT concat_ws(',', rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolinherit, rolbypassrls) FROM pg_roles WHERE rolname = {}",
            literal(&role.name)
        );
        let has = cluster.sql("postgres", &sql);
        let sql = format!(
            "SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = {}",
            literal(&role.name)
        );
        let password = cluster.sql("postgres", &sql);
        if password != role.password.as_ref().map_or("", |_| "t") {
            found.push(format!(
                "role {:?}: its password is {password:?}",
                role.name
            ));
        }
        for ((name, normal), has) in ATTRIBUTES.into_iter().zip(has.split(',')) {
            let otherwise = if exact || !role.exists {
                normal
            } else {
                *role.had.get(name).unwrap_or(&normal)
            };
            let is_user = world
                .databases
                .iter()
                .any(|database| database.user == role.name);
            let wanted = match name {
                // A declared role that says nothing does not log in; that is said for it.
                "login" => is_user || *role.said.get(name).unwrap_or(&false),
                _ => *role.said.get(name).unwrap_or(&otherwise),
            };
            if (has == "t") != wanted {
                found.push(format!("role {:?}: {name} is {has}", role.name));
            }
        }
        let sql = format!(
            "SELECT split_part(c, '=', 1) || '=' || substr(c, strpos(c, '=') + 1)
             FROM pg_db_role_setting, unnest(setconfig) AS c WHERE setdatabase = 0 AND setrole = (SELECT oid FROM pg_roles WHERE rolname = {})
             AND c NOT LIKE 'dbgen.%'",
            literal(&role.name)
        );
        let has: BTreeSet<String> = cluster
            .sql("postgres", &sql)
            .lines()
            .map(str::to_owned)
            .collect();
        let mut wanted: BTreeMap<&str, &str> = BTreeMap::new();
        if role.exists && !exact {
            wanted.extend(role.had_settings.iter().copied());
        }
        wanted.extend(role.settings.iter().copied());
        let wanted: BTreeSet<String> = wanted
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if has != wanted {
            found.push(format!(
                "role {:?}: settings are {has:?}, not {wanted:?}",
                role.name
            ));
        }
    }
    found
}

/// What `has_*_privilege` says otherwise than the model.
fn matrix_differences(
    cluster: &Cluster,
    database: &Database,
    roles: &Roles,
    world: &World,
    expected: &BTreeMap<Label, BTreeSet<Right>>,
    after: &[Object],
) -> Vec<String> {
    let asked: Vec<Object> = after
        .iter()
        .filter(|object| !object.reserved && expected.contains_key(&label(object)))
        .cloned()
        .collect();
    let answers = matrix(cluster, &database.name, &asked, &world.all_roles());
    let by_key: BTreeMap<_, &Object> = asked
        .iter()
        .map(|object| ((object.kind.clone(), object.key.clone()), object))
        .collect();
    let tables: BTreeMap<_, &Object> = asked
        .iter()
        .filter(|object| object.kind == "table")
        .map(|object| (object.key.1, object))
        .collect();
    assert!(!answers.is_empty());
    let mut found = Vec::new();
    for ((role, key, privilege, option), answer) in &answers {
        let kind = if key.2 != 0 { "column" } else { "" };
        let object = by_key
            .iter()
            .find(|((k, at), _)| at == key && (kind.is_empty() || k == kind))
            .map(|(_, object)| *object)
            .unwrap();
        let mut rights = expected[&label(object)].clone();
        if object.kind == "column" {
            rights.extend(expected[&label(tables[&key.1])].clone());
        }
        let may = roles.may(
            role.as_deref(),
            &database.owner,
            &object.owner,
            &rights,
            privilege,
            *option,
        );
        if may != *answer {
            found.push(format!(
                "{}: {}: {:?} {} {privilege}{}",
                database.name,
                object.label(),
                role.as_deref().unwrap_or("PUBLIC"),
                if *answer { "may" } else { "may not" },
                if *option { " with grant option" } else { "" }
            ));
        }
    }
    found
}

fn superusers(cluster: &Cluster) -> Roles {
    let names = cluster.sql("postgres", "SELECT rolname FROM pg_roles WHERE rolsuper");
    Roles {
        superusers: names.lines().map(str::to_owned).collect(),
        ..Roles::default()
    }
}

/// How a right that somebody passed on is taken back depends on whether that role may use the schema, also by memberships that
/// the same run is about to change: then a plan may show the other way of two.
fn taken_back(sql: &str) -> String {
    match sql.split_once("SET LOCAL ROLE ") {
        Some((way_in, rest))
            if way_in.is_empty() || way_in.starts_with("GRANT USAGE ON SCHEMA ") =>
        {
            let way_out = rest
                .rfind(";\nREVOKE USAGE ON SCHEMA ")
                .filter(|_| !way_in.is_empty());
            rest[..way_out.unwrap_or(rest.len())].to_owned()
        }
        _ => sql.to_owned(),
    }
}

/// The steps of apply begin with those of the plan, in each scope.
fn plan_foretells(plan: &Run, apply: &Run) -> Vec<String> {
    // Databases are created before the transaction in which the rest of what is shared is done.
    let changes = |run: &Run, of: &provision::Scope| -> Vec<String> {
        let scope = |scope: &provision::Scope| match scope.scope.as_str() {
            "creation" => "databases".to_owned(),
            other => other.to_owned(),
        };
        let same = |other: &&provision::Scope| {
            (scope(other), &other.database) == (scope(of), &of.database)
        };
        let steps = run
            .scopes
            .iter()
            .filter(same)
            .flat_map(|scope| &scope.steps);
        steps
            .filter(|step| step.kind == "change")
            .map(|step| taken_back(&step.sql))
            .collect()
    };
    let mut found = Vec::new();
    for scope in &plan.scopes {
        let (planned, done) = (changes(plan, scope), changes(apply, scope));
        if done.get(..planned.len()) != Some(&planned[..]) {
            found.push(format!(
                "{:?}: planned {planned:#?}, done {done:#?}",
                scope.database
            ));
        }
    }
    found
}

/// The program of a world, with the secrets where the server finds them.
fn program(cluster: &Cluster, world: &World) -> Program {
    let secrets = cluster.socket.join("secrets");
    fs::create_dir_all(&secrets).unwrap();
    let (program, files) = Program::with_secrets(&world.json(), &secrets);
    let declared = world.roles.iter().filter(|role| role.password.is_some());
    assert_eq!(files.len(), declared.count());
    for (role, file) in files {
        fs::write(file, format!("it's \\ '; ALTER ROLE postgres; -- {role}\n")).unwrap();
    }
    program
}

/// What is told to be out of reach because its grantor has another's rights, which the server does not say of it.
fn blocked_for_no_reason(cluster: &Cluster, apply: &Run) -> Vec<String> {
    let mut found = Vec::new();
    for scope in &apply.scopes {
        for step in scope.steps.iter().filter(|step| step.kind == "blocked") {
            let of_object = step.sql.split_once("SET LOCAL ROLE ");
            let grantor = of_object.and_then(|(_, rest)| Some(rest.split_once(";\n")?.0));
            let of_database = step.why.split_once(", granted by ");
            let of_database =
                of_database.and_then(|(_, rest)| Some(rest.split_once(", which has")?.0));
            let has = grantor.or(of_database).map(|grantor| {
                format!(
                    "SELECT rolsuper OR EXISTS (SELECT FROM pg_roles AS other
                        WHERE other.oid <> me.oid AND pg_has_role(me.oid, other.oid, 'USAGE'))
                    FROM pg_roles AS me WHERE oid = {}::regrole",
                    literal(grantor)
                )
            });
            let place = scope.database.as_deref().unwrap_or("postgres");
            if has.is_none_or(|has| cluster.sql(place, &has) != "t") {
                found.push(format!("{place}: {} -- {}", step.sql, step.why));
            }
        }
    }
    found
}

/// One world on one server.
fn round(cluster: &Cluster, seed: u64) {
    let mut world = World::new(seed, cluster.major);
    let complain = |what: &str, found: Vec<String>| {
        assert!(
            found.is_empty(),
            "PostgreSQL {}, DBGEN_SEED={seed} DBGEN_ROUNDS=1: {what}:\n{}",
            cluster.major,
            found[..found.len().min(60)].join("\n")
        );
    };
    provision_shared::place(cluster);
    for (database, sql) in &world.setup {
        set_up(cluster, database, sql);
    }
    let had = superusers(cluster);
    let mut dice = Dice::new(seed ^ 1);
    let whole = (
        world.databases.clone(),
        world.shared.clone(),
        world.hooks.clone(),
    );
    for context in [
        "at first",
        "after declarations were removed",
        "after they were made again",
    ] {
        match context {
            "at first" => {}
            "after declarations were removed" => {
                for database in &mut world.databases {
                    database.grants.retain(|_| dice.once_in(2));
                    database.defaults.retain(|_| dice.once_in(2));
                    database.access.clear();
                }
                world.shared.retain(|_| dice.once_in(2));
                world.hooks.retain(|_, _| dice.once_in(2));
            }
            _ => (world.databases, world.shared, world.hooks) = whole.clone(),
        }
        let shared = provision_shared::read(cluster);
        let states: Vec<Vec<Object>> = world
            .databases
            .iter()
            .map(|database| before(cluster, &world, database))
            .collect();
        let defaults: Vec<_> = world
            .databases
            .iter()
            .map(|database| match world.existing.contains(&database.name) {
                true => read_defaults(cluster, &database.name),
                false => BTreeMap::new(),
            })
            .collect();
        let program = program(cluster, &world);
        let plan = program.plan(cluster);
        let apply = program.run(cluster, Mode::Apply);
        if !apply.of_kind("blocked").is_empty() {
            complain(
                "blocked for no reason",
                blocked_for_no_reason(cluster, &apply),
            );
            eprintln!("DBGEN_SEED={seed}: {context} somebody has to take back what nobody can");
            return tear_down(cluster, &world);
        }
        assert_eq!(
            apply.status,
            Some(0),
            "DBGEN_SEED={seed} {}: {apply}",
            cluster.major
        );
        complain(
            "the plan is not what is done",
            plan_foretells(&plan, &apply),
        );
        world
            .existing
            .extend(world.databases.iter().map(|database| database.name.clone()));
        if context == "at first" {
            complain("roles", role_differences(cluster, &world, world.exact));
        }
        let shared = provision_shared::expected(&shared, &world.shared, world.exact, cluster.major);
        let has = provision_shared::read(cluster);
        let other = has
            .iter()
            .filter(|(thing, rights)| shared.get(thing) != Some(rights));
        let other = other
            .map(|(thing, rights)| format!("{thing:?}: {rights:?}, not {:?}", shared.get(thing)));
        complain("tablespaces and parameters", other.collect());
        let lazy = world
            .hooks
            .keys()
            .filter(|name| !provision_shared::hooks_ran(cluster, name));
        complain("hooks that did not run", lazy.cloned().collect());
        let roles = expected_roles(&world, &had, world.exact, cluster.major);
        for ((database, before), defaults) in world.databases.iter().zip(&states).zip(&defaults) {
            let after = read(cluster, &database.name);
            let expected = expected(database, before, &after, cluster.major);
            let mut found = differences(&database.name, &expected, &after);
            if !found.is_empty() {
                found.truncate(8);
                found.push(database.json().to_string());
                found.extend(apply.changes());
            }
            complain(&format!("rights {context}"), found);
            let schemas = after
                .iter()
                .filter(|object| object.kind == "schema")
                .map(|object| object.name.clone())
                .collect();
            let lists = read_defaults(cluster, &database.name);
            complain(
                "default privileges",
                database.default_differences(defaults, &lists, &schemas, cluster.major),
            );
            complain(
                "answers",
                matrix_differences(cluster, database, &roles, &world, &expected, &after),
            );
        }
        complain("a plan after an apply", program.plan(cluster).changes());
    }
    let program = program(cluster, &world);
    settle(cluster);
    let (written, versions) = (wal(cluster), rows(cluster));
    let silent = program.run(cluster, Mode::Apply);
    assert_eq!(
        wal(cluster),
        written,
        "DBGEN_SEED={seed}: a second run writes\n{silent}"
    );
    complain("a second run", silent.changes());
    let changed: Vec<String> = rows(cluster)
        .into_iter()
        .filter(|row| !versions.contains(row))
        .collect();
    complain("a second run writes rows", changed);
    tear_down(cluster, &world);
}

#[test]
fn what_is_declared_is_what_everybody_may_do_and_a_second_run_is_silent() {
    let (first, rounds) = (number("DBGEN_SEED", 1), number("DBGEN_ROUNDS", 4));
    each_quiet(
        "what_is_declared_is_what_everybody_may_do_and_a_second_run_is_silent",
        |cluster| {
            for seed in first..first + rounds {
                round(cluster, seed);
            }
        },
    );
}
