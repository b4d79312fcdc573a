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

use crate::catalog::{Converge, Instance, Public, Settings};
use crate::postgres::identifier::Identifier;
use crate::postgres::parameter::{self, List};
use crate::postgres::quote::quote_literal;
use frame::{LOCK, Piece, Programs};
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
    let logins = Logins::new(instance);
    let mut outside = Vec::with_capacity(instance.databases.len());
    let mut contents = BTreeMap::new();
    for (name, database) in &instance.databases {
        let mut rights = Rights::new(database, logins.with_database(name));
        outside.push(databases::database(instance, name, database, &mut rights));
        let inside = contents::contents(instance, name, database, rights);
        contents.insert(name.clone(), to_json(&inside));
    }
    Desired {
        roles: to_json(&roles::roles(instance, secrets)),
        databases: to_json(&databases::databases(instance, outside)),
        contents,
    }
}

/// The program.
pub fn script(instance: &Instance, secrets: &Secrets) -> String {
    let desired = desired(instance, secrets);
    let programs = Programs::new(&[
        ("lock_timeout", &quote_literal(&instance.timeouts.lock)),
        (
            "statement_timeout",
            &quote_literal(&instance.timeouts.statement),
        ),
    ]);
    let common = [
        ("roles_program", programs.roles.as_str()),
        ("databases_program", &programs.databases),
        ("contents_program", &programs.contents),
        ("session", &programs.session),
        ("report", &programs.report),
        ("gate_program", &programs.gate),
        ("gate_with_versions_program", &programs.gate_with_versions),
        ("route", &programs.route),
        ("roles", &quote_literal(&desired.roles)),
        ("databases", &quote_literal(&desired.databases)),
        ("lock", LOCK),
    ];
    let program = block::program_digest(&programs.contents);
    let mut script = String::with_capacity(256 << 10);
    for piece in frame::pieces(frame::FRAME) {
        match piece {
            Piece::Once(text) => frame::fill(&mut script, text, &common),
            Piece::EachDatabase(text) => {
                for (name, contents) in &desired.contents {
                    let own = block::values(instance, name, &program, contents);
                    let own = own.iter().map(|(name, value)| (*name, value.as_str()));
                    let values: Vec<_> = own.chain(common).collect();
                    frame::fill(&mut script, text, &values);
                }
            }
        }
    }
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
