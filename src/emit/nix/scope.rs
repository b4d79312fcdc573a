//! What the grammar doesn't say: variables that nothing defines, names defined twice, integers out of range.

use std::collections::HashSet;

use rnix::ast::{self, Expr, Param};
use rnix::{SyntaxKind, SyntaxNode};
use rowan::ast::AstNode;

use super::attributes::{Bindings, Slot, offset};
use super::verify::VerifyError;

/// The variables that Nix 2.8 and all later ones define everywhere.
const GLOBALS: [&str; 22] = [
    "true",
    "false",
    "null",
    "builtins",
    "abort",
    "baseNameOf",
    "derivation",
    "derivationStrict",
    "dirOf",
    "fetchGit",
    "fetchMercurial",
    "fetchTarball",
    "fetchTree",
    "fromTOML",
    "import",
    "isNull",
    "map",
    "placeholder",
    "removeAttrs",
    "scopedImport",
    "throw",
    "toString",
];

/// The other built-in functions of Nix 2.8, which are variables with two underscores before their names.
const INTERNAL: [&str; 87] = [
    "add",
    "addErrorContext",
    "all",
    "any",
    "appendContext",
    "attrNames",
    "attrValues",
    "bitAnd",
    "bitOr",
    "bitXor",
    "catAttrs",
    "ceil",
    "compareVersions",
    "concatLists",
    "concatMap",
    "concatStringsSep",
    "currentSystem",
    "currentTime",
    "deepSeq",
    "div",
    "elem",
    "elemAt",
    "fetchurl",
    "filter",
    "filterSource",
    "findFile",
    "floor",
    "foldl'",
    "fromJSON",
    "functionArgs",
    "genList",
    "genericClosure",
    "getAttr",
    "getContext",
    "getEnv",
    "groupBy",
    "hasAttr",
    "hasContext",
    "hashFile",
    "hashString",
    "head",
    "intersectAttrs",
    "isAttrs",
    "isBool",
    "isFloat",
    "isFunction",
    "isInt",
    "isList",
    "isPath",
    "isString",
    "langVersion",
    "length",
    "lessThan",
    "listToAttrs",
    "mapAttrs",
    "match",
    "mul",
    "nixPath",
    "nixVersion",
    "parseDrvName",
    "partition",
    "path",
    "pathExists",
    "readDir",
    "readFile",
    "replaceStrings",
    "seq",
    "sort",
    "split",
    "splitVersion",
    "storeDir",
    "storePath",
    "stringLength",
    "sub",
    "substring",
    "tail",
    "toFile",
    "toJSON",
    "toPath",
    "toXML",
    "trace",
    "tryEval",
    "typeOf",
    "unsafeDiscardOutputDependency",
    "unsafeDiscardStringContext",
    "unsafeGetAttrPos",
    "zipAttrsWith",
];

enum Scope {
    Names(HashSet<String>),
    /// `with` may bring any name.
    Any,
}

struct Walk {
    scopes: Vec<Scope>,
    errors: Vec<VerifyError>,
}

pub(super) fn check(root: &SyntaxNode) -> Vec<VerifyError> {
    let mut walk = Walk {
        scopes: Vec::new(),
        errors: Vec::new(),
    };
    walk.children(root);
    walk.errors
}

impl Walk {
    /// The depth of the tree, and so of this recursion, is bounded before the text is parsed.
    fn node(&mut self, node: &SyntaxNode) {
        let Some(expr) = Expr::cast(node.clone()) else {
            return self.children(node);
        };
        match expr {
            Expr::Ident(ident) => self.variable(ident.syntax().text().to_string(), offset(node)),
            Expr::Literal(literal) => self.literal(&literal),
            Expr::AttrSet(set) => {
                let bindings = Bindings::of(&set, set.rec_token().is_some(), &mut self.errors);
                self.bindings(bindings, None);
            }
            Expr::LegacyLet(set) => {
                let bindings = Bindings::of(&set, true, &mut self.errors);
                self.bindings(bindings, None);
            }
            Expr::LetIn(expr) => {
                let bindings = Bindings::of(&expr, true, &mut self.errors);
                if let Some((name, _)) = bindings.dynamic.first() {
                    self.errors
                        .push(VerifyError::new(offset(name), "a computed name in `let`"));
                }
                self.bindings(bindings, expr.body());
            }
            Expr::Lambda(lambda) => self.lambda(&lambda),
            Expr::With(with) => {
                self.optional(with.namespace());
                self.scopes.push(Scope::Any);
                self.optional(with.body());
                self.scopes.pop();
            }
            _ => self.children(node),
        }
    }

    fn children(&mut self, node: &SyntaxNode) {
        for child in node.children() {
            match child.kind() {
                // Names there are attributes, not variables.
                SyntaxKind::NODE_ATTRPATH => child
                    .children()
                    .filter(|attr| attr.kind() != SyntaxKind::NODE_IDENT)
                    .for_each(|attr| self.children(&attr)),
                _ => self.node(&child),
            }
        }
    }

    fn optional(&mut self, expr: Option<Expr>) {
        if let Some(expr) = expr {
            self.node(expr.syntax());
        }
    }

    fn variable(&mut self, name: String, offset: usize) {
        let known = self.scopes.iter().rev().any(|scope| match scope {
            Scope::Names(names) => names.contains(&name),
            Scope::Any => true,
        });
        let built_in = match name.strip_prefix("__") {
            Some(internal) => INTERNAL.contains(&internal),
            None => GLOBALS.contains(&name.as_str()),
        };
        if !known && !built_in {
            self.errors.push(VerifyError::new(
                offset,
                format!("nothing defines the variable `{name}`"),
            ));
        }
    }

    fn literal(&mut self, literal: &ast::Literal) {
        let text = literal.syntax().text().to_string();
        let bad = match literal.kind() {
            ast::LiteralKind::Integer(_) => text.parse::<i64>().is_err(),
            ast::LiteralKind::Float(_) => !text.parse::<f64>().is_ok_and(f64::is_finite),
            ast::LiteralKind::Uri(_) => false,
        };
        if bad {
            let message = format!("the number `{text}` is out of range");
            self.errors
                .push(VerifyError::new(offset(literal.syntax()), message));
        }
    }

    fn bindings(&mut self, bindings: Bindings, body: Option<Expr>) {
        for (name, slot) in &bindings.named {
            if let Slot::Outer(offset) = slot {
                self.variable(name.clone(), *offset);
            }
        }
        if bindings.recursive {
            self.scopes
                .push(Scope::Names(bindings.named.keys().cloned().collect()));
        }
        for source in &bindings.sources {
            self.node(source);
        }
        for (_, slot) in bindings.named {
            self.slot(slot);
        }
        for (name, slot) in bindings.dynamic {
            self.node(&name);
            self.slot(slot);
        }
        self.optional(body);
        if bindings.recursive {
            self.scopes.pop();
        }
    }

    fn slot(&mut self, slot: Slot) {
        match slot {
            Slot::Value(node) => self.node(&node),
            Slot::Set(bindings) => self.bindings(*bindings, None),
            Slot::Outer(_) | Slot::FromSource => {}
        }
    }

    fn lambda(&mut self, lambda: &ast::Lambda) {
        let mut names = HashSet::new();
        let mut defaults = Vec::new();
        match lambda.param() {
            Some(Param::IdentParam(param)) => self.argument(param.ident(), &mut names),
            Some(Param::Pattern(pattern)) => {
                for entry in pattern.pat_entries() {
                    self.argument(entry.ident(), &mut names);
                    defaults.extend(entry.default());
                }
                if let Some(bind) = pattern.pat_bind() {
                    self.argument(bind.ident(), &mut names);
                }
            }
            None => {}
        }
        self.scopes.push(Scope::Names(names));
        for default in defaults {
            self.node(default.syntax());
        }
        self.optional(lambda.body());
        self.scopes.pop();
    }

    fn argument(&mut self, ident: Option<ast::Ident>, names: &mut HashSet<String>) {
        let Some(ident) = ident else {
            return;
        };
        let name = ident.syntax().text().to_string();
        if names.contains(&name) {
            let message = format!("the argument `{name}` is named twice");
            self.errors
                .push(VerifyError::new(offset(ident.syntax()), message));
        }
        names.insert(name);
    }
}
