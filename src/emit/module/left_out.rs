//! What is declared and not provisioned yet.

use crate::catalog::{Catalog, Instance};
use crate::diagnostic::phrase;
use crate::postgres::identifier::Identifier;

/// One sentence for each kind of thing that is declared, but that the module does not yet provision.
pub fn left_out(catalog: &Catalog) -> Vec<String> {
    catalog.instances.values().filter_map(of_instance).collect()
}

fn of_instance(instance: &Instance) -> Option<String> {
    let databases = instance.databases.iter();
    let ordered = databases.filter(|(_, database)| !database.units.is_empty());
    let names = ordered.map(|(name, _)| name);
    sentence("the order of the systemd units", "database", names)
}

fn sentence<'a>(
    what: &str,
    kind: &str,
    names: impl Iterator<Item = &'a Identifier>,
) -> Option<String> {
    let names: Vec<&str> = names.map(Identifier::as_str).collect();
    let shown = match names.as_slice() {
        [] => return None,
        [name] => format!("{kind} {}", phrase::backticked(name)),
        [first, .., last] if names.len() > 3 => format!(
            "{} ({} to {})",
            phrase::count(names.len(), kind),
            phrase::backticked(first),
            phrase::backticked(last)
        ),
        _ => format!("{kind}s {}", phrase::and_list(&names)),
    };
    Some(format!(
        "not provisioned by this version: {what} of {shown}"
    ))
}
