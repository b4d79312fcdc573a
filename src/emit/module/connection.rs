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
    for (name, database) in databases {
        let entry = (
            Text::try_from(name.as_str())?,
            connection(instance, name, database)?,
        );
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

fn connection(
    instance: &Instance,
    name: &Identifier,
    database: &Database,
) -> Result<Literal, ContainsNul> {
    let user = &database.user;
    let encode = |text: &Identifier| utf8_percent_encode(text.as_str(), UNRESERVED).to_string();
    let url = format!(
        "postgresql://{}@localhost:{}/{}",
        encode(user),
        instance.port,
        encode(name)
    );
    let mut attributes = vec![
        ("database", Literal::text(name.as_str())?),
        ("host", Literal::text("localhost")?),
        ("port", Literal::from(i64::from(instance.port))),
        (
            "socketDirectory",
            Literal::text(&instance.socket_directory)?,
        ),
        ("url", Literal::text(&url)?),
        ("username", Literal::text(user.as_str())?),
    ];
    let password = instance
        .roles
        .get(user)
        .and_then(|role| role.password.as_ref());
    if let Some(path) = password.map(password_file).transpose()?.flatten() {
        attributes.push(("passwordFile", path));
    }
    let attributes = attributes
        .into_iter()
        .map(|(name, value)| Ok((Text::try_from(name)?, value)));
    Ok(Literal::attrs(
        attributes.collect::<Result<Vec<_>, ContainsNul>>()?,
    ))
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
