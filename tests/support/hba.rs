//! Rules and maps at random, with names that look like something else.

use std::net::IpAddr;

use dbgen::postgres::hba::{
    Address, ConnectionType, DatabaseToken, DatabaseUser, IdentMap, Method, Rule, SystemUser,
    UserToken,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// Names that a careless line would turn into a keyword, a group, a file, a comment, a pattern, or two names.
pub const HOSTILE: &[&str] = &[
    "all",
    "replication",
    "sameuser",
    "samerole",
    "samehost",
    "+grp",
    "+all",
    "@x",
    "@",
    "a b",
    " a",
    "a ",
    "a,b",
    "a\"b",
    "\"",
    "\"\"",
    "#x",
    "a#b",
    "é",
    "数据库",
    "a\\",
    "\\",
    "a\\\\b",
    "/x",
    "/",
    "/a.b",
    "/^(",
    "ALL",
    "include",
    "grp",
    "app",
    "member",
    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg",
    "=",
    "map=x",
    "'",
    "${x}",
    "--",
    "127.0.0.1",
    "*",
];

/// Patterns of which both sides know the meaning.
pub const PATTERNS: &[&str] = &[
    "",
    "^app$",
    "^a",
    "a.b",
    "^(app|grp)$",
    "^[a-z]+$",
    "^.+$",
    "é$",
    "^\\+grp$",
    "^ap{2}$",
    "^a?l*$",
    "[^a-z]",
    "^(m.*)r$",
    "\\w \\w",
];

fn hostile() -> impl Strategy<Value = String> + Clone {
    select(HOSTILE).prop_map(str::to_owned)
}

pub fn database(version: u8) -> impl Strategy<Value = DatabaseToken> {
    let known = select(
        &[
            DatabaseToken::All,
            DatabaseToken::SameUser,
            DatabaseToken::SameRole,
            DatabaseToken::Replication,
        ][..],
    );
    let name = hostile().prop_map(move |name| DatabaseToken::literal(&name, version).unwrap());
    let pattern = select(PATTERNS).prop_map(|text| DatabaseToken::Regex(text.to_owned()));
    prop_oneof![2 => known, 5 => name.clone(), 2 => if version >= 16 { pattern.boxed() } else { name.boxed() }]
}

pub fn user(version: u8) -> impl Strategy<Value = UserToken> {
    let name = hostile().prop_map(move |name| UserToken::literal(&name, version).unwrap());
    let member = select(&["grp", "app", "a b", "all", "nobody"][..])
        .prop_map(|name| UserToken::Member(name.to_owned()));
    let pattern = select(PATTERNS).prop_map(|text| UserToken::Regex(text.to_owned()));
    prop_oneof![
        2 => Just(UserToken::All),
        2 => member,
        5 => name.clone(),
        2 => if version >= 16 { pattern.boxed() } else { name.boxed() },
    ]
}

pub fn address() -> impl Strategy<Value = Address> {
    let v4 = |a, b, c, d| IpAddr::from([a, b, c, d]);
    let v6 = |text: &str| text.parse::<IpAddr>().unwrap();
    select(vec![
        Address::All,
        Address::SameHost,
        Address::SameNet,
        Address::host(v4(127, 0, 0, 1)),
        Address::host(v6("::1")),
        Address::Net {
            ip: v4(127, 9, 9, 9),
            prefix: 8,
        },
        Address::Net {
            ip: v4(0, 0, 0, 0),
            prefix: 0,
        },
        Address::Net {
            ip: v6("::"),
            prefix: 0,
        },
        Address::Net {
            ip: v6("::"),
            prefix: 127,
        },
        Address::Net {
            ip: v4(10, 1, 0, 0),
            prefix: 16,
        },
        Address::Masked {
            ip: v4(127, 0, 0, 1),
            mask: v4(255, 0, 0, 255),
        },
        Address::Masked {
            ip: v4(127, 0, 0, 2),
            mask: v4(255, 0, 0, 255),
        },
    ])
}

/// A rule that every server takes and that needs nothing outside.
pub fn rule(version: u8) -> impl Strategy<Value = Rule> {
    let connection = prop_oneof![4 => Just(ConnectionType::Local), 4 => Just(ConnectionType::Host), 1 => select(&ConnectionType::ALL[..])];
    let methods = &[
        Method::Trust,
        Method::Reject,
        Method::ScramSha256,
        Method::Password,
        Method::Md5,
        Method::Peer,
    ][..];
    let parts = (
        connection,
        vec(database(version), 1..4),
        vec(user(version), 1..4),
        address(),
        select(methods),
        0..3_u8,
    );
    parts.prop_map(|(connection, databases, users, address, method, map)| {
        let local = connection == ConnectionType::Local;
        let method = if method == Method::Peer && !local {
            Method::Trust
        } else {
            method
        };
        let maps = [None, Some("m"), Some("a \"map\", #odd")];
        let map = maps[usize::from(map)].filter(|_| method == Method::Peer);
        let options = map
            .map(|map| ("map".to_owned(), map.to_owned()))
            .into_iter()
            .collect();
        Rule {
            connection,
            databases: databases.into(),
            users: users.into(),
            address: (!local).then_some(address),
            method,
            options,
            line: 0,
            file: None,
        }
    })
}

/// A map for the system user `me`.
pub fn ident(version: u8, me: String) -> impl Strategy<Value = IdentMap> {
    let patterns = vec![
        SystemUser::literal(&me).unwrap(),
        SystemUser::Name("somebody".to_owned()),
        SystemUser::Regex("^(.*)$".to_owned()),
        SystemUser::Regex(String::new()),
        SystemUser::Regex("^(.).*$".to_owned()),
        SystemUser::Regex("@example\\.org$".to_owned()),
    ];
    let name = hostile()
        .prop_map(move |name| DatabaseUser::literal(&name, version).unwrap())
        .boxed();
    let back = Just(DatabaseUser::Name("\\1".to_owned()));
    let later = select(vec![
        DatabaseUser::All,
        DatabaseUser::Member("grp".to_owned()),
        DatabaseUser::Regex("^a".to_owned()),
        DatabaseUser::Name("all".to_owned()),
    ]);
    let user = prop_oneof![3 => name.clone(), 2 => back, 2 => if version >= 16 { later.boxed() } else { name }];
    let map = select(&["m", "a \"map\", #odd", "other"][..]);
    (map, select(patterns), user).prop_map(|(map, system_user, database_user)| IdentMap {
        map: map.to_owned(),
        system_user,
        database_user,
        line: 0,
        file: None,
    })
}

/// The next value of a strategy.
pub fn sample<T>(strategy: &impl Strategy<Value = T>, runner: &mut TestRunner) -> T {
    strategy.new_tree(runner).unwrap().current()
}
