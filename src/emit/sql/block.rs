//! What the script says of one part of the server: its roles, its databases, the contents of one of them.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::catalog;
use crate::postgres::identifier::Identifier;
use crate::postgres::quote::{quote_identifier, quote_literal, quote_psql, shown_identifier};

/// The values of placeholders.
pub type Values = Vec<(&'static str, String)>;

/// What is told apart in the script.
pub struct Block<'a> {
    /// Which part of the program does it.
    pub scope: &'static str,
    /// The digest of that.
    pub program: &'a [u8],
    /// The database, when it is the contents of one.
    pub database: Option<&'a Identifier>,
    /// Its extensions whose version is not declared, as a JSON array.
    pub unpinned: Option<String>,
    /// Whether nothing can be other than declared while the catalogs stay the same.
    pub is_told_by_catalogs: bool,
    /// What is declared, as JSON.
    pub document: String,
}

impl Block<'_> {
    /// The values of the placeholders in the frame's part for it.
    pub fn values(&self) -> Values {
        let scope = self.scope;
        let database = self.database.map_or("", Identifier::as_str);
        let versions = versions(self.unpinned.is_some());
        let gate = match (self.is_told_by_catalogs, self.database) {
            (false, _) => "no_gate",
            (true, None) => "gate",
            (true, Some(_)) => "contents_gate",
        };
        // That of the roles and the databases is there from the start.
        let first = match self.database {
            Some(_) => ":session \\;\n",
            None => "",
        };
        let part = self.database.map_or(scope.to_owned(), |name| {
            format!("database {}", shown_identifier(name.as_str()))
        });
        let unpinned = self.unpinned.as_deref().unwrap_or("[]");
        vec![
            ("scope", scope.to_owned()),
            ("program", format!("{scope}_program")),
            ("fingerprint", format!("{scope}_fingerprint{versions}")),
            ("first", first.to_owned()),
            ("gate", gate.to_owned()),
            ("database", quote_psql(database)),
            ("label", quote_psql(&label(database))),
            ("part", quote_psql(&part)),
            ("unpinned", quote_psql(unpinned)),
            ("digest", quote_psql(&digest(self.program, &self.document))),
            ("desired", quote_literal(&self.document)),
        ]
    }
}

/// How the fingerprint for a database with extensions whose version the host decides is called: reading which versions there are
/// takes longer than all else that the gate looks at.
fn versions(are_unpinned: bool) -> &'static str {
    match are_unpinned {
        true => "_with_versions",
        false => "",
    }
}

/// The values of the placeholders on the way to a database.
pub fn way(name: &Identifier, database: &catalog::Database) -> Values {
    let target = format!("dbname={} client_encoding=UTF8", quote_psql(name.as_str()));
    let template = database
        .creation
        .as_ref()
        .and_then(|it| it.template.as_ref());
    let connecting = serde_json::json!({ "version": 1, "connecting": name.as_str() });
    vec![
        ("database", quote_psql(name.as_str())),
        ("ready", quote_psql(&ready_name(name))),
        ("connecting", quote_psql(&connecting.to_string())),
        (
            "versions",
            versions(unpinned(database).is_some()).to_owned(),
        ),
        // The double quotes are taken away by psql.
        ("target", quote_psql(&quote_identifier(&target))),
        (
            "template",
            quote_psql(template.map_or("", Identifier::as_str)),
        ),
    ]
}

/// The values of the placeholders of what tells whether the database can be used.
pub fn readiness(name: &Identifier, database: &catalog::Database) -> Values {
    vec![
        ("needs", needs(name, database)),
        ("ready", quote_psql(&ready_name(name))),
    ]
}

/// What else must be as declared before the database can be used, as the program calls it.
fn needs(name: &Identifier, database: &catalog::Database) -> String {
    let of = |kind: &str, name: &Identifier| {
        format!("format('{kind} %I', {})", quote_literal(name.as_str()))
    };
    let mut needs = vec![of("database", name), of("role", &database.user)];
    if database.owner != database.user {
        needs.push(of("role", &database.owner));
    }
    needs.join(", ")
}

/// The name of the database in the list of those that can be used: safe as a line and as a part of the name of a systemd
/// unit, and no two databases have the same.
pub fn ready_name(database: &Identifier) -> String {
    let mut name = String::with_capacity(database.as_str().len());
    for byte in database.as_str().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            _ => {
                // Writing to a string can't fail.
                let _ = write!(name, ".{byte:02X}");
            }
        }
    }
    name
}

/// The extensions whose version is not declared, as a JSON array; none without any.
pub fn unpinned(database: &catalog::Database) -> Option<String> {
    let extensions = database.extensions.iter();
    let names: Vec<&str> = extensions
        .filter(|(_, extension)| extension.version.is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    // On one line, as psql wants its arguments; a list of strings can't fail to be JSON.
    (!names.is_empty()).then(|| serde_json::to_string(&names).unwrap_or_default())
}

/// The name as the value of a label (Prometheus, "Exposition formats").
fn label(name: &str) -> String {
    name.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// Another program or another document is another text.
fn digest(program: &[u8], document: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(program);
    hash.update(document);
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The digest of the program alone, which all databases share.
pub fn program_digest(program: &str) -> Vec<u8> {
    Sha256::digest(program).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_programs_and_documents_apart() {
        let all = [("a", "b"), ("a", "c"), ("b", "b")]
            .map(|(program, document)| digest(&program_digest(program), document));
        assert!(all.iter().all(|text| text.len() == 64));
        assert!(all[0] != all[1] && all[0] != all[2]);
    }

    #[test]
    fn a_label_is_escaped() {
        assert_eq!(label("a\"b\\c"), "a\\\"b\\\\c");
    }
}
