//! What a set's bindings make together: Nix joins `a.b = 1; a = { c = 2; };` and refuses what is defined twice.

use std::collections::BTreeMap;

use rnix::SyntaxNode;
use rnix::ast::{self, Attr, Entry, Expr, HasEntry, InterpolPart};
use rowan::ast::AstNode;

use super::verify::VerifyError;

/// The joined bindings of a set or a `let`.
#[derive(Default)]
pub(super) struct Bindings {
    pub(super) recursive: bool,
    pub(super) named: BTreeMap<String, Slot>,
    /// Attributes whose names are computed.
    pub(super) dynamic: Vec<(SyntaxNode, Slot)>,
    /// The sets of `inherit (set) ..;`.
    pub(super) sources: Vec<SyntaxNode>,
}

pub(super) enum Slot {
    Value(SyntaxNode),
    Set(Box<Bindings>),
    /// `inherit name;`, with its place.
    Outer(usize),
    /// `inherit (set) name;`
    FromSource,
}

pub(super) enum Key {
    Static(String, usize),
    Dynamic(SyntaxNode),
}

/// The name of an attribute, as far as the text tells it.
pub(super) fn key(attr: &Attr) -> Option<Key> {
    let offset = offset(attr.syntax());
    Some(match attr {
        Attr::Ident(ident) => Key::Static(ident.syntax().text().to_string(), offset),
        Attr::Str(string) => match constant(string) {
            Some(name) => Key::Static(name, offset),
            None => Key::Dynamic(string.syntax().clone()),
        },
        Attr::Dynamic(dynamic) => {
            let expr = dynamic.expr()?;
            match &expr {
                Expr::Str(string) => match constant(string) {
                    Some(name) => Key::Static(name, offset),
                    None => Key::Dynamic(expr.syntax().clone()),
                },
                _ => Key::Dynamic(expr.syntax().clone()),
            }
        }
    })
}

fn constant(string: &ast::Str) -> Option<String> {
    let mut name = String::new();
    for part in string.normalized_parts() {
        match part {
            InterpolPart::Literal(text) => {
                name.push_str(&text.replace("\r\n", "\n").replace('\r', "\n"))
            }
            InterpolPart::Interpolation(_) => return None,
        }
    }
    Some(name)
}

pub(super) fn offset(node: &SyntaxNode) -> usize {
    node.text_range().start().into()
}

impl Bindings {
    /// The bindings of one pair of braces (or of a `let`).
    pub(super) fn of(node: &impl HasEntry, recursive: bool, errors: &mut Vec<VerifyError>) -> Self {
        let mut bindings = Self {
            recursive,
            ..Self::default()
        };
        for entry in node.entries() {
            match entry {
                Entry::Inherit(inherit) => bindings.inherit(&inherit, errors),
                Entry::AttrpathValue(binding) => bindings.bind(&binding, errors),
            }
        }
        bindings
    }

    fn inherit(&mut self, inherit: &ast::Inherit, errors: &mut Vec<VerifyError>) {
        let source = inherit.from().and_then(|from| from.expr());
        for attr in inherit.attrs() {
            match key(&attr) {
                Some(Key::Static(name, offset)) => {
                    let slot = match source {
                        Some(_) => Slot::FromSource,
                        None => Slot::Outer(offset),
                    };
                    self.define(name, offset, slot, errors);
                }
                Some(Key::Dynamic(node)) => {
                    errors.push(VerifyError::new(
                        offset(&node),
                        "a computed name in `inherit`",
                    ));
                }
                None => {}
            }
        }
        self.sources
            .extend(source.map(|source| source.syntax().clone()));
    }

    fn bind(&mut self, binding: &ast::AttrpathValue, errors: &mut Vec<VerifyError>) {
        let (Some(path), Some(value)) = (binding.attrpath(), binding.value()) else {
            return;
        };
        let mut keys: Vec<Key> = path.attrs().filter_map(|attr| key(&attr)).collect();
        let Some(last) = keys.pop() else {
            return;
        };
        let mut set = self;
        for key in keys {
            set = match key {
                Key::Static(name, offset) => {
                    let shown = name.clone();
                    match set
                        .named
                        .entry(name)
                        .or_insert_with(|| Slot::Set(Box::default()))
                    {
                        Slot::Set(inner) => inner,
                        _ => return errors.push(twice(&shown, offset)),
                    }
                }
                Key::Dynamic(name) => {
                    set.dynamic.push((name, Slot::Set(Box::default())));
                    match set.dynamic.last_mut() {
                        Some((_, Slot::Set(inner))) => inner,
                        _ => return,
                    }
                }
            };
        }
        let slot = match bare(value) {
            Expr::AttrSet(inner) => Slot::Set(Box::new(Self::of(
                &inner,
                inner.rec_token().is_some(),
                errors,
            ))),
            other => Slot::Value(other.syntax().clone()),
        };
        match last {
            Key::Static(name, offset) => set.define(name, offset, slot, errors),
            Key::Dynamic(name) => set.dynamic.push((name, slot)),
        }
    }

    fn define(&mut self, name: String, offset: usize, slot: Slot, errors: &mut Vec<VerifyError>) {
        match (self.named.get_mut(&name), slot) {
            (None, slot) => {
                self.named.insert(name, slot);
            }
            (Some(Slot::Set(known)), Slot::Set(more)) => known.join(*more, offset, errors),
            (Some(_), _) => errors.push(twice(&name, offset)),
        }
    }

    /// Takes the bindings of a second set of the same name over; as in Nix 2.8, only one level deep, and they lose
    /// the second set's `rec`.
    fn join(&mut self, more: Self, offset: usize, errors: &mut Vec<VerifyError>) {
        for (name, slot) in more.named {
            match self.named.contains_key(&name) {
                true => errors.push(twice(&name, offset)),
                false => {
                    self.named.insert(name, slot);
                }
            }
        }
        self.dynamic.extend(more.dynamic);
        self.sources.extend(more.sources);
    }
}

/// Parentheses don't make a set another thing to Nix.
fn bare(mut value: Expr) -> Expr {
    while let Expr::Paren(paren) = &value {
        match paren.expr() {
            Some(inner) => value = inner,
            None => break,
        }
    }
    value
}

fn twice(name: &str, offset: usize) -> VerifyError {
    VerifyError::new(offset, format!("the attribute `{name}` is defined twice"))
}
