//! What the units need that make the server what is declared.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::connection::password_file;
use super::{connection_files, consumer, texts};
use crate::catalog::{Drift, DriftMode, Instance, PasswordSource};
use crate::emit::nix::literal::{ContainsNul, Literal, Reference, Root, Text};
use crate::emit::sql::{self, Credential, Secrets};
use crate::postgres::identifier::Identifier;

const WRAPPER: &str = concat!(
    include_str!("../../../templates/provision/file.sh"),
    include_str!("../../../templates/provision/psql.sh"),
    include_str!("../../../templates/provision/unit.sh")
);

const COLLECT: &str = concat!(
    include_str!("../../../templates/provision/file.sh"),
    include_str!("../../../templates/provision/collect.sh")
);

const CONNECTIONS: &str = concat!(
    include_str!("../../../templates/provision/file.sh"),
    include_str!("../../../templates/provision/secret.sh"),
    include_str!("../../../templates/provision/connections.sh")
);
const VERIFY: &str = concat!(
    include_str!("../../../templates/provision/file.sh"),
    include_str!("../../../templates/provision/verify.sh")
);
const STATUS: &str = concat!(
    include_str!("../../../templates/provision/psql.sh"),
    include_str!("../../../templates/provision/status.sh")
);

/// Where the units put the passwords for the server to read.
const SECRETS: &str = "/run/dbgen-provision/secrets";

/// Where passwords are kept that are made on the host.
pub const PASSWORDS: &str = "/var/lib/dbgen/passwords";

/// What may stand in a file name as it is. No name begins with a dot.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The file that keeps the password made for the role. It must not depend on other roles.
pub fn generated_file(role: &Identifier) -> String {
    format!("{PASSWORDS}/{}", file_name(role.as_str()))
}

/// A name as a file name.
pub fn file_name(name: &str) -> String {
    utf8_percent_encode(name, PLAIN).to_string()
}

/// What the template may use.
pub fn context(
    instance: &Instance,
    context: &mut BTreeMap<&'static str, Literal>,
) -> Result<(), ContainsNul> {
    let program = sql::script(instance, &Secrets::Directory(SECRETS));
    context.insert("program", Literal::lines(program)?);
    context.insert("wrapper", Literal::lines(WRAPPER.to_owned())?);
    context.insert("collectScript", Literal::lines(COLLECT.to_owned())?);
    context.insert("status", Literal::lines(STATUS.to_owned())?);
    context.insert("verifyScript", Literal::lines(VERIFY.to_owned())?);
    let credentials = sql::credentials(instance);
    // The unit that makes a password reads it without systemd's help.
    let (made, kept): (Vec<&Credential>, Vec<&Credential>) = credentials
        .iter()
        .partition(|credential| credential.source == PasswordSource::Generated);
    context.insert("credentials", set(kept.into_iter().map(loaded))?);
    let roles = credentials.iter().map(|credential| {
        let role = Literal::text(credential.role.as_str())?;
        Ok((Text::try_from(&*credential.name)?, role))
    });
    context.insert("credentialRoles", set(roles)?);
    let mut groups = BTreeSet::new();
    let made = made.into_iter().map(|credential| {
        let access = instance
            .roles
            .get(&credential.role)
            .map(|role| role.password_access.clone())
            .unwrap_or_default();
        let group = access.group.as_deref().unwrap_or_default();
        groups.extend(access.group.clone());
        let fields = [
            ("file", &*file_name(credential.role.as_str())),
            ("group", group),
            ("mode", access.mode()),
        ];
        let fields = fields
            .into_iter()
            .map(|(name, value)| Ok((Text::try_from(name)?, Literal::text(value)?)));
        Ok((Text::try_from(&*credential.name)?, set(fields)?))
    });
    context.insert("generated", set(made)?);
    context.insert(
        "passwordGroups",
        texts(groups.iter().map(|group| &**group))?,
    );
    connections(instance, &credentials, context)?;
    consumer::context(instance, &credentials, context)?;
    let repairs = |drift: &Drift| drift.mode == DriftMode::Repair;
    context.insert(
        "repairs",
        Literal::Bool(instance.drift.as_ref().is_some_and(repairs)),
    );
    let drift = instance.drift.as_ref().map(drift).transpose()?;
    context.insert("drift", drift.unwrap_or(Literal::Null));
    context.insert("sopsSecrets", sops(&credentials)?);
    context.insert("ageSecrets", agenix(&credentials)?);
    Ok(())
}

/// The name of a credential, and the file that it is in.
fn loaded(credential: &Credential) -> Result<(Text, Literal), ContainsNul> {
    let path = password_file(&credential.role, &credential.source)?;
    Ok((Text::try_from(&*credential.name)?, path))
}

/// What the script `secret` reads the password by: the name of a credential, or the path of one that the host made.
pub(super) fn secret(credential: &Credential) -> String {
    match credential.source {
        PasswordSource::Generated => generated_file(&credential.role),
        _ => credential.name.clone(),
    }
}

/// What the unit needs that writes the files of the connections. Each file is seven texts.
fn connections(
    instance: &Instance,
    credentials: &[Credential],
    context: &mut BTreeMap<&'static str, Literal>,
) -> Result<(), ContainsNul> {
    let mut texts = Vec::new();
    let mut needed = BTreeSet::new();
    for (name, database) in &instance.databases {
        for file in connection_files::files(instance, name, database) {
            let place = credentials.binary_search_by(|it| it.role.cmp(&file.role));
            let credential = place.ok().and_then(|place| credentials.get(place));
            let credential = credential.filter(|_| file.is_secret);
            let secret = credential.map(secret).unwrap_or_default();
            for text in [
                &*file.path,
                &*file.owner,
                &*file.group,
                &*file.mode,
                &*secret,
                file.role.as_str(),
                &*file.text,
            ] {
                texts.push(Literal::text(text)?);
            }
            let not_made = |it: &&Credential| it.source != PasswordSource::Generated;
            if let Some(credential) = credential.filter(not_made) {
                needed.insert(&*credential.name);
            }
        }
    }
    context.insert("connectionCredentials", super::texts(needed.into_iter())?);
    context.insert("connectionFiles", Literal::list(texts));
    context.insert("connectionsScript", Literal::lines(CONNECTIONS.to_owned())?);
    Ok(())
}

fn drift(drift: &Drift) -> Result<Literal, ContainsNul> {
    // Calendar events have no use for specifiers, so a percent sign is what it is.
    let on_calendar = Literal::text(&drift.on_calendar.replace('%', "%%"))?;
    set([Ok((Text::try_from("onCalendar")?, on_calendar))])
}

/// sops-nix restarts the unit when a secret changes.
fn sops(credentials: &[Credential]) -> Result<Literal, ContainsNul> {
    let secrets = credentials.iter().filter_map(|it| match &it.source {
        PasswordSource::Sops(name) => Some(name),
        _ => None,
    });
    set(secrets.map(|name| {
        let units = Literal::list([Literal::text("dbgen-provision.service")?]);
        let units = Ok((Text::try_from("restartUnits")?, units));
        Ok((Text::try_from(&**name)?, set([units])?))
    }))
}

/// The encrypted files of agenix, which restarts no unit by itself.
fn agenix(credentials: &[Credential]) -> Result<Literal, ContainsNul> {
    let mut names: Vec<&str> = Vec::new();
    for credential in credentials {
        match &credential.source {
            PasswordSource::Agenix(name) if !names.contains(&&**name) => names.push(name),
            _ => {}
        }
    }
    let files = names.into_iter().map(|name| {
        let path = ["age", "secrets", name, "file"].map(Text::try_from);
        let path = path.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(Literal::Reference(Reference::new(Root::Config, path)))
    });
    Ok(Literal::list(
        files.collect::<Result<Vec<_>, ContainsNul>>()?,
    ))
}

pub(super) fn set(
    entries: impl IntoIterator<Item = Result<(Text, Literal), ContainsNul>>,
) -> Result<Literal, ContainsNul> {
    let entries = entries.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(Literal::attrs(entries))
}
