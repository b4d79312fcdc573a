//! Finding a name in a growing table without a search that grows with it.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::Entry;

/// Tables up to this size are searched from end to end, which is cheaper than hashing.
const SMALL: usize = 16;

/// Something in a table that has a name.
pub(super) trait Named {
    fn name(&self) -> &str;
}

impl Named for Entry<'_> {
    fn name(&self) -> &str {
        &self.key.name
    }
}

/// Where the names of one table are. Entries may only be added at its end.
#[derive(Default)]
pub(super) struct Names {
    index: Option<Box<Index>>,
}

/// The positions by the names' hashes, made when a table has become large.
#[derive(Default)]
struct Index {
    positions: HashMap<u64, usize>,
    indexed: usize,
    state: RandomState,
}

impl Names {
    /// The position of `name` among `entries`.
    pub(super) fn find<N: Named>(&mut self, entries: &[N], name: &str) -> Option<usize> {
        let search = || entries.iter().position(|entry| entry.name() == name);
        if entries.len() < SMALL {
            return search();
        }
        let Index {
            positions,
            indexed,
            state,
        } = &mut **self.index.get_or_insert_default();
        for (position, entry) in entries.iter().enumerate().skip(*indexed) {
            positions
                .entry(state.hash_one(entry.name()))
                .or_insert(position);
        }
        *indexed = entries.len();
        let position = *positions.get(&state.hash_one(name))?;
        // Two names with one hash are next to impossible; the search keeps the answer right.
        if entries
            .get(position)
            .is_some_and(|entry| entry.name() == name)
        {
            Some(position)
        } else {
            search()
        }
    }
}
