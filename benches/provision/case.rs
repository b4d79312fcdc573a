//! What is declared and measured, in dbgen's words, in those of `pgroles`, and in the server's.

use std::fmt::Write;

/// One size of one kind of declaration.
#[derive(Clone, Copy)]
pub struct Case {
    pub title: &'static str,
    pub databases: usize,
    /// Grants declared in each database.
    pub permissions: usize,
    /// Tables that are in each database before; without any the databases are not there either.
    pub tables: usize,
    pub passwords: usize,
    /// Only in a full run: everything of it, or what takes longest.
    pub long: Long,
}

/// What a quick run leaves out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Long {
    Nothing,
    Peers,
}

/// All of them; the one that leaves most behind on the servers is the last.
pub const CASES: &[Case] = &[
    case("1 database, 5 permissions, 20 tables", 1, 5, 20),
    case("5 databases, 50 permissions, 20 tables", 5, 10, 20),
    case("20 databases, 200 permissions, 20 tables", 20, 10, 20),
    case("1 database, 5 permissions, 100 tables", 1, 5, 100),
    case("5 databases, 50 permissions, 100 tables", 5, 10, 100),
    case("20 databases, 200 permissions, 100 tables", 20, 10, 100),
    case("10,000 tables, 1 wildcard", 1, 1, 10_000),
    passwords("1 password", 1),
    passwords("20 passwords", 20),
    passwords("80 passwords", 80),
    case("20 databases", 20, 0, 0),
    case("100 databases", 100, 0, 0),
    Case {
        long: Long::Peers,
        ..case("500 databases", 500, 0, 0)
    },
];

const fn case(title: &'static str, databases: usize, permissions: usize, tables: usize) -> Case {
    Case {
        title,
        databases,
        permissions,
        tables,
        passwords: 0,
        long: Long::Nothing,
    }
}

const fn passwords(title: &'static str, passwords: usize) -> Case {
    Case {
        passwords,
        ..case(title, 1, 0, 1)
    }
}

/// A grant: who, what, and on what.
struct Grant {
    role: &'static str,
    privileges: &'static [&'static str],
    on: On,
}

enum On {
    Database,
    Schema,
    Table(&'static str),
    Sequence(&'static str),
}

/// The first `permissions` of these are declared in each database.
const GRANTS: &[Grant] = &[
    grant("reader", &["SELECT"], On::Table("*")),
    grant("reader", &["USAGE"], On::Schema),
    grant("writer", &["USAGE"], On::Schema),
    grant(
        "writer",
        &["SELECT", "INSERT", "UPDATE", "DELETE"],
        On::Table("*"),
    ),
    grant("writer", &["SELECT", "USAGE"], On::Sequence("*")),
    grant("reader", &["CONNECT"], On::Database),
    grant("writer", &["CONNECT"], On::Database),
    grant("auditor", &["USAGE"], On::Schema),
    grant("auditor", &["SELECT"], On::Table("t_1")),
    grant("auditor", &["SELECT"], On::Table("t_2")),
];

const fn grant(role: &'static str, privileges: &'static [&'static str], on: On) -> Grant {
    Grant {
        role,
        privileges,
        on,
    }
}

impl Case {
    /// The names of the databases, each of which belongs to a role of the same name.
    pub fn names(&self) -> impl Iterator<Item = String> {
        (0..self.databases).map(|number| format!("db{number:03}"))
    }

    fn grants(&self) -> &'static [Grant] {
        GRANTS.get(..self.permissions).unwrap_or(GRANTS)
    }

    /// The roles that have something in each database; the name of the database comes before theirs.
    fn roles(&self) -> Vec<&'static str> {
        let mut roles: Vec<_> = self.grants().iter().map(|grant| grant.role).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// The roles with a password.
    pub fn logins(&self) -> impl Iterator<Item = String> {
        (0..self.passwords).map(|number| format!("login{number:02}"))
    }

    /// The declaration, in TOML.
    pub fn declaration(&self) -> String {
        let mut text = String::new();
        for login in self.logins() {
            let file = format!("/run/secrets/{login}");
            let _ = writeln!(
                text,
                "[[services.bench.roles]]\nname = \"{login}\"\nlogin = true\npassword = {{ file = \"{file}\" }}"
            );
        }
        for name in self.names() {
            for role in self.roles() {
                let _ = writeln!(
                    text,
                    "[[services.bench.roles]]\nname = \"{name}_{role}\"\nlogin = true"
                );
            }
            let _ = writeln!(
                text,
                "[[services.bench.databases]]\ntype = \"postgresql\"\nname = \"{name}\"\nuser = \"{name}\"\ngrants = ["
            );
            for grant in self.grants() {
                let on = match grant.on {
                    On::Database => "\"database\"".into(),
                    On::Schema => "{ schema = \"public\" }".into(),
                    On::Table(table) => format!("{{ table = \"public.{table}\" }}"),
                    On::Sequence(sequence) => format!("{{ sequence = \"public.{sequence}\" }}"),
                };
                let _ = writeln!(
                    text,
                    "  {{ role = \"{name}_{}\", privileges = {:?}, on = {on} }},",
                    grant.role, grant.privileges
                );
            }
            text.push_str("]\n");
        }
        text
    }

    /// What `pgroles` is told of one of the databases.
    pub fn manifest(&self, name: &str) -> String {
        let mut text = format!("roles:\n  - name: {name}\n    login: true\n");
        for role in self.roles() {
            let _ = writeln!(text, "  - name: {name}_{role}\n    login: true");
        }
        text.push_str("grants:\n");
        for grant in self.grants() {
            let object = match grant.on {
                On::Database => format!("type: database, name: {name}"),
                On::Schema => "type: schema, name: public".into(),
                On::Table(table) => format!("type: table, schema: public, name: \"{table}\""),
                On::Sequence(sequence) => {
                    format!("type: sequence, schema: public, name: \"{sequence}\"")
                }
            };
            let _ = writeln!(
                text,
                "  - role: {name}_{}\n    privileges: [{}]\n    object: {{ {object} }}",
                grant.role,
                grant.privileges.join(", ")
            );
        }
        text
    }

    /// Makes the tables in the database that the others are copied from. Not all at once: the server's list of locks is short.
    pub fn tables(&self) -> Option<String> {
        (self.tables > 0).then(|| {
            let tables = self.tables;
            // A table with a column that counts has a sequence and an index too.
            let column = match tables < 10_000 {
                true => "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
                false => "bigint",
            };
            format!(
                "DO $$ BEGIN
                  FOR nr IN 1 .. {tables} LOOP
                    EXECUTE format('CREATE TABLE t_%s (id {column}, value text)', nr);
                    IF nr % 500 = 0 THEN COMMIT; END IF;
                  END LOOP;
                END $$;
                VACUUM ANALYZE;"
            )
        })
    }
}
