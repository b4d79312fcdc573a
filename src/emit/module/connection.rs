//! What a service needs to connect: the attributes per service and database.

use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::connection_files::{self, ROOT};
use super::provision::generated_file;
use crate::catalog::{Database, Instance, PasswordSource};
use crate::emit::nix::literal::{ContainsNul, Entries, Literal, Reference, Root, Text};
use crate::postgres::identifier::Identifier;

/// What may stand in a part of a URI as it is (RFC 3986, "unreserved").
pub(super) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `<service>.<database>` = { host, port, ... }.
pub fn attributes(instance: &Instance) -> Result<Literal, ContainsNul> {
    let mut databases: Vec<(&Identifier, &Database)> = instance.databases.iter().collect();
    databases.sort_by_key(|(_, database)| &*database.service);
    let mut connections = Connections {
        names: Names::new(instance)?,
        port: instance.port,
        services: Vec::new(),
        list: Vec::with_capacity(databases.len()),
    };
    for (name, database) in databases {
        let at = connections.list.len();
        let connection = Connection::new(instance, name, database)?;
        connections.list.push(connection);
        match connections.services.last_mut() {
            Some((service, places)) if service.as_str() == &*database.service => places.end += 1,
            _ => {
                let service = Text::try_from(&*database.service)?;
                connections.services.push((service, at..at + 1));
            }
        }
    }
    Ok(Literal::deferred(connections))
}

/// The connections of all services.
#[derive(Debug)]
struct Connections {
    names: Names,
    port: u16,
    /// The services, and where their connections are in the list.
    services: Vec<(Text, Range<usize>)>,
    list: Vec<Connection>,
}

impl Entries for Connections {
    fn names(&self) -> Box<dyn Iterator<Item = &Text> + '_> {
        Box::new(self.services.iter().map(|(service, _)| service))
    }

    fn find(&self, name: &str) -> Option<usize> {
        let services = &self.services;
        let at = services.binary_search_by(|(service, _)| service.as_str().cmp(name));
        at.ok()
    }

    fn value(&self, at: usize) -> Result<Literal, ContainsNul> {
        let places = self.services.get(at).map(|(_, places)| places.clone());
        let connections = places.and_then(|places| self.list.get(places));
        let entries = connections.unwrap_or_default().iter().map(|connection| {
            let attributes = connection.attributes(&self.names, self.port)?;
            Ok((connection.database.clone(), attributes))
        });
        Ok(Literal::attrs(
            entries.collect::<Result<Vec<_>, ContainsNul>>()?,
        ))
    }
}

/// What every database has, shared between them: the names of the attributes and some of their values.
#[derive(Debug)]
struct Names {
    database: Text,
    environment_file: Text,
    host: (Text, Literal),
    jdbc_url: Text,
    password_file: Text,
    pgpass_file: Text,
    port: (Text, Literal),
    roles: Text,
    service_file: Text,
    socket_directory: (Text, Literal),
    url: Text,
    username: Text,
}

impl Names {
    fn new(instance: &Instance) -> Result<Names, ContainsNul> {
        let text = |text: &str| Text::try_from(text);
        Ok(Names {
            database: text("database")?,
            environment_file: text("environmentFile")?,
            host: (text("host")?, Literal::text("localhost")?),
            jdbc_url: text("jdbcUrl")?,
            password_file: text("passwordFile")?,
            pgpass_file: text("pgpassFile")?,
            port: (text("port")?, Literal::from(i64::from(instance.port))),
            roles: text("roles")?,
            service_file: text("serviceFile")?,
            socket_directory: (
                text("socketDirectory")?,
                Literal::text(&instance.socket_directory)?,
            ),
            url: text("url")?,
            username: text("username")?,
        })
    }
}

/// What one database adds to them.
#[derive(Debug)]
struct Connection {
    database: Text,
    login: Login,
    /// libpq takes a directory in place of a host.
    socket_only: bool,
    environment_file: Option<Literal>,
    pgpass_file: Option<Literal>,
    service_file: Option<Literal>,
    /// The further roles that may do something in the database.
    roles: Vec<Login>,
}

/// A role that logs in.
#[derive(Debug)]
struct Login {
    role: Text,
    password_file: Option<Literal>,
}

impl Login {
    fn new(instance: &Instance, name: &Identifier) -> Result<Login, ContainsNul> {
        let role = instance.roles.get(name);
        let password_file = match role.and_then(|role| role.password.as_ref()) {
            Some(source) => Some(password_file(name, source)?),
            None => None,
        };
        Ok(Login {
            role: Text::try_from(name.shared())?,
            password_file,
        })
    }
}

impl Connection {
    fn new(
        instance: &Instance,
        name: &Identifier,
        database: &Database,
    ) -> Result<Connection, ContainsNul> {
        let roles = instance.further_roles(database).into_iter();
        let file = |wanted: bool, file: &str| {
            let path = || {
                format!(
                    "{ROOT}/{}/{file}",
                    connection_files::folder(&database.service, name)
                )
            };
            wanted.then(|| Literal::text(&path())).transpose()
        };
        let files = database.connection.as_deref();
        Ok(Connection {
            database: Text::try_from(name.shared())?,
            login: Login::new(instance, &database.user)?,
            socket_only: database.socket_only,
            environment_file: file(
                files.is_some_and(|files| files.environment.is_some()),
                "environment",
            )?,
            pgpass_file: file(files.is_some_and(|files| files.pgpass), "pgpass")?,
            service_file: file(
                files.is_some_and(|files| files.service_file),
                "pg_service.conf",
            )?,
            roles: roles
                .map(|role| Login::new(instance, role))
                .collect::<Result<_, _>>()?,
        })
    }

    fn attributes(&self, names: &Names, port: u16) -> Result<Literal, ContainsNul> {
        let mut attributes = self.of_login(&self.login, names, port)?;
        let files = [
            (&names.environment_file, &self.environment_file),
            (&names.pgpass_file, &self.pgpass_file),
            (&names.service_file, &self.service_file),
        ];
        for (name, file) in files {
            attributes.extend(file.clone().map(|path| (name.clone(), path)));
        }
        if !self.roles.is_empty() {
            let roles = self.roles.iter().map(|login| {
                let attributes = self.of_login(login, names, port)?;
                Ok((login.role.clone(), Literal::attrs(attributes)))
            });
            let roles = roles.collect::<Result<Vec<_>, ContainsNul>>()?;
            attributes.push((names.roles.clone(), Literal::attrs(roles)));
        }
        Ok(Literal::attrs(attributes))
    }

    fn of_login(
        &self,
        login: &Login,
        names: &Names,
        port: u16,
    ) -> Result<Vec<(Text, Literal)>, ContainsNul> {
        let encode = |text| utf8_percent_encode(text, UNRESERVED);
        let host = match (&names.socket_directory.1, self.socket_only) {
            (Literal::Str(directory), true) => directory.as_str(),
            _ => "localhost",
        };
        let url = format!(
            "postgresql://{}@{}:{port}/{}",
            encode(login.role.as_str()),
            encode(host),
            encode(self.database.as_str())
        );
        let mut attributes = Vec::with_capacity(12);
        attributes.push((names.database.clone(), Literal::Str(self.database.clone())));
        attributes.push(match self.socket_only {
            true => (names.host.0.clone(), names.socket_directory.1.clone()),
            false => names.host.clone(),
        });
        if !self.socket_only {
            let url = connection_files::jdbc_url(self.database.as_str(), port);
            attributes.push((names.jdbc_url.clone(), Literal::text(&url)?));
        }
        let password_file = login.password_file.clone();
        attributes.extend(password_file.map(|path| (names.password_file.clone(), path)));
        attributes.push(names.port.clone());
        attributes.push(names.socket_directory.clone());
        attributes.push((names.url.clone(), Literal::text(&url)?));
        attributes.push((names.username.clone(), Literal::Str(login.role.clone())));
        Ok(attributes)
    }
}

/// The path on the host of the file that holds the password of the role.
pub(super) fn password_file(
    role: &Identifier,
    source: &PasswordSource,
) -> Result<Literal, ContainsNul> {
    let secret = |store: &str, name: &str| -> Result<Literal, ContainsNul> {
        let path = [store, "secrets", name, "path"].map(Text::try_from);
        Ok(Literal::Reference(Reference::new(
            Root::Config,
            path.into_iter().collect::<Result<Vec<_>, _>>()?,
        )))
    };
    match source {
        PasswordSource::File(path) => Literal::text(path),
        PasswordSource::Sops(name) => secret("sops", name),
        PasswordSource::Agenix(name) => secret("age", name),
        PasswordSource::Generated => Literal::text(&generated_file(role)),
    }
}
