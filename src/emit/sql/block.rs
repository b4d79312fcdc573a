//! What the script says of one database beside its document.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::catalog::{self, Instance};
use crate::postgres::identifier::Identifier;
use crate::postgres::quote::{quote_literal, quote_psql};

/// The values of the placeholders in the frame's part for one database.
pub fn values(
    instance: &Instance,
    name: &Identifier,
    program: &[u8],
    document: &str,
) -> [(&'static str, String); 9] {
    let database = instance.databases.get(name);
    let unpinned = database.map_or_else(|| NONE.to_owned(), unpinned);
    // Reading which versions there are takes longer than all else that the gate looks at.
    let gate = match unpinned.as_str() {
        NONE => "gate",
        _ => "gate_with_versions",
    };
    let template = database.and_then(|database| database.creation.as_ref()?.template.as_ref());
    [
        ("desired", quote_literal(document)),
        ("shown", quote_psql(name.as_str())),
        ("label", quote_psql(&label(name.as_str()))),
        ("document", quote_psql(&digest(program, document))),
        ("unpinned", quote_psql(&unpinned)),
        ("gate", gate.to_owned()),
        ("needs", needs(instance, name)),
        ("ready", quote_psql(&ready_name(name))),
        (
            "template",
            quote_psql(template.map_or("", Identifier::as_str)),
        ),
    ]
}

/// What else must be as declared before the database can be used, as the program calls it.
fn needs(instance: &Instance, database: &Identifier) -> String {
    let of = |kind: &str, name: &Identifier| {
        format!("format('{kind} %I', {})", quote_literal(name.as_str()))
    };
    let mut needs = vec![of("database", database)];
    if let Some(declared) = instance.databases.get(database) {
        needs.push(of("role", &declared.user));
        if declared.owner != declared.user {
            needs.push(of("role", &declared.owner));
        }
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
                let _ = write!(name, ".{byte:02X}");
            }
        }
    }
    name
}

/// No extension.
const NONE: &str = "[]";

/// The extensions whose version is not declared, as a JSON array.
fn unpinned(database: &catalog::Database) -> String {
    let extensions = database.extensions.iter();
    let names: Vec<&str> = extensions
        .filter(|(_, extension)| extension.version.is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    // On one line, as psql wants its arguments; a list of strings can't fail to be JSON.
    serde_json::to_string(&names).unwrap_or_else(|_| NONE.to_owned())
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
