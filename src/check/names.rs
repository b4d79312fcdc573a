//! Every name that the server stores, with its place.

use crate::declaration::{Database, Declarations, Instance, Role, Text, Token, Tokens};

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Noun {
    /// A database.
    Database,
    /// A role.
    Role,
    /// A schema.
    Schema,
    /// An extension.
    Extension,
    /// A tablespace.
    Tablespace,
    /// A column.
    Column,
}

impl Noun {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Noun::Database => "database",
            Noun::Role => "role",
            Noun::Schema => "schema",
            Noun::Extension => "extension",
            Noun::Tablespace => "tablespace",
            Noun::Column => "column",
        }
    }
}

/// Tells every name, where it is declared and where it is used, disabled services included.
pub fn each<'d>(declarations: &'d Declarations, mut tell: impl FnMut(Noun, &'d Text)) {
    for (_, database) in declarations.databases() {
        of_database(database, &mut tell);
    }
    for (_, role) in declarations.roles() {
        of_role(role, &mut tell);
    }
    for instance in &declarations.instances {
        of_instance(instance, &mut tell);
    }
}

fn of_database<'d>(database: &'d Database, tell: &mut impl FnMut(Noun, &'d Text)) {
    tell(Noun::Database, &database.name);
    tell(Noun::Role, &database.user);
    database
        .owner
        .iter()
        .for_each(|name| tell(Noun::Role, name));
    if let Some(creation) = &database.creation {
        creation
            .template
            .iter()
            .for_each(|name| tell(Noun::Database, name));
        creation
            .tablespace
            .iter()
            .for_each(|name| tell(Noun::Tablespace, name));
    }
    for extension in &database.extensions {
        tell(Noun::Extension, &extension.name);
        extension
            .schema
            .iter()
            .for_each(|name| tell(Noun::Schema, name));
    }
    for schema in &database.schemas {
        tell(Noun::Schema, &schema.name);
        schema.owner.iter().for_each(|name| tell(Noun::Role, name));
    }
    for grant in &database.grants {
        tell(Noun::Role, &grant.role);
        let columns = grant.on.columns.iter().flat_map(|(columns, _)| columns);
        columns.for_each(|name| tell(Noun::Column, name));
    }
    for access in &database.access {
        tell(Noun::Role, &access.role);
        access
            .schemas
            .iter()
            .flatten()
            .for_each(|name| tell(Noun::Schema, name));
    }
    for privilege in &database.default_privileges {
        privilege
            .creator
            .iter()
            .for_each(|name| tell(Noun::Role, name));
        privilege
            .schema
            .iter()
            .for_each(|name| tell(Noun::Schema, name));
        tell(Noun::Role, &privilege.role);
    }
    database
        .role_settings
        .iter()
        .for_each(|(role, _)| tell(Noun::Role, role));
    for client in &database.clients {
        client
            .users
            .iter()
            .flatten()
            .for_each(|name| tell(Noun::Role, name));
    }
    let hooks = database.hooks().filter_map(|hook| hook.role.as_ref());
    hooks.for_each(|role| tell(Noun::Role, role));
}

fn of_role<'d>(role: &'d Role, tell: &mut impl FnMut(Noun, &'d Text)) {
    tell(Noun::Role, &role.name);
    role.member_of
        .iter()
        .for_each(|membership| tell(Noun::Role, &membership.role));
}

fn of_instance<'d>(instance: &'d Instance, tell: &mut impl FnMut(Noun, &'d Text)) {
    for rule in &instance.authentication {
        of_tokens(Noun::Database, &rule.databases, tell);
        of_tokens(Noun::Role, &rule.users, tell);
    }
    if let Some(removed) = &instance.removed {
        let databases = removed.databases.iter();
        databases.for_each(|name| tell(Noun::Database, name));
        removed.roles.iter().for_each(|name| tell(Noun::Role, name));
    }
    instance
        .ident_map
        .iter()
        .for_each(|line| tell(Noun::Role, &line.database_user));
}

fn of_tokens<'d>(noun: Noun, tokens: &'d Tokens, tell: &mut impl FnMut(Noun, &'d Text)) {
    for token in tokens.list() {
        match token {
            Token::Name(name) => tell(noun, name),
            Token::MemberOf(role) => tell(Noun::Role, role),
            Token::Regex(_) => {}
        }
    }
}
