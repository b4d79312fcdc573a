//! pg_hba.conf and pg_ident.conf without a server: round trips, refusals, inclusions, the simulation's doubts, the lint.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::cell::Cell;
use std::io;
use std::net::IpAddr;

use dbgen::postgres::hba::*;
use proptest::prelude::*;

const LOCALHOST: [&str; 2] = ["127.0.0.1", "::1"];

fn rules(text: &str) -> Vec<Rule> {
    let (rules, errors) = parse(text, 16, None);
    assert_eq!(errors, []);
    rules
}

proptest! {
    #[test]
    fn a_printed_rule_is_read_back((version, rule) in (14..=18_u8)
        .prop_flat_map(|version| support::hba::rule(version).prop_map(move |rule| (version, rule)))) {
        let line = print(&rule, version).unwrap();
        prop_assert_eq!(parse(&line, version, None), (vec![Rule { line: 1, ..rule }], vec![]), "{}", line);
    }

    #[test]
    fn a_printed_map_is_read_back(
        (version, map) in (14..=18_u8).prop_flat_map(|version| support::hba::ident(version, "root".into()).prop_map(move |map| (version, map)))
    ) {
        let line = print_ident(&map, version).unwrap();
        prop_assert_eq!(parse_ident(&line, version, None), (vec![IdentMap { line: 1, ..map }], vec![]), "{}", line);
    }

    #[test]
    fn any_name_that_can_be_written_means_itself(name in "\\PC{1,20}", version in 14..=18_u8) {
        let (Ok(database), Ok(user)) = (DatabaseToken::literal(&name, version), UserToken::literal(&name, version)) else {
            prop_assert!(name.len() > 63);
            return Ok(());
        };
        let written = Rule { databases: [database].into(), users: [user].into(), ..rules("local all all trust").remove(0) };
        let line = print(&written, version).unwrap();
        let (read, errors) = parse(&line, version, None);
        prop_assert_eq!(errors, vec![]);
        for (database, user, matches) in [(&*name, &*name, true), ("other", &name, false), (&name, "other", false)] {
            let outcome = simulate(&read, &[], &login(Client::Local, database, user));
            prop_assert!(outcome.undecided.is_empty(), "{}", line);
            prop_assert_eq!(outcome.decision != Decision::NoMatch, matches, "{}", line);
        }
    }

    #[test]
    fn no_text_makes_the_reader_fail(text in "(?s).{0,200}", version in 14..=18_u8) {
        let (rules, errors) = parse(&text, version, None);
        let (maps, ident_errors) = parse_ident(&text, version, None);
        prop_assert!(rules.len() + errors.len() <= text.lines().count());
        prop_assert!(maps.len() + ident_errors.len() <= text.lines().count());
    }

    #[test]
    fn a_rule_called_unreachable_never_decides(
        rules in proptest::collection::vec(support::hba::rule(16), 2..8),
        names in (proptest::sample::select(support::hba::HOSTILE), proptest::sample::select(support::hba::HOSTILE)),
        tls in any::<bool>(), replication in any::<bool>(), from in 0..3_usize,
    ) {
        let facts = lint(&rules, 16, PasswordEncryption::ScramSha256);
        let ip = LOCALHOST.get(from).map(|ip| ip.parse().unwrap());
        let client = ip.map_or(Client::Local, |ip| Client::Tcp { ip, tls, gss: false });
        let login = Login { replication, ..login(client, names.0, names.1) };
        if let Decision::Matched { rule, .. } = simulate(&rules, &[], &login).decision {
            let dead = facts.iter().any(|fact| matches!(fact, Fact::Unreachable { rule: dead, .. } if *dead == rule));
            prop_assert!(!dead, "{:?}", facts);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn a_search_finds_what_looking_at_every_rule_finds(
        rules in proptest::collection::vec(support::hba::rule(16), 1..12),
        maps in proptest::collection::vec(support::hba::ident(16, "app".into()), 0..6),
        names in (proptest::sample::select(support::hba::HOSTILE), proptest::sample::select(support::hba::HOSTILE)),
        member in any::<bool>(), tls in any::<bool>(), replication in any::<bool>(), from in 0..3_usize,
    ) {
        let ip = LOCALHOST.get(from).map(|ip| ip.parse().unwrap());
        let client = ip.map_or(Client::Local, |ip| Client::Tcp { ip, tls, gss: false });
        let (database, user) = names;
        for user in [user, database] {
            let login = Login { replication, member_of: &|_| member, system_user: Some("app"), ..login(client, database, user) };
            prop_assert_eq!(Search::new(&rules, &maps, client).simulate(&login), simulate(&rules, &maps, &login));
        }
    }
}

#[test]
fn a_hundred_thousand_logins_and_rules_are_judged_without_comparing_all_with_all() {
    let line = |at: usize| {
        let (second, third) = (at / 256 % 256, at % 256);
        format!(
            "local d{at} u{at} peer map=m\nhost d u{at} 127.0.0.1/32 reject\nhost d{at} u 127.0.0.1/32 reject\n\
             host d u 10.{second}.{third}.0/24 reject\nhost /^x{at} all 192.168.0.0/16 reject\n"
        )
    };
    let text: String = (0..100_000).map(line).collect();
    let rules = rules(&text);
    let maps: String = (0..100_000).map(|at| format!("m s u{at}\n")).collect();
    let (maps, errors) = parse_ident(&maps, 16, None);
    assert_eq!(errors, []);
    let search = Search::new(&rules, &maps, Client::Local);
    for at in 0..100_000 {
        let (database, user) = (format!("d{at}"), format!("u{at}"));
        let login = Login {
            system_user: Some("s"),
            ..login(Client::Local, &database, &user)
        };
        assert_eq!(
            search.simulate(&login).decision,
            Decision::Matched {
                rule: at * 5,
                method: Method::Peer,
                ident: Some(IdentDecision::Map(at))
            }
        );
    }
    let facts = lint(&rules, 16, PasswordEncryption::ScramSha256);
    let count = |wanted: fn(&Fact) -> bool| facts.iter().filter(|fact| wanted(fact)).count();
    assert_eq!(
        count(|fact| matches!(fact, Fact::OnlyIpv4Loopback { .. })),
        200_000
    );
    // The second octet begins again.
    assert_eq!(
        count(|fact| matches!(fact, Fact::Unreachable { .. })),
        100_000 - 65_536
    );
}

fn login<'a>(client: Client, database: &'a str, user: &'a str) -> Login<'a> {
    Login {
        client,
        database,
        user,
        member_of: &|_| false,
        system_user: None,
        replication: false,
    }
}

fn tcp(ip: &str) -> Client {
    Client::Tcp {
        ip: ip.parse().unwrap(),
        tls: false,
        gss: false,
    }
}

#[test]
fn a_name_that_cannot_be_written_is_refused_with_the_reason() {
    let refusal = |name: &str| DatabaseToken::literal(name, 16).unwrap_err().to_string();
    assert_eq!(refusal(""), "the name is empty");
    assert_eq!(
        refusal("a\nlocal all all trust"),
        "`a\\nlocal all all trust` contains a control character"
    );
    assert_eq!(
        refusal(&"é".repeat(32)),
        format!("`{}` has 64 bytes; the longest name has 63", "é".repeat(32))
    );
    let rule = Rule {
        users: [UserToken::Name("/x".into())].into(),
        ..rules("local all all trust").remove(0)
    };
    assert_eq!(
        print(&rule, 16).unwrap_err().to_string(),
        "`/x` begins with `/`, which PostgreSQL 16 and later read as a regular expression; \
         write it as the regular expression `^/x$`"
    );
    assert_eq!(print(&rule, 15).unwrap(), "local all \"/x\" trust");
    let pattern = Rule {
        users: [UserToken::Regex("x".into())].into(),
        ..rule.clone()
    };
    assert!(matches!(print(&pattern, 15), Err(Unwritable::Regex { .. })));
    let long = Rule {
        options: [("map".into(), "m".repeat(11_000))].into(),
        ..rules("local all all peer").remove(0)
    };
    assert!(matches!(
        print(&long, 15),
        Err(Unwritable::FieldTooLong { most: 10_238, .. })
    ));
    assert!(print(&long, 16).is_ok());
    let smuggled = Rule {
        options: [("map".into(), "m\nlocal all all trust".into())].into(),
        ..rules("local all all peer").remove(0)
    };
    assert!(matches!(
        print(&smuggled, 16),
        Err(Unwritable::Control { .. })
    ));
    let keyword = Rule {
        address: Some(Address::HostName("127.1".into())),
        ..rules("host all all ::1/128 md5").remove(0)
    };
    assert_eq!(
        print(&keyword, 16).unwrap_err().to_string(),
        "`127.1` is not read as a host name"
    );
}

#[test]
fn keywords_are_bare_and_names_are_quoted() {
    let text = r##"hostssl "all",all,"a""b" +"g r","+x","@x","#" 10.0.0.0/8 cert map="a b""##;
    assert_eq!(print(&rules(text)[0], 16).unwrap(), text);
}

struct Memory<'a>(&'a [(&'a str, &'a str)], Cell<usize>);

impl Files for Memory<'_> {
    fn read(&self, name: &str) -> io::Result<String> {
        self.1.set(self.1.get() + 1);
        let found = self.0.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, text)| (*text).to_owned())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, directory: &str) -> io::Result<Vec<String>> {
        let within = self
            .0
            .iter()
            .filter_map(|(name, _)| name.strip_prefix(directory)?.strip_prefix('/'));
        Ok(within.map(str::to_owned).collect())
    }
}

#[test]
fn inclusions_are_followed_from_the_directory_of_the_file() {
    let files = Memory(
        &[
            ("d/b.conf", "local b @names trust\n"),
            ("d/a.conf", "\nlocal a all trust\n"),
            ("d/.hidden.conf", "nonsense"),
            ("d/names", "u1 u2,\"all\""),
        ],
        Cell::new(0),
    );
    let text = "include_dir d\ninclude_if_exists none\nlocal c all trust";
    let (found, errors) = parse(text, 16, Some(&files));
    assert_eq!(errors, []);
    let places: Vec<_> = found
        .iter()
        .map(|rule| (rule.file.as_deref(), rule.line))
        .collect();
    assert_eq!(
        places,
        [(Some("d/a.conf"), 2), (Some("d/b.conf"), 1), (None, 3)]
    );
    assert_eq!(
        found[1].users,
        std::sync::Arc::from(["u1", "u2", "all"].map(|name| UserToken::Name(name.into())))
    );
    let (_, errors) = parse(text, 15, Some(&files));
    assert_eq!(errors[0].message, "`include_dir` is no connection type");
}

#[test]
fn what_is_not_followed_is_said() {
    let (found, errors) = parse("local @names all trust\ninclude more", 16, None);
    assert_eq!(*found[0].databases, [DatabaseToken::File("names".into())]);
    assert_eq!(
        (errors[0].line, errors[0].message.as_str()),
        (2, "`include more` is not followed")
    );
}

#[test]
fn a_loop_of_inclusions_ends() {
    let twice = Memory(
        &[("x", "include x\ninclude x\nlocal a @x trust\n")],
        Cell::new(0),
    );
    let (_, errors) = parse("include x", 16, Some(&twice));
    assert!(errors[0].message.contains("10 files deep"), "{errors:?}");
    assert!(twice.1.get() <= 256);
}

#[test]
fn a_host_name_before_the_match_leaves_doubt() {
    let rules = rules(
        "host all all db.example.org trust\nhost all all samenet reject\nhost all all all md5",
    );
    let outcome = simulate(&rules, &[], &login(tcp("192.0.2.7"), "a", "a"));
    assert_eq!(
        outcome.undecided,
        [
            Undecided {
                rule: 0,
                name_resolution: true
            },
            Undecided {
                rule: 1,
                name_resolution: false
            }
        ]
    );
    assert!(matches!(
        outcome.decision,
        Decision::Matched {
            rule: 2,
            method: Method::Md5,
            ident: None
        }
    ));
}

#[test]
fn a_pattern_that_only_postgresql_knows_leaves_doubt() {
    for (pattern, database, undecided) in [
        ("(?i)APP", "app", 1),
        ("\\mapp", "app", 1),
        ("^.$", "é", 1),
        ("^a.*$", "aé", 0),
        ("b", "app", 0),
    ] {
        let rules = rules(&format!("local \"/{pattern}\" all trust"));
        assert_eq!(
            simulate(&rules, &[], &login(Client::Local, database, "u"))
                .undecided
                .len(),
            undecided,
            "{pattern}"
        );
    }
}

#[test]
fn all_is_not_replication_and_tls_is_not_plain() {
    let rules = rules(
        "local all all trust\nlocal replication all reject\nhostssl all all ::1/128 trust\nhostnossl all all ::1/128 reject",
    );
    let matched = |login: &Login| match simulate(&rules, &[], login).decision {
        Decision::Matched { rule, .. } => rule,
        Decision::NoMatch => 99,
    };
    assert_eq!(
        matched(&Login {
            replication: true,
            ..login(Client::Local, "replication", "u")
        }),
        1
    );
    assert_eq!(matched(&login(Client::Local, "replication", "u")), 0);
    let ip: IpAddr = "::1".parse().unwrap();
    assert_eq!(
        matched(&login(
            Client::Tcp {
                ip,
                tls: true,
                gss: false
            },
            "a",
            "u"
        )),
        2
    );
    assert_eq!(
        matched(&login(
            Client::Tcp {
                ip,
                tls: false,
                gss: true
            },
            "a",
            "u"
        )),
        3
    );
    assert_eq!(matched(&login(tcp("127.0.0.1"), "a", "u")), 99);
}

fn unreachable(text: &str) -> Vec<(usize, Vec<usize>)> {
    let facts = lint(&rules(text), 16, PasswordEncryption::ScramSha256);
    facts
        .into_iter()
        .filter_map(|fact| match fact {
            Fact::Unreachable { rule, by } => Some((rule, by)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_covered_rule_is_unreachable_and_the_covering_ones_are_named() {
    for (text, expected) in [
        ("local all all peer\nlocal a b peer", vec![(1, vec![0])]),
        ("local all all peer\nlocal replication b peer", vec![]),
        ("local all all peer\nlocal all,replication b peer", vec![]),
        ("local \"all\" all peer\nlocal a all peer", vec![]),
        (
            "local a all peer\nlocal b all peer\nlocal a,b c peer",
            vec![(2, vec![0, 1])],
        ),
        (
            "local sameuser all peer\nlocal a a peer",
            vec![(1, vec![0])],
        ),
        ("local a a peer\nlocal sameuser a peer", vec![(1, vec![0])]),
        ("local sameuser all peer\nlocal a b peer", vec![]),
        (
            "local /^app all peer\nlocal app1 all peer",
            vec![(1, vec![0])],
        ),
        ("local all +g peer\nlocal all g peer", vec![]),
        (
            "host all all 10.0.0.0/8 md5\nhostssl all all 10.1.0.0/16 md5",
            vec![(1, vec![0])],
        ),
        (
            "hostssl all all 10.0.0.0/8 md5\nhost all all 10.1.0.0/16 md5",
            vec![],
        ),
        (
            "hostssl all all all md5\nhostnossl all all all md5\nhost all all ::1/128 md5",
            vec![(2, vec![0, 1])],
        ),
        (
            "host all all 0.0.0.0/0 md5\nhost all all ::/0 md5\nhost all all all md5",
            vec![(2, vec![0, 1])],
        ),
        ("host all all 0.0.0.0/0 md5\nhost all all all md5", vec![]),
        (
            "host all all .example.org md5\nhost all all db.EXAMPLE.org md5",
            vec![(1, vec![0])],
        ),
        (
            "host all all 10.0.0.0/8 md5\nhost all all 10.0.5.0 255.0.255.0 md5",
            vec![(1, vec![0])],
        ),
        (
            "host all all 10.0.5.0 255.0.255.0 md5\nhost all all 10.0.5.0/24 md5",
            vec![(1, vec![0])],
        ),
        ("local @f all peer\nlocal @f all peer", vec![]),
    ] {
        assert_eq!(unreachable(text), expected, "{text}");
    }
}

#[test]
fn the_lint_names_what_a_person_should_know() {
    let text = "local all all trust\nhost a a 127.0.0.1/32 md5\nhost b b ::1/128 password\n\
                host c c 127.0.0.1/32 scram-sha-256\nhost c c ::1/128 scram-sha-256\nhost \"replication\" /x 10.0.0.0/8 reject";
    let facts = lint(&rules(text), 16, PasswordEncryption::Md5);
    assert_eq!(
        facts,
        [
            Fact::Trust { rule: 0 },
            Fact::Md5 { rule: 1 },
            Fact::OnlyIpv4Loopback { rule: 1 },
            Fact::ClearPassword { rule: 2 },
            Fact::OnlyIpv6Loopback { rule: 2 },
            Fact::ScramWithMd5Passwords { rule: 3 },
            Fact::ScramWithMd5Passwords { rule: 4 },
            Fact::KeywordAsName {
                rule: 5,
                name: "replication".into()
            },
            Fact::SlashName {
                rule: 5,
                name: "/x".into(),
                regex: true
            },
        ]
    );
    let unfit = Rule {
        method: Method::Peer,
        ..rules("host all all all reject").remove(0)
    };
    assert_eq!(
        lint(&[unfit], 16, PasswordEncryption::ScramSha256),
        [Fact::MethodDoesNotFit { rule: 0 }]
    );
}

#[test]
fn a_map_stops_where_its_group_is_missing() {
    let decide = |ident: &str, user: &str| {
        let (maps, errors) = parse_ident(ident, 16, None);
        assert_eq!(errors, []);
        let login = Login {
            system_user: Some("ann@example.org"),
            ..login(Client::Local, "d", user)
        };
        match simulate(&rules("local all all peer map=m"), &maps, &login).decision {
            Decision::Matched { ident, .. } => ident.unwrap(),
            Decision::NoMatch => panic!("no rule"),
        }
    };
    assert_eq!(
        decide("m /^(.*)@example\\.org$ \\1", "ann"),
        IdentDecision::Map(0)
    );
    assert_eq!(
        decide("m /^(.*)@example\\.org$ \\1", "bob"),
        IdentDecision::Refused
    );
    assert_eq!(
        decide("m /org \\1\nm ann@example.org bob", "bob"),
        IdentDecision::Unknown(0)
    );
    assert_eq!(
        decide("m /^.*$ \\1\nm ann@example.org bob", "bob"),
        IdentDecision::Refused
    );
    assert_eq!(
        decide("n ann@example.org bob\nm ann@example.org all", "bob"),
        IdentDecision::Map(1)
    );
    assert_eq!(decide("", "ann@example.org"), IdentDecision::Refused);
}
