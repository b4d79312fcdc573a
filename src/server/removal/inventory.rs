//! What is in a database: its objects by name, and for each table the number of its rows and a sum over what they hold.

use std::collections::BTreeMap;

use super::Result;
use super::ask::ask;
use crate::diagnostic::visible;
use crate::server::psql::{Psql, connect};

const INVENTORY: &str = include_str!("../../../templates/removal/inventory.sql");

/// What is there, each with what is to be said of it.
pub(super) type Inventory = BTreeMap<String, String>;

/// Looks.
pub(super) fn inventory(psql: &Psql, database: &str) -> Result<Inventory> {
    let script = format!("{}{INVENTORY}", connect(database));
    let lines = ask(psql, &script)?;
    let pairs = lines
        .iter()
        .map(|line| Ok(serde_json::from_str::<(String, String)>(line)?));
    pairs.collect()
}

/// The first few differences, if there are any.
pub(super) fn differences(current: &Inventory, restored: &Inventory) -> Option<String> {
    const SHOWN: usize = 3;
    let lost = current
        .iter()
        .filter_map(|(thing, value)| match restored.get(thing) {
            Some(other) if other == value => None,
            Some(other) => Some(format!("{thing}: {value}, and restored: {other}")),
            None => Some(format!("{thing} is missing in the dump")),
        });
    let new = restored
        .keys()
        .filter(|thing| !current.contains_key(*thing))
        .map(|thing| format!("{thing} is only in the dump"));
    let mut all: Vec<String> = lost
        .chain(new)
        .map(|text| visible(&text).to_string())
        .collect();
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    if more > 0 {
        all.push(format!("{more} more"));
    }
    (!all.is_empty()).then(|| all.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Inventory {
        let pairs = pairs.iter();
        pairs.map(|(a, b)| ((*a).into(), (*b).into())).collect()
    }

    #[test]
    fn what_is_lost_new_or_other_is_a_difference() {
        let one = of(&[("table a", "there"), ("rows of a", "2 rows")]);
        assert_eq!(differences(&one, &one), None);
        let other = of(&[("rows of a", "1 rows"), ("view b", "there")]);
        assert_eq!(
            differences(&one, &other).as_deref(),
            Some(
                "rows of a: 2 rows, and restored: 1 rows; table a is missing in the dump; view b is only in the dump"
            )
        );
    }
}
