//! The provisioning program: a script for psql that makes a server what is declared, and writes nothing when it is.

mod block;
mod contents;
mod credential;
mod databases;
mod document;
mod frame;
mod json;
mod logins;
mod privileges;
mod rights;
mod roles;

use std::collections::BTreeMap;

use crate::catalog::{Converge, Database, Instance, Public, Settings};
use crate::postgres::identifier::Identifier;
use crate::postgres::parameter::{self, List};
use crate::postgres::quote::quote_literal;
use block::Block;
use frame::{LOCK, Programs};
use json::to_json;
use logins::Logins;
use rights::Rights;

pub use block::ready_name;
pub use credential::{Credential, credentials};

/// Where the program finds the passwords of roles.
#[derive(Clone, Copy, Debug)]
pub enum Secrets<'a> {
    /// Nowhere: it leaves them as they are.
    None,
    /// In the files of this folder, named like the [`credentials`].
    Directory(&'a str),
    /// Here, as what the server keeps of them.
    Verifiers(&'a BTreeMap<Identifier, String>),
}

/// The documents of what is declared, as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// The roles.
    pub roles: String,
    /// The databases.
    pub databases: String,
    /// What is in each database.
    pub contents: BTreeMap<Identifier, String>,
}

/// What is declared, as the program reads it.
pub fn desired(instance: &Instance, secrets: &Secrets) -> Desired {
    let documents = Documents::new(instance, secrets);
    let contents = documents.contents.iter();
    Desired {
        roles: to_json(&documents.roles),
        databases: to_json(&documents.databases),
        contents: contents
            .map(|(name, _, contents)| ((*name).clone(), to_json(contents)))
            .collect(),
    }
}

struct Documents<'a> {
    roles: document::Roles<'a>,
    databases: document::Databases<'a>,
    contents: Vec<(&'a Identifier, &'a Database, document::Contents<'a>)>,
}

impl<'a> Documents<'a> {
    fn new(instance: &'a Instance, secrets: &Secrets<'a>) -> Documents<'a> {
        let logins = Logins::new(instance);
        let mut outside = Vec::with_capacity(instance.databases.len());
        let mut inside = Vec::with_capacity(instance.databases.len());
        for (name, database) in &instance.databases {
            let mut rights = Rights::new(database, logins.with_database(name));
            outside.push(databases::database(instance, name, database, &mut rights));
            let contents = contents::contents(instance, name, database, rights);
            inside.push((name, database, contents));
        }
        Documents {
            roles: roles::roles(instance, secrets),
            databases: databases::databases(instance, outside),
            contents: inside,
        }
    }
}

/// The program.
pub fn script(instance: &Instance, secrets: &Secrets) -> String {
    let documents = Documents::new(instance, secrets);
    let programs = Programs::new(&[
        ("lock", LOCK),
        ("lock_timeout", &quote_literal(&instance.timeouts.lock)),
        (
            "statement_timeout",
            &quote_literal(&instance.timeouts.statement),
        ),
    ]);
    let names: Vec<&str> = instance.databases.keys().map(Identifier::as_str).collect();
    let names = quote_literal(&to_json(&names));
    let mut script = String::with_capacity(256 << 10);
    let mut add = |text: &str, values: &[(&'static str, String)]| {
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .chain([("names", names.as_str())])
            .chain(programs.values())
            .collect();
        frame::fill(&mut script, text, &values);
    };
    add(frame::HEAD, &[]);
    let digest = |program| block::program_digest(programs.text(program));
    let roles = Block {
        scope: "roles",
        program: &digest("roles_program"),
        database: None,
        unpinned: None,
        // Whether a password is the declared one has to be tried.
        is_told_by_catalogs: !documents.roles.reads_files(),
        document: to_json(&documents.roles),
    };
    let roles = roles.values();
    add(frame::SCOPE, &roles);
    add(frame::OBSTACLES, &roles);
    let databases = Block {
        scope: "databases",
        program: &digest("databases_program"),
        database: None,
        unpinned: None,
        is_told_by_catalogs: true,
        document: to_json(&documents.databases),
    };
    let databases = databases.values();
    add(frame::CREATION, &databases);
    for _ in &documents.contents {
        add(frame::CREATION_OF_ONE, &[]);
    }
    add(frame::SCOPE, &databases);
    add(frame::OBSTACLES, &databases);
    add(frame::AROUND, &[]);
    let program = digest("contents_program");
    for (name, database, contents) in &documents.contents {
        add(frame::CONNECT, &block::way(name, database));
        let contents = Block {
            scope: "contents",
            program: &program,
            database: Some(name),
            unpinned: block::unpinned(database),
            is_told_by_catalogs: contents.is_told_by_catalogs(),
            document: to_json(contents),
        };
        add(frame::SCOPE, &contents.values());
        add(frame::READY, &block::readiness(name, database));
    }
    add(frame::TAIL, &[]);
    script
}

fn converge(converge: Converge) -> &'static str {
    match converge {
        Converge::Additive => "additive",
        Converge::Authoritative => "authoritative",
    }
}

fn public(public: Public) -> &'static str {
    match public {
        Public::Revoke => "revoke",
        Public::Keep => "keep",
    }
}

fn settings(settings: &Settings) -> Vec<document::Setting<'_>> {
    let settings = settings.iter();
    settings
        .map(|(parameter, values)| document::Setting {
            parameter,
            values,
            names: holds_names(parameter),
        })
        .collect()
}

/// Whether the parameter holds names, which the server stores quoted where they need it.
fn holds_names(parameter: &str) -> bool {
    let edition = parameter::lookup(parameter).and_then(|known| known.editions().last());
    edition.is_some_and(|edition| edition.list == List::Quoted)
}
