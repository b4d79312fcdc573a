//! What a whole file declares: several services, one service named like the file, or a module of the older convention.

use super::conform::Conform;
use super::fields::Fields;
use super::shape::Field;
use super::shapes::{FILE, PROJECT_FILE, SERVICE};
use super::{Declarations, read};
use crate::check::non_literal;
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Format, Node, SourceFile, Span, Spanned, Table, Value};

/// Which part a file plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `dbgen.toml`.
    Project,
    /// Any other file.
    Declarations,
}

/// Checks the shape of a file's tree and adds what it declares. The project's settings are taken only from a
/// [`FileKind::Project`] file.
pub fn read_file(
    root: &Node,
    id: FileId,
    file: &SourceFile,
    kind: FileKind,
    declarations: &mut Declarations,
    findings: &mut Vec<Diagnostic>,
) {
    let Value::Table(table) = &root.value else {
        return;
    };
    let mut conform = Conform {
        format: file.format,
        findings,
    };
    let start = Span::new(id, 0, 0);
    if kind == FileKind::Project {
        conform.table(table, &PROJECT_FILE, start);
        let fields = Fields::new(table, start);
        if let Some(project) = fields.node("project").and_then(Fields::of) {
            declarations.project = read::project(project);
        }
        add_services_and_instances(fields, declarations);
        return;
    }
    // A NixOS module may hold its settings below `config`; what stands beside it is not dbgen's.
    let table = match table.get("config").map(|entry| &entry.node) {
        Some(config) if file.format == Format::Nix => match &config.value {
            Value::Table(inner) => inner,
            value => {
                let finding = non_literal::finding("config", value.kind(), config.span);
                conform.findings.push(finding);
                return;
            }
        },
        _ => table,
    };
    if let Some(modules) = path(table, OLD) {
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
    } else if is_single_service(table) {
        conform.table(table, &SERVICE, start);
        let name = Spanned::new(service_name(&file.name).into(), start);
        declarations
            .services
            .push(read::service(name, Fields::new(table, start)));
    } else {
        conform.table(table, &FILE, start);
        add_services_and_instances(Fields::new(table, start), declarations);
    }
}

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

fn add_services_and_instances(fields: Fields, declarations: &mut Declarations) {
    let instances = fields.map("instances", |name, node| {
        Some(read::instance(name, Fields::of(node)?))
    });
    declarations.instances.extend(instances);
    let services = fields.map("services", |name, node| {
        Some(read::service(name, Fields::of(node)?))
    });
    declarations.services.extend(services);
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
