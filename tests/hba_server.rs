//! pg_hba.conf and pg_ident.conf against the servers themselves: what they read, and whom they let in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use dbgen::postgres::hba::{
    Client, ConnectionType, DatabaseToken, Decision, Files, IdentDecision, IdentMap, Login, Method,
    Rule, UserToken, parse, parse_ident, print, print_ident, simulate,
};
use proptest::strategy::Strategy;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use support::hba::{HOSTILE, sample};
use support::postgres::{Cluster, each_server};
use support::startup::{Answer, start};

const ADMIN: &str = "local \"postgres\" \"postgres\" trust\n";

struct DataDirectory(PathBuf);

impl Files for DataDirectory {
    fn read(&self, name: &str) -> io::Result<String> {
        std::fs::read_to_string(self.0.join(name))
    }

    fn list(&self, directory: &str) -> io::Result<Vec<String>> {
        std::fs::read_dir(self.0.join(directory))?
            .map(|entry| Ok(entry?.file_name().into_string().unwrap_or_default()))
            .collect()
    }
}

/// What the server makes of one line.
#[derive(Debug, Clone, PartialEq)]
enum Line {
    Rule(Value),
    /// A rule that this server's build or configuration cannot use, shown as nothing but that.
    Idle,
    Refused(String),
}

/// The file as the server sees it, with line numbers.
fn server_view(cluster: &Cluster) -> Vec<(u64, Line)> {
    let sql = "SELECT coalesce(json_agg(r), '[]') FROM pg_hba_file_rules r";
    let rows: Vec<Value> = serde_json::from_str(&cluster.sql("postgres", sql)).unwrap();
    let mut view: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let fields = [
                "type",
                "database",
                "user_name",
                "address",
                "netmask",
                "auth_method",
                "options",
            ];
            let fields: Vec<Value> = fields.into_iter().map(|field| row[field].clone()).collect();
            let line = match row["error"].as_str() {
                None => Line::Rule(Value::from(fields)),
                Some(error)
                    if error.contains("cannot match because")
                        || error.contains("by this build") =>
                {
                    Line::Idle
                }
                Some(error) => Line::Refused(error.to_owned()),
            };
            (row["line_number"].as_u64().unwrap(), line)
        })
        .collect();
    view.sort_by_key(|(at, line)| (*at, matches!(line, Line::Refused(_))));
    view
}

/// Whether both read the file alike; why a line is refused is said in other words.
fn alike(server: &[(u64, Line)], own: &[(u64, Line)]) -> bool {
    let same = |((at, server), (own_at, own)): (&(u64, Line), &(u64, Line))| {
        at == own_at
            && match (server, own) {
                (Line::Rule(server), Line::Rule(own)) => server == own,
                (Line::Idle, _) | (Line::Refused(_), Line::Refused(_)) => true,
                _ => false,
            }
    };
    server.len() == own.len() && server.iter().zip(own).all(same)
}

/// The same from our own reading.
fn own_view(text: &str, cluster: &Cluster) -> Vec<(u64, Line)> {
    let files = DataDirectory(cluster.data.clone());
    let (rules, errors) = parse(text, cluster.major, Some(&files));
    let rules = rules
        .iter()
        .map(|rule| (u64::from(rule.line), Line::Rule(fields(rule))));
    let errors = errors
        .into_iter()
        .map(|error| (u64::from(error.line), Line::Refused(error.message)));
    let mut view: Vec<_> = rules.chain(errors).collect();
    view.sort_by_key(|(at, line)| (*at, matches!(line, Line::Refused(_))));
    view
}

fn fields(rule: &Rule) -> Value {
    use dbgen::postgres::hba::Address::*;
    let database = |token: &DatabaseToken| match token {
        DatabaseToken::All => "all".to_owned(),
        DatabaseToken::SameUser => "sameuser".to_owned(),
        DatabaseToken::SameRole => "samerole".to_owned(),
        DatabaseToken::Replication => "replication".to_owned(),
        DatabaseToken::Name(name) => name.clone(),
        DatabaseToken::Regex(pattern) => format!("/{pattern}"),
        DatabaseToken::File(file) => format!("@{file}"),
    };
    let user = |token: &UserToken| match token {
        UserToken::All => "all".to_owned(),
        UserToken::Name(name) => name.clone(),
        UserToken::Member(name) => format!("+{name}"),
        UserToken::Regex(pattern) => format!("/{pattern}"),
        UserToken::File(file) => format!("@{file}"),
    };
    let (address, netmask) = match &rule.address {
        None => (Value::Null, Value::Null),
        Some(All) => (json!("all"), Value::Null),
        Some(SameHost) => (json!("samehost"), Value::Null),
        Some(SameNet) => (json!("samenet"), Value::Null),
        Some(HostName(name) | Suffix(name)) => (json!(name), Value::Null),
        Some(Net { ip, prefix }) => (json!(ip.to_string()), json!(mask(*ip, *prefix).to_string())),
        Some(Masked { ip, mask }) => (json!(ip.to_string()), json!(mask.to_string())),
    };
    let options: Vec<String> = rule
        .options
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    json!([
        rule.connection.keyword(),
        rule.databases.iter().map(database).collect::<Vec<_>>(),
        rule.users.iter().map(user).collect::<Vec<_>>(),
        address,
        netmask,
        rule.method.keyword(),
        if options.is_empty() {
            Value::Null
        } else {
            json!(options)
        },
    ])
}

fn mask(ip: IpAddr, prefix: u8) -> IpAddr {
    match ip {
        IpAddr::V4(_) => IpAddr::from(
            u32::MAX
                .checked_shl(32 - u32::from(prefix))
                .unwrap_or(0)
                .to_be_bytes(),
        ),
        IpAddr::V6(_) => IpAddr::from(
            u128::MAX
                .checked_shl(128 - u32::from(prefix))
                .unwrap_or(0)
                .to_be_bytes(),
        ),
    }
}

#[test]
fn the_server_reads_what_is_printed() {
    each_server("the_server_reads_what_is_printed", |cluster| {
        let mut runner = TestRunner::deterministic();
        let strategy = support::hba::rule(cluster.major);
        let mut text = ADMIN.to_owned();
        for name in HOSTILE {
            let databases = vec![DatabaseToken::literal(name, cluster.major).unwrap()];
            let users = vec![
                UserToken::literal(name, cluster.major).unwrap(),
                UserToken::Member((*name).to_owned()),
            ];
            let rule = Rule {
                databases: databases.into(),
                users: users.into(),
                ..sample(&strategy, &mut runner)
            };
            text += &format!("{}\n", print(&rule, cluster.major).unwrap());
        }
        for _ in 0..300 {
            text += &format!(
                "{}\n",
                print(&sample(&strategy, &mut runner), cluster.major).unwrap()
            );
        }
        cluster.write("pg_hba.conf", &text);
        let (server, own) = (server_view(cluster), own_view(&text, cluster));
        assert_eq!(server.len(), text.lines().count());
        assert!(
            own.iter().all(|(_, line)| matches!(line, Line::Rule(_))),
            "{own:#?}"
        );
        assert!(
            alike(&server, &own),
            "PostgreSQL {}\n{text}\n{server:#?}\n{own:#?}",
            cluster.major
        );
    });
}

#[test]
fn any_text_is_read_as_the_server_reads_it() {
    each_server("any_text_is_read_as_the_server_reads_it", |cluster| {
        cluster.write("names", "a, \"all\" # c\n+b all\n@nested\n");
        cluster.write("nested", "n1 n2,n3");
        cluster.write("loop", "x @loop");
        cluster.write("loops", "local a a trust\ninclude loops\n");
        cluster.write("empty", "# nothing\n");
        cluster.write("rules", "local r r trust\n");
        // Until 15 a token has a buffer of 10,240 bytes, for its closing quote and end as well.
        let long = [255, 256, 10_237, 10_238, 10_239, 10_240].map(|bytes| {
            let name = "x".repeat(bytes);
            format!("local {name} \"{name}\" trust\nlocal {name} all trust\nlocal {name},a all trust\nlocal all \"{name}\" trust\n")
        });
        let fixed = [
            "local all all ident map=\"a b\"\nlocal all all peer \"map=a b\"\nlocal all all trust map=x\nlocal all all peer map",
            "host all all 127.1/8 trust\nhost all all 0x7f.1 255.0.0.0 trust\nhost all all 10.0.0.1 trust\nhost all all ::1/129 trust",
            "host all all db.example.org trust\nhost all all .example.org md5\nhost all all db/24 md5\nhost all all \"all\" md5\nhost all all a,b md5",
            "host all all ::1 255.0.0.0 trust\nhost all all 1.2.3.4 255.0.255.0 trust\nhost all all 1.2.3.4/ trust\nhost all all 1.2.3.4/+8 trust",
            "host all all ::1/128 peer\nhostssl all all ::1/128 trust clientcert=1\nhost all all ::1/128 scram-sha-256 clientcert=verify-ca",
            "host all all ::1/128 ldap\nhost all all ::1/128 ldap ldapserver=x ldapbasedn=y ldapprefix=z\nhost all all ::1/128 radius\nlocal all all gss",
            "host all all ::1/128 oauth\nlocal all all nosuch\nloca all all trust\nlocal\nlocal all\nlocal all all\nlocal all all trust,reject",
            "local @names @\"names\" trust\nlocal @missing all trust\nlocal @empty all all trust\nlocal \"@names\" all trust",
            "local a\"ll\" \"\"all trust\nlocal +\"a b\" +\"a b\" trust\nlocal a , b trust\nlocal a ,b trust\nlocal a, b all trust\nlocal,x all all trust",
            "local all all trust \\\n# x \\\nlocal all all trust\nlocal \\\n all all \\\n\\\n trust\nlocal all all reject\\\\\n\nlocal all all trust",
            "local \"/x\" /x trust\nlocal /a(b all trust\nlocal /a) all trust\nlocal /*a all trust\nlocal \"/[a\" all trust\nlocal / \"/\" trust",
            "include rules\ninclude_if_exists missing\ninclude missing\n\"include\" \"rules\"\nlocal a a trust",
        ];
        let soup: Vec<&str> =
            "a|all|\"|\"\"|,|, | |\t|+|@|@names|/|#|\\|\\\n|\n|é|replication|sameuser|=|local"
                .split('|')
                .collect();
        let soup = proptest::collection::vec(proptest::sample::select(soup), 0..8)
            .prop_map(|parts| parts.concat());
        let mut runner = TestRunner::deterministic();
        let soups: Vec<String> = (0..80)
            .map(|_| {
                (0..6)
                    .map(|_| {
                        format!(
                            "local {} {} trust\n",
                            sample(&soup, &mut runner),
                            sample(&soup, &mut runner)
                        )
                    })
                    .collect()
            })
            .collect();
        // Until 15 the server follows a loop until it has no more file descriptors.
        let endless =
            (cluster.major >= 16).then(|| "local @loop all trust\ninclude loops\n".to_owned());
        let texts = fixed
            .iter()
            .map(|text| (*text).to_owned())
            .chain(long)
            .chain(soups)
            .chain(endless);
        for text in texts {
            cluster.write("pg_hba.conf", &text);
            let (server, own) = (server_view(cluster), own_view(&text, cluster));
            assert!(
                alike(&server, &own),
                "PostgreSQL {}\n{text}\n{server:#?}\n{own:#?}",
                cluster.major
            );
        }
    });
}

/// Roles that exist besides those of [`HOSTILE`], and who belongs to whom.
const MEMBERSHIPS: &[(&str, &str)] = &[
    ("member", "grp"),
    ("a b", "app"),
    ("deep", "member"),
    ("boss", "all"),
];

fn member_of(user: &str, role: &str) -> bool {
    MEMBERSHIPS
        .iter()
        .any(|(member, group)| *member == user && (*group == role || member_of(group, role)))
}

fn create_roles(cluster: &Cluster) {
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let mut sql = String::from("CREATE ROLE deep LOGIN; CREATE ROLE boss LOGIN SUPERUSER;\n");
    for name in HOSTILE {
        sql += &format!("CREATE ROLE {} LOGIN;\n", quote(name));
    }
    for (member, group) in MEMBERSHIPS {
        sql += &format!("GRANT {} TO {};\n", quote(group), quote(member));
    }
    cluster.sql("postgres", &sql);
}

fn expected(decision: &Decision, user: &str) -> Vec<Answer> {
    match decision {
        Decision::NoMatch => vec![Answer::NoRule],
        Decision::Matched { method, ident, .. } => match (method, ident) {
            (Method::Trust, _) => vec![Answer::Accepted],
            (Method::Reject, _) => vec![Answer::Rejected],
            (Method::Password, _) => vec![Answer::AsksClear],
            (Method::ScramSha256 | Method::Md5, _) => vec![Answer::AsksScram],
            (Method::Peer, Some(IdentDecision::SameName | IdentDecision::Map(_))) => {
                vec![Answer::Accepted]
            }
            (Method::Peer, Some(IdentDecision::Refused)) => {
                vec![Answer::Failed(format!(
                    "Peer authentication failed for user \"{user}\""
                ))]
            }
            _ => Vec::new(),
        },
    }
}

fn me() -> String {
    let output = std::process::Command::new("id")
        .arg("-un")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Compares the server with the simulation for one login; returns what it answered where the simulation was certain.
fn check(
    cluster: &Cluster,
    rules: &[Rule],
    maps: &[IdentMap],
    host: Option<&str>,
    names: (&str, &str),
    me: &str,
) -> Option<Answer> {
    let (database, user) = names;
    let replication = database == "replication" && user.len() % 2 == 0;
    let client = host.map_or(Client::Local, |host| Client::Tcp {
        ip: host.parse().unwrap(),
        tls: false,
        gss: false,
    });
    let member_of = |role: &str| member_of(user, role);
    let login = Login {
        client,
        database,
        user,
        member_of: &member_of,
        system_user: Some(me),
        replication,
    };
    let outcome = simulate(rules, maps, &login);
    let expected = expected(&outcome.decision, user);
    if !outcome.undecided.is_empty() || expected.is_empty() {
        return None;
    }
    let answer = start(cluster, host, database, user, replication);
    assert!(
        expected.contains(&answer),
        "PostgreSQL {}: {user} to {database} from {host:?} (replication: {replication}) got {answer:?} instead of {outcome:?}\n{}\n{}",
        cluster.major,
        std::fs::read_to_string(cluster.data.join("pg_hba.conf")).unwrap(),
        std::fs::read_to_string(cluster.data.join("pg_ident.conf")).unwrap(),
    );
    Some(answer)
}

#[test]
fn the_server_decides_each_login_as_simulated() {
    let me = me();
    each_server("the_server_decides_each_login_as_simulated", |cluster| {
        create_roles(cluster);
        let mut runner = TestRunner::deterministic();
        let rules = proptest::collection::vec(support::hba::rule(cluster.major), 4..14);
        let maps = proptest::collection::vec(support::hba::ident(cluster.major, me.clone()), 0..8);
        let also = ["deep", "boss", &me];
        let names: Vec<String> = HOSTILE
            .iter()
            .chain(&also)
            .map(|name| (*name).to_owned())
            .collect();
        let logins = proptest::collection::vec(
            (
                proptest::sample::select(names.clone()),
                proptest::sample::select(names),
            ),
            40..=40,
        );
        let (mut seen, mut all) = (Vec::new(), 0);
        for _ in 0..12 {
            let text: Vec<String> = sample(&rules, &mut runner)
                .iter()
                .map(|rule| print(rule, cluster.major).unwrap())
                .collect();
            let text = format!("{ADMIN}{}\n", text.join("\n"));
            let ident: String = sample(&maps, &mut runner)
                .iter()
                .map(|map| print_ident(map, cluster.major).unwrap() + "\n")
                .collect();
            let (rules, errors) = parse(&text, cluster.major, None);
            let (maps, ident_errors) = parse_ident(&ident, cluster.major, None);
            assert!(
                errors.is_empty() && ident_errors.is_empty(),
                "{errors:?} {ident_errors:?}"
            );
            cluster.write("pg_hba.conf", &text);
            cluster.write("pg_ident.conf", &ident);
            cluster.reload();
            for (database, user) in sample(&logins, &mut runner) {
                for host in [None, Some("127.0.0.1"), Some("::1")] {
                    all += 1;
                    seen.extend(check(cluster, &rules, &maps, host, (&database, &user), &me));
                }
            }
        }
        assert!(
            seen.len() * 10 > all * 8,
            "only {} of {all} logins were certain",
            seen.len()
        );
        for kind in [
            Answer::Accepted,
            Answer::Rejected,
            Answer::NoRule,
            Answer::AsksScram,
            Answer::AsksClear,
        ] {
            assert!(seen.contains(&kind), "no login was answered with {kind:?}");
        }
        assert!(
            seen.iter()
                .any(|answer| matches!(answer, Answer::Failed(_))),
            "no peer was refused"
        );
    });
}

#[test]
fn a_literal_name_admits_its_bearer_and_nobody_else() {
    each_server(
        "a_literal_name_admits_its_bearer_and_nobody_else",
        |cluster| {
            create_roles(cluster);
            let line = |name: &&str| {
                let database = DatabaseToken::literal(name, cluster.major).unwrap();
                let user = UserToken::literal(name, cluster.major).unwrap();
                print(&trusted(database, user), cluster.major).unwrap() + "\n"
            };
            let text: String = HOSTILE.iter().map(line).collect();
            cluster.write("pg_hba.conf", &format!("{ADMIN}{text}"));
            cluster.reload();
            for database in HOSTILE {
                for user in HOSTILE {
                    let expected = if database == user {
                        Answer::Accepted
                    } else {
                        Answer::NoRule
                    };
                    assert_eq!(
                        start(cluster, None, database, user, false),
                        expected,
                        "{user} to {database}:\n{text}"
                    );
                }
                assert_eq!(
                    start(cluster, None, database, "grp", true),
                    Answer::NoRule,
                    "replication:\n{text}"
                );
            }
        },
    );
}

fn trusted(database: DatabaseToken, user: UserToken) -> Rule {
    let (databases, users) = ([database].into(), [user].into());
    let connection = ConnectionType::Local;
    Rule {
        connection,
        databases,
        users,
        address: None,
        method: Method::Trust,
        options: [].into(),
        line: 0,
        file: None,
    }
}
