//! What a service needs to connect: the attributes per service and database.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::catalog::{Database, Instance, PasswordSource};
use crate::emit::nix::literal::{ContainsNul, Literal, Reference, Root, Text};
use crate::postgres::identifier::Identifier;

/// What may stand in a part of a URI as it is (RFC 3986, "unreserved").
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `<service>.<database>` = { host, port, ... }.
pub fn attributes(instance: &Instance) -> Result<Literal, ContainsNul> {
    let mut services: Vec<(&str, Vec<(Text, Literal)>)> = Vec::new();
    let mut databases: Vec<(&Identifier, &Database)> = instance.databases.iter().collect();
    databases.sort_by_key(|(_, database)| &*database.service);
    let names = Names::new(instance)?;
    for (name, database) in databases {
        let name = Text::try_from(name.shared())?;
        let entry = (name.clone(), connection(instance, &names, name, database)?);
        match services.last_mut() {
            Some((service, entries)) if **service == *database.service => entries.push(entry),
            _ => services.push((&database.service, vec![entry])),
        }
    }
    let services = services
        .into_iter()
        .map(|(service, entries)| Ok((Text::try_from(service)?, Literal::attrs(entries))));
    Ok(Literal::attrs(
        services.collect::<Result<Vec<_>, ContainsNul>>()?,
    ))
}

/// What every database has, shared between them: the names of the attributes and some of their values.
struct Names {
    database: Text,
    host: (Text, Literal),
    password_file: Text,
    port: (Text, Literal),
    socket_directory: (Text, Literal),
    url: Text,
    username: Text,
}

impl Names {
    fn new(instance: &Instance) -> Result<Names, ContainsNul> {
        let text = |text: &str| Text::try_from(text);
        Ok(Names {
            database: text("database")?,
            host: (text("host")?, Literal::text("localhost")?),
            password_file: text("passwordFile")?,
            port: (text("port")?, Literal::from(i64::from(instance.port))),
            socket_directory: (
                text("socketDirectory")?,
                Literal::text(&instance.socket_directory)?,
            ),
            url: text("url")?,
            username: text("username")?,
        })
    }
}

fn connection(
    instance: &Instance,
    names: &Names,
    name: Text,
    database: &Database,
) -> Result<Literal, ContainsNul> {
    let user = &database.user;
    let encode = |text| utf8_percent_encode(text, UNRESERVED);
    let url = format!(
        "postgresql://{}@localhost:{}/{}",
        encode(user.as_str()),
        instance.port,
        encode(name.as_str())
    );
    let password = instance
        .roles
        .get(user)
        .and_then(|role| role.password.as_ref());
    let password_file = password.map(password_file).transpose()?.flatten();
    let mut attributes = Vec::with_capacity(7);
    attributes.push((names.database.clone(), Literal::Str(name)));
    attributes.push(names.host.clone());
    attributes.extend(password_file.map(|path| (names.password_file.clone(), path)));
    attributes.push(names.port.clone());
    attributes.push(names.socket_directory.clone());
    attributes.push((names.url.clone(), Literal::text(&url)?));
    let user = Text::try_from(user.shared())?;
    attributes.push((names.username.clone(), Literal::Str(user)));
    Ok(Literal::attrs(attributes))
}

/// The path on the host of the file that holds the password, when it is known before the host is set up.
fn password_file(source: &PasswordSource) -> Result<Option<Literal>, ContainsNul> {
    let secret = |store: &str, name: &str| -> Result<Literal, ContainsNul> {
        let path = [store, "secrets", name, "path"].map(Text::try_from);
        Ok(Literal::Reference(Reference::new(
            Root::Config,
            path.into_iter().collect::<Result<Vec<_>, _>>()?,
        )))
    };
    Ok(match source {
        PasswordSource::File(path) => Some(Literal::text(path)?),
        PasswordSource::Sops(name) => Some(secret("sops", name)?),
        PasswordSource::Agenix(name) => Some(secret("age", name)?),
        PasswordSource::Generated => None,
    })
}
