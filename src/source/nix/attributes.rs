//! Attribute sets as Nix merges them.

use crate::diagnostic::Diagnostic;
use crate::source::names::{Named, Names};
use crate::source::read::duplicate;
use crate::source::{Entry, Key, Node, Span, Table, Value};

/// An attribute set that is still open to bindings.
#[derive(Default)]
pub(super) struct Attributes<'s> {
    entries: Vec<Attribute<'s>>,
    names: Names,
}

/// What a name is bound to.
pub(super) enum Bound<'s> {
    /// A set, which later bindings may reach into.
    Set(Attributes<'s>),
    /// Anything else.
    Value(Value<'s>),
}

struct Attribute<'s> {
    key: Key<'s>,
    bound: Bound<'s>,
    span: Span,
}

impl Named for Attribute<'_> {
    fn name(&self) -> &str {
        &self.key.name
    }
}

impl<'s> Attributes<'s> {
    /// Binds `path.last`. A path reaches into the sets that are there; two sets for one name are merged, one level
    /// deep as in Nix; everything else that is bound twice is a finding.
    pub(super) fn bind(
        &mut self,
        path: Vec<Key<'s>>,
        last: Key<'s>,
        bound: Bound<'s>,
        span: Span,
        findings: &mut Vec<Diagnostic>,
    ) {
        let mut set = self;
        for key in path {
            let position = match set.names.find(&set.entries, &key.name) {
                Some(position) => position,
                None => {
                    let span = key.span;
                    set.entries.push(Attribute {
                        key: key.clone(),
                        bound: Bound::Set(Attributes::default()),
                        span,
                    });
                    set.entries.len() - 1
                }
            };
            let attribute = &mut set.entries[position];
            match &mut attribute.bound {
                Bound::Set(inner) => set = inner,
                Bound::Value(_) => {
                    return findings.push(duplicate(&key.name, key.span, attribute.key.span));
                }
            }
        }
        let Some(position) = set.names.find(&set.entries, &last.name) else {
            return set.entries.push(Attribute {
                key: last,
                bound,
                span,
            });
        };
        let attribute = &mut set.entries[position];
        match (&mut attribute.bound, bound) {
            (Bound::Set(old), Bound::Set(new)) => old.merge(new, findings),
            _ => findings.push(duplicate(&last.name, last.span, attribute.key.span)),
        }
    }

    fn merge(&mut self, new: Attributes<'s>, findings: &mut Vec<Diagnostic>) {
        for attribute in new.entries {
            match self.names.find(&self.entries, &attribute.key.name) {
                None => self.entries.push(attribute),
                Some(position) => {
                    let (second, first) = (&attribute.key, &self.entries[position].key);
                    findings.push(duplicate(&second.name, second.span, first.span));
                }
            }
        }
    }

    /// The set as a table.
    pub(super) fn finish(self) -> Table<'s> {
        let entries = self
            .entries
            .into_iter()
            .map(|Attribute { key, bound, span }| {
                let value = match bound {
                    Bound::Set(set) => Value::Table(set.finish()),
                    Bound::Value(value) => value,
                };
                Entry {
                    key,
                    node: Node { value, span },
                }
            });
        Table {
            entries: entries.collect(),
        }
    }
}
