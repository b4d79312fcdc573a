//! What a random world has beside roles and databases: privileges on a tablespace and on parameters, and hooks.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::declarations::Dice;
use super::privileges_model::{Database, Grant, Right, Target, all};
use super::provision::{ident, literal};
use super::support::postgres::Cluster;

const SPACE: &str = "Odd space";
const FOLDER: &str = "space";
const PARAMETERS: [&str; 2] = ["work_mem", "log_statement"];

/// The rights on each, by kind and name.
pub type Lists = BTreeMap<(String, String), BTreeSet<Right>>;

/// Kinds and names of what a server of this version has privileges on.
fn things(major: u8) -> Vec<(&'static str, &'static str)> {
    let parameters = PARAMETERS.map(|name| ("parameter", name));
    let parameters = parameters.into_iter().filter(|_| major >= 15);
    [("tablespace", SPACE)]
        .into_iter()
        .chain(parameters)
        .collect()
}

fn some(dice: &mut Dice, kind: &str, major: u8) -> &'static str {
    dice.pick::<&str>(&all(kind, major))
}

/// Where the tablespace lies.
pub fn place(cluster: &Cluster) {
    cluster.folder(FOLDER);
}

/// SQL that makes the tablespace, whose place is there, and some privileges.
pub fn setup(dice: &mut Dice, roles: &[String], major: u8) -> String {
    let mut sql = format!(
        "SELECT format('CREATE TABLESPACE %I LOCATION %L', {}, current_setting('data_directory') || '/../{FOLDER}') \\gexec\n",
        literal(SPACE)
    );
    for _ in 0..dice.below(5) {
        let (kind, name) = *dice.pick(&things(major));
        let privilege = some(dice, kind, major);
        let on = format!("{} {}", kind.to_uppercase(), ident(name));
        sql += &match dice.below(4) {
            0 => format!("GRANT {privilege} ON {on} TO PUBLIC;\n"),
            1 => format!(
                "GRANT {privilege} ON {on} TO {} WITH GRANT OPTION;\n",
                ident(dice.pick::<String>(roles))
            ),
            _ => format!(
                "GRANT {privilege} ON {on} TO {};\n",
                ident(dice.pick::<String>(roles))
            ),
        };
    }
    sql
}

/// SQL that takes it away again, after the roles.
pub fn tear_down(major: u8) -> String {
    let mut sql = String::new();
    for (kind, name) in things(major) {
        let (word, name) = (kind.to_uppercase(), ident(name));
        sql += &match kind {
            "tablespace" => format!("DROP TABLESPACE {name};\n"),
            _ => format!("REVOKE ALL ON {word} {name} FROM PUBLIC;\n"),
        };
    }
    sql
}

/// Declared privileges.
pub fn grants(dice: &mut Dice, roles: &[String], major: u8) -> Vec<Grant> {
    let mut grants = Vec::new();
    for _ in 0..dice.below(5) {
        let (kind, name) = *dice.pick(&things(major));
        let role = (!dice.once_in(4)).then(|| dice.pick(roles).clone());
        let privilege = match dice.once_in(3) {
            true => "ALL",
            false => some(dice, kind, major),
        };
        grants.push(Grant {
            grantable: role.is_some() && dice.once_in(3),
            role,
            privileges: vec![privilege],
            kind,
            targets: vec![Target {
                schema: None,
                name: Some(name.to_owned()),
                arguments: None,
            }],
            columns: vec![],
        });
    }
    grants
}

/// Who has what there.
pub fn read(cluster: &Cluster) -> Lists {
    let parameters = match cluster.major >= 15 {
        true => format!(
            "UNION ALL SELECT 'parameter', wanted.name, 10, coalesce(paracl, acldefault('p', 10))
             FROM unnest(ARRAY[{}]) AS wanted(name) LEFT JOIN pg_parameter_acl ON parname = wanted.name",
            PARAMETERS.map(literal).join(", ")
        ),
        false => String::new(),
    };
    let sql = format!(
        "SELECT json_build_array(kind, name, (
           SELECT json_agg(json_build_array((SELECT rolname FROM pg_roles WHERE oid = grantee), privilege_type, is_grantable))
           FROM aclexplode(acl) WHERE grantee <> owner))
         FROM (
           SELECT 'tablespace', spcname::text, spcowner, coalesce(spcacl, acldefault('t', spcowner)) FROM pg_tablespace WHERE spcname = {}
           {parameters}) AS lists(kind, name, owner, acl)",
        literal(SPACE)
    );
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let lists = cluster.sql("postgres", &sql);
    let lists = lists.lines().map(|line| {
        let list: Value = serde_json::from_str(line).unwrap();
        let entries = list[2].as_array().into_iter().flatten();
        let entries = entries.map(|it| {
            (
                text(&it[0]),
                text(&it[1]).unwrap(),
                it[2].as_bool().unwrap(),
            )
        });
        (
            (text(&list[0]).unwrap(), text(&list[1]).unwrap()),
            entries.collect(),
        )
    });
    lists.collect()
}

/// Who must have what afterwards: PUBLIC is as every role here.
pub fn expected(before: &Lists, grants: &[Grant], exact: bool, major: u8) -> Lists {
    let mut lists = Lists::new();
    for (thing, had) in before {
        let mut wanted: BTreeMap<(Option<String>, String), bool> = BTreeMap::new();
        for grant in grants.iter().filter(|grant| {
            grant.kind == thing.0 && grant.targets[0].name.as_ref() == Some(&thing.1)
        }) {
            let privileges = match grant.privileges[..] {
                ["ALL"] => all(grant.kind, major),
                _ => grant.privileges.clone(),
            };
            for privilege in privileges {
                let right = (grant.role.clone(), privilege.to_owned());
                *wanted.entry(right).or_default() |= grant.grantable;
            }
        }
        if !exact {
            for (grantee, privilege, grantable) in had {
                let right = (grantee.clone(), privilege.clone());
                *wanted.entry(right).or_default() |= grantable;
            }
        }
        let rights = wanted
            .into_iter()
            .map(|((grantee, privilege), grantable)| (grantee, privilege, grantable));
        lists.insert(thing.clone(), rights.collect());
    }
    lists
}

/// Hooks that leave a trace, and hooks whose condition holds and which would fail.
pub fn hooks(database: &Database, has_owner: bool) -> Value {
    let name = literal(&database.name);
    let mut after = vec![
        json!({ "sql": "SELECT 1 / 0", "unless": "SELECT true" }),
        json!({
            "sql": format!("COMMENT ON LANGUAGE plpgsql IS {name}"),
            "unless": format!("SELECT obj_description(oid, 'pg_language') = {name} FROM pg_language WHERE lanname = 'plpgsql'"),
        }),
    ];
    if has_owner {
        let owner = literal(&database.owner);
        after.push(json!({ "sql": "SELECT 1 / 0", "unless": format!("SELECT current_user = {owner}"), "role": database.owner }));
    }
    json!({
        "before": [{
            "sql": format!("-- with a comment;\nCOMMENT ON SCHEMA public IS {name};"),
            "unless": format!("SELECT obj_description('public'::regnamespace, 'pg_namespace') = {name}"),
        }],
        "after": after,
    })
}

/// Whether the hooks have left their traces.
pub fn hooks_ran(cluster: &Cluster, database: &str) -> bool {
    let sql = "SELECT obj_description('public'::regnamespace, 'pg_namespace') = current_database()
        AND obj_description(oid, 'pg_language') = current_database() FROM pg_language WHERE lanname = 'plpgsql'";
    cluster.sql(database, sql) == "t"
}
