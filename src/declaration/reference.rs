//! The reference of all fields, as Markdown, made from the [shapes](super::shapes).

use std::fmt::Write;

use super::shape::{Kind, Shape};
use super::shapes::{FILE, PROJECT_FILE};

/// docs/reference.md: one section for each shape, in the order in which they are met.
pub fn reference() -> String {
    let mut shapes: Vec<&Shape> = vec![&PROJECT_FILE];
    let mut next = 0;
    while let Some(shape) = shapes.get(next).copied() {
        for field in shape.fields {
            add(&field.kind, &mut shapes);
        }
        next += 1;
    }
    let mut out = String::from(
        "# Fields of a declaration\n\n\
         Made by `dbgen schema --markdown`; a test keeps it current. Names are the same in TOML, JSON and Nix. A declaration\n\
         file holds `services` and `instances`, or the fields of the one service that is named like the file.\n",
    );
    for shape in shapes.iter().filter(|shape| shape.name != FILE.name) {
        section(&mut out, shape);
    }
    out
}

/// Adds the shapes that a kind holds, each once.
fn add(kind: &Kind, shapes: &mut Vec<&Shape>) {
    match *kind {
        Kind::Table(shape) => {
            if shapes.iter().all(|known| known.name != shape.name) {
                shapes.push(shape);
            }
        }
        Kind::List(item) | Kind::Map(item) => add(item, shapes),
        Kind::OneOf(kinds) => kinds.iter().for_each(|kind| add(kind, shapes)),
        Kind::Bool | Kind::Integer | Kind::String | Kind::Enum(_) | Kind::Setting => {}
    }
}

fn section(out: &mut String, shape: &Shape) {
    // Writing to a String can't fail.
    let _ = write!(out, "\n## {}\n\n{}\n\n", capitalised(shape.name), shape.doc);
    out.push_str("| field | type | default | what it means |\n|---|---|---|---|\n");
    for field in shape.fields {
        let default = if field.required {
            "required"
        } else {
            field.default
        };
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            field.name,
            cell(&type_of(&field.kind)),
            cell(default),
            cell(field.doc)
        );
    }
    let _ = write!(out, "\n```toml\n{}\n```\n", shape.example);
}

fn type_of(kind: &Kind) -> String {
    let list = |kinds: &[Kind]| kinds.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    match kind {
        Kind::Bool => "boolean".into(),
        Kind::Integer => "integer".into(),
        Kind::String => "string".into(),
        Kind::Enum(values) => {
            let values: Vec<String> = values
                .iter()
                .map(|value| format!("`\"{value}\"`"))
                .collect();
            values.join(", ")
        }
        Kind::Setting => "boolean, number, string or list of strings".into(),
        Kind::List(item) => format!("list of: {}", type_of(item)),
        Kind::Map(item) => format!("table of: {}", type_of(item)),
        Kind::Table(shape) => format!("[{}](#{})", shape.name, shape.name.replace(' ', "-")),
        Kind::OneOf(kinds) => list(kinds),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
