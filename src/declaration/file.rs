//! What a whole file declares: several services, one service named like the file, or a module of the older convention.

use super::conform::Conform;
use super::fields::Fields;
use super::shape::Field;
use super::shapes::{FILE, PROJECT_FILE, SERVICE};
use super::{Declarations, Text, read};
use crate::check::non_literal;
use crate::diagnostic::Diagnostic;
use crate::source::{Entry, FileId, Format, Node, SourceFile, Span, Spanned, Table, Value};

/// Which part a file plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `dbgen.toml`.
    Project,
    /// Any other file.
    Declarations,
}

/// Checks the shape of a file's tree and adds what it declares. The project's settings are taken only from a
/// [`FileKind::Project`] file. The tree is dropped piece by piece, so that it is not in memory together with all of
/// the declarations.
pub fn read_file(
    root: Node,
    id: FileId,
    file: &SourceFile,
    kind: FileKind,
    declarations: &mut Declarations,
    findings: &mut Vec<Diagnostic>,
) {
    let Value::Table(mut table) = root.value else {
        return;
    };
    // By it editors find the schema of a JSON file.
    table.entries.retain(|entry| {
        entry.key.name != SCHEMA_KEY || !matches!(entry.node.value, Value::String(_))
    });
    let mut conform = Conform {
        format: file.format,
        findings,
    };
    let start = Span::new(id, 0, 0);
    if kind == FileKind::Project {
        conform.table(&table, &PROJECT_FILE, start);
        let fields = Fields::new(&table, start);
        if let Some(project) = fields.node("project").and_then(Fields::of) {
            declarations.project = read::project(project);
        }
        add_services_and_instances(table, declarations);
        return;
    }
    // A NixOS module may hold its settings below `config`; what stands beside it is not dbgen's.
    if let Some(Entry { node, .. }) = table.get_mut("config")
        && file.format == Format::Nix
    {
        let Value::Table(inner) = &mut node.value else {
            let finding = non_literal::finding("config", node.value.kind(), node.span);
            conform.findings.push(finding);
            return;
        };
        table = std::mem::take(inner);
    }
    if let Some(modules) = path(&table, OLD) {
        for entry in &modules.entries {
            if let Value::Table(service) = &entry.node.value {
                let service = old_service(service);
                conform.table(&service, &SERVICE, entry.node.span);
                let name = Spanned::new(entry.key.name.as_ref().into(), entry.key.span);
                declarations
                    .services
                    .push(read::service(name, Fields::new(&service, entry.node.span)));
            } else {
                conform.service(&entry.key.name, &entry.node);
            }
        }
    } else if is_single_service(&table) {
        conform.table(&table, &SERVICE, start);
        let name = Spanned::new(service_name(&file.name).into(), start);
        declarations
            .services
            .push(read::service(name, Fields::new(&table, start)));
    } else {
        conform.table(&table, &FILE, start);
        add_services_and_instances(table, declarations);
    }
}

/// The key at a file's top that names the schema.
pub(super) const SCHEMA_KEY: &str = "$schema";

/// The older in-Nix convention.
const OLD: &[&str] = &["qgroget", "serviceModules"];

fn path<'t, 's>(table: &'t Table<'s>, names: &[&str]) -> Option<&'t Table<'s>> {
    names
        .iter()
        .try_fold(table, |table, name| match &table.get(name)?.node.value {
            Value::Table(inner) => Some(inner),
            _ => None,
        })
}

fn is_single_service(table: &Table) -> bool {
    let has = |fields: &[Field]| fields.iter().any(|field| table.get(field.name).is_some());
    !has(FILE.fields) && has(SERVICE.fields)
}

/// In the older convention only `enable` and `databases` are dbgen's; the other keys belong to the service's module.
fn old_service<'s>(service: &Table<'s>) -> Table<'s> {
    let known = ["enable", "databases"];
    Table {
        entries: known
            .iter()
            .filter_map(|name| service.get(name).cloned())
            .collect(),
    }
}

fn add_services_and_instances(table: Table, declarations: &mut Declarations) {
    for Entry { key, node } in table.entries {
        let Value::Table(named) = node.value else {
            continue;
        };
        match key.name.as_ref() {
            "instances" => add_each(named, &mut declarations.instances, read::instance),
            "services" => add_each(named, &mut declarations.services, read::service),
            _ => {}
        }
    }
}

/// Adds what each entry declares under its name.
fn add_each<T>(table: Table, list: &mut Vec<T>, read: impl Fn(Text, Fields) -> T) {
    list.reserve(table.entries.len());
    for Entry { key, node } in table.entries {
        let name = Spanned::new(key.name.into(), key.span);
        list.extend(Fields::of(&node).map(|fields| read(name, fields)));
    }
}

/// `services/immich.toml` declares `immich`; `immich/default.nix` too, as is usual in Nix.
fn service_name(file: &str) -> &str {
    let mut parts = file.rsplit('/');
    let last = parts.next().unwrap_or(file);
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    match parts.next() {
        Some(folder) if stem == "default" && !matches!(folder, "" | "." | "..") => folder,
        _ => stem,
    }
}
