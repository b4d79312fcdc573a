//! The files that tell services how to connect. Their text is known but for the password: where it belongs stands a
//! percent sign with a letter, which the unit replaces, and a percent sign is written twice.

use percent_encoding::utf8_percent_encode;

use super::connection::UNRESERVED;
use super::provision::file_name;
use crate::catalog::connection::{Form, Part};
use crate::catalog::{Connection, Database, Environment, Instance};
use crate::declaration::Variable;
use crate::postgres::identifier::Identifier;

/// Below this folder each connection has a folder of its own.
pub const ROOT: &str = "/run/dbgen/connections";

/// A file of variables.
pub const ENVIRONMENT: &str = "environment";

/// A password file of libpq.
pub const PGPASS: &str = "pgpass";

/// A connection service file of libpq.
pub const SERVICE_FILE: &str = "pg_service.conf";

/// One file.
#[derive(Debug, PartialEq)]
pub struct File {
    /// Its path below [`ROOT`].
    pub path: String,
    /// The Unix user that it belongs to.
    pub owner: Box<str>,
    /// Its group; empty: the owner's.
    pub group: Box<str>,
    /// Its permissions.
    pub mode: Box<str>,
    /// Its text.
    pub text: String,
    /// The role that it is for.
    pub role: Identifier,
    /// Whether its password stands in it.
    pub is_secret: bool,
}

/// Where the files of a database are.
pub fn folder(service: &str, name: &Identifier) -> String {
    // No percent sign, which begins a specifier in unit files.
    let of = |name: &str| file_name(name).replace('%', "=");
    format!("{}/{}", of(service), of(name.as_str()))
}

/// Where a file is that is for the role, below [`ROOT`]. Those of further roles have the role in their names.
pub fn path(name: &Identifier, database: &Database, role: &Identifier, kind: &str) -> String {
    let folder = folder(&database.service, name);
    match *role == database.user {
        true => format!("{folder}/{kind}"),
        false => {
            let role = file_name(role.as_str()).replace('%', "=");
            format!("{folder}/{kind}.{role}")
        }
    }
}

/// The files of a database.
pub fn files(instance: &Instance, name: &Identifier, database: &Database) -> Vec<File> {
    let Some(declared) = &database.connection else {
        return Vec::new();
    };
    let environment = declared.environment.as_ref();
    let owner = declared.owner.as_ref().or(database.unix_user.as_ref());
    let owner = owner.map_or("root".into(), Clone::clone);
    let mut files = Vec::new();
    for role in instance.logins(database) {
        let facts = Facts::new(instance, name, database, role, declared);
        let texts = [
            environment.map(|environment| (ENVIRONMENT, facts.environment(environment))),
            declared.pgpass.then(|| (PGPASS, facts.pgpass())),
            declared
                .service_file
                .then(|| (SERVICE_FILE, facts.service_file(declared.pgpass))),
        ];
        files.extend(texts.into_iter().flatten().map(|(kind, text)| File {
            path: path(name, database, role, kind),
            owner: owner.clone(),
            group: declared.group.clone().unwrap_or_default(),
            mode: declared.mode.clone(),
            role: role.clone(),
            is_secret: has_password(&text),
            text,
        }));
    }
    files
}

/// Whether the password is to stand in the text.
fn has_password(text: &str) -> bool {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '%' && characters.next() != Some('%') {
            return true;
        }
    }
    false
}

/// What the files tell.
struct Facts<'c> {
    service: &'c str,
    database: &'c str,
    user: &'c str,
    host: &'c str,
    socket_directory: &'c str,
    port: u16,
    loopback: bool,
    has_password: bool,
}

impl<'c> Facts<'c> {
    fn new(
        instance: &'c Instance,
        name: &'c Identifier,
        database: &'c Database,
        user: &'c Identifier,
        declared: &Connection,
    ) -> Facts<'c> {
        let role = instance.roles.get(user);
        let password = role.is_some_and(|role| role.password.is_some());
        let is_peer = match *user == database.user {
            true => database.unix_user.is_some(),
            false => role.is_some_and(|role| role.unix_user.is_some()),
        };
        let socket = database.socket_only || declared.socket.unwrap_or(is_peer || !password);
        let socket_directory = &*instance.socket_directory;
        Facts {
            service: &database.service,
            database: name.as_str(),
            user: user.as_str(),
            host: if socket {
                socket_directory
            } else {
                "localhost"
            },
            socket_directory,
            port: instance.port,
            loopback: !database.socket_only,
            has_password: password && !(socket && is_peer),
        }
    }

    fn environment(&self, environment: &Environment) -> String {
        let mut text = String::new();
        match environment {
            Environment::Template(parts) => {
                for part in parts {
                    text += &match part {
                        Part::Text(text) => literal(text),
                        Part::Value(variable, form) => {
                            self.value(*variable, *form).unwrap_or_default()
                        }
                    };
                }
            }
            Environment::Variables(variables) => {
                for (variable, name) in variables {
                    if let Some(value) = self.value(*variable, Form::Quoted) {
                        text += &format!("{name}={value}\n");
                    }
                }
            }
        }
        text
    }

    /// Nothing for what there is not.
    fn value(&self, variable: Variable, form: Form) -> Option<String> {
        let port;
        let plain = match variable {
            Variable::DatabaseUrl => return Some(self.url()),
            Variable::JdbcUrl => {
                return self
                    .loopback
                    .then(|| literal(&jdbc_url(self.database, self.port)));
            }
            Variable::DbPassword => {
                let password = match form {
                    Form::Plain => "%r",
                    Form::Url => "%u",
                    Form::Quoted => "%q",
                };
                return self.has_password.then(|| password.to_owned());
            }
            Variable::DbHost => self.host,
            Variable::DbPort => {
                port = self.port.to_string();
                &port
            }
            Variable::DbName => self.database,
            Variable::DbUser => self.user,
        };
        Some(literal(&match form {
            Form::Plain => plain.to_owned(),
            Form::Url => encoded(plain),
            Form::Quoted => quoted(plain),
        }))
    }

    fn url(&self) -> String {
        let password = if self.has_password { ":%u" } else { "" };
        let [user, host, database] =
            [self.user, self.host, self.database].map(|text| literal(&encoded(text)));
        format!(
            "postgresql://{user}{password}@{host}:{}/{database}",
            self.port
        )
    }

    /// libpq asks for the name that it was given, whichever address it means.
    fn pgpass(&self) -> String {
        if !self.has_password {
            return String::new();
        }
        let hosts = ["localhost", "127.0.0.1", "::1", self.socket_directory];
        let [database, user] = [self.database, self.user].map(pgpass_field);
        let lines = hosts.map(|host| {
            let host = pgpass_field(host);
            let line = literal(&format!("{host}:{}:{database}:{user}:", self.port));
            format!("{line}%p\n")
        });
        lines.concat()
    }

    fn service_file(&self, has_pgpass: bool) -> String {
        let text = format!(
            "[{}]\nhost={}\nport={}\ndbname={}\nuser={}\n",
            self.service, self.host, self.port, self.database, self.user
        );
        let password = match self.has_password && !has_pgpass {
            true => "password=%s\n",
            false => "",
        };
        literal(&text) + password
    }
}

/// The URL of JDBC.
pub fn jdbc_url(database: &str, port: u16) -> String {
    format!("jdbc:postgresql://localhost:{port}/{}", encoded(database))
}

fn literal(text: &str) -> String {
    text.replace('%', "%%")
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// Without quotes where it can be, because not everything that reads such files knows them.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@%+,=~-".contains(&byte);
    if text.bytes().all(is_plain) {
        return text.to_owned();
    }
    let mut quoted = String::from('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

/// A lone asterisk would mean everything.
fn pgpass_field(text: &str) -> String {
    match text {
        "*" => "\\*".to_owned(),
        _ => text.replace('\\', "\\\\").replace(':', "\\:"),
    }
}
