//! From rnix's syntax tree to values.

use std::borrow::Cow;

use rnix::ast::{
    self, Attr, Entry as Binding, Expr, HasEntry, InterpolPart, LiteralKind, UnaryOpKind,
};
use rnix::{SyntaxNode, TextRange};
use rowan::ast::AstNode;

use super::attributes::{Attributes, Bound};
use super::{Place, errors, string};
use crate::check::non_literal;
use crate::check::syntax_error::SYNTAX_ERROR;
use crate::diagnostic::Diagnostic;
use crate::source::read::{table_only, too_large};
use crate::source::{Key, Node, Span, Value};

/// The tree of `text`, whose nesting [`super::bounds`] has found bearable, or its errors.
pub(super) fn read(text: &str, place: Place) -> (Option<Node<'_>>, Vec<Diagnostic>) {
    let parsed = rnix::Root::parse(text);
    let mut findings = errors::findings(parsed.errors(), text, place);
    if findings.is_empty() {
        findings.extend(unclosed(&parsed.syntax(), place));
    }
    if !findings.is_empty() {
        return (None, findings);
    }
    let mut reader = Reader {
        text,
        place,
        findings,
    };
    let tree = match parsed.tree().expr() {
        Some(expression) => {
            let node = reader.node(&body(expression));
            if let Value::Other(what) = node.value {
                let finding = non_literal::of_file(what, node.span);
                reader.findings.push(finding);
                return (None, reader.findings);
            }
            table_only(node, &mut reader.findings)
        }
        None => {
            let finding = Diagnostic::new(&SYNTAX_ERROR, place.span(0, 0), "the file is empty");
            reader.findings.push(finding);
            None
        }
    };
    (tree, reader.findings)
}

/// Parentheses that another bracket closes, which rnix lets pass.
fn unclosed(root: &SyntaxNode, place: Place) -> Option<Diagnostic> {
    let paren = root
        .descendants()
        .filter_map(ast::Paren::cast)
        .find(|paren| paren.r_paren_token().is_none())?;
    let start = paren.l_paren_token()?.text_range();
    Some(Diagnostic::new(
        &SYNTAX_ERROR,
        place.of(start),
        "this `(` is not closed by a `)`",
    ))
}

/// The set of a module: what functions, `let` and `with` around it finally give.
fn body(expression: Expr) -> Expr {
    let mut expression = expression;
    loop {
        let inner = match &expression {
            Expr::Paren(paren) => paren.expr(),
            Expr::Lambda(lambda) => lambda.body(),
            Expr::LetIn(binding) => binding.body(),
            Expr::With(with) => with.body(),
            _ => None,
        };
        match inner {
            Some(inner) => expression = inner,
            None => return expression,
        }
    }
}

struct Reader<'s> {
    text: &'s str,
    place: Place,
    findings: Vec<Diagnostic>,
}

impl<'s> Reader<'s> {
    fn node(&mut self, expression: &Expr) -> Node<'s> {
        let span = self.span(expression.syntax());
        let value = match self.bound(expression) {
            Bound::Set(set) => Value::Table(set.finish()),
            Bound::Value(value) => value,
        };
        Node { value, span }
    }

    fn bound(&mut self, expression: &Expr) -> Bound<'s> {
        let span = self.span(expression.syntax());
        Bound::Value(match expression {
            Expr::AttrSet(set) => return Bound::Set(self.attributes(set)),
            Expr::Paren(paren) => match paren.expr() {
                Some(inner) => return self.bound(&inner),
                None => Value::Other("an empty pair of parentheses"),
            },
            Expr::List(list) => Value::List(list.items().map(|item| self.node(&item)).collect()),
            Expr::Str(literal) => match self.string(literal) {
                Some(text) => Value::String(text),
                None => Value::Other("a string with an interpolation"),
            },
            Expr::Literal(literal) => self.literal(literal, span),
            Expr::UnaryOp(operation) => self.unary(operation, span),
            Expr::Ident(name) => match self.slice(name.syntax().text_range()) {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                _ => Value::Other("a variable"),
            },
            Expr::Select(select) => Value::Other(self.reference(select)),
            other => Value::Other(kind(other)),
        })
    }

    fn attributes(&mut self, set: &ast::AttrSet) -> Attributes<'s> {
        let mut attributes = Attributes::default();
        for binding in set.entries() {
            match binding {
                Binding::Inherit(inherit) => {
                    for attr in inherit.attrs() {
                        let span = self.span(attr.syntax());
                        let bound = Bound::Value(Value::Other("an inherited variable"));
                        let key = self.key(&attr).0;
                        attributes.bind(Vec::new(), key, bound, span, &mut self.findings);
                    }
                }
                Binding::AttrpathValue(binding) => self.binding(&mut attributes, &binding),
            }
        }
        attributes
    }

    fn binding(&mut self, attributes: &mut Attributes<'s>, binding: &ast::AttrpathValue) {
        let (Some(path), Some(value)) = (binding.attrpath(), binding.value()) else {
            return;
        };
        let mut keys = Vec::new();
        let mut computed = false;
        for attr in path.attrs() {
            let (key, literal) = self.key(&attr);
            keys.push(key);
            if !literal {
                computed = true;
                break;
            }
        }
        let Some(last) = keys.pop() else { return };
        let mut span = self.span(value.syntax());
        let bound = if computed {
            span = last.span;
            Bound::Value(Value::Other("an attribute with a computed name"))
        } else {
            self.bound(&value)
        };
        attributes.bind(keys, last, bound, span, &mut self.findings);
    }

    /// A name, and whether it is written out; a computed one is shown as its source text.
    fn key(&mut self, attr: &Attr) -> (Key<'s>, bool) {
        let span = self.span(attr.syntax());
        let source = self.slice(attr.syntax().text_range());
        let name = match attr {
            Attr::Ident(_) => Some(Cow::Borrowed(source)),
            Attr::Str(literal) => self.string(literal),
            Attr::Dynamic(dynamic) => match dynamic.expr() {
                Some(Expr::Str(literal)) => self.string(&literal),
                _ => None,
            },
        };
        let literal = name.is_some();
        (
            Key {
                name: name.unwrap_or(Cow::Borrowed(source)),
                span,
            },
            literal,
        )
    }

    fn string(&self, literal: &ast::Str) -> Option<Cow<'s, str>> {
        let source = self.slice(literal.syntax().text_range());
        if literal
            .parts()
            .any(|part| matches!(part, InterpolPart::Interpolation(_)))
        {
            return None;
        }
        if let Some(inside) = source
            .strip_prefix("''")
            .and_then(|rest| rest.strip_suffix("''"))
        {
            return Some(string::indented(inside));
        }
        source
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .map(string::plain)
    }

    fn literal(&mut self, literal: &ast::Literal, span: Span) -> Value<'s> {
        let source = self.slice(literal.syntax().text_range());
        let number = match literal.kind() {
            LiteralKind::Uri(_) => return Value::String(Cow::Borrowed(source)),
            LiteralKind::Integer(_) => source.parse().ok().map(Value::Integer),
            LiteralKind::Float(_) => source
                .parse()
                .ok()
                .filter(|float: &f64| float.is_finite())
                .map(Value::Float),
        };
        number.unwrap_or_else(|| too_large(span, &mut self.findings))
    }

    fn unary(&mut self, operation: &ast::UnaryOp, span: Span) -> Value<'s> {
        if let (Some(UnaryOpKind::Negate), Some(Expr::Literal(literal))) =
            (operation.operator(), operation.expr())
        {
            return match self.literal(&literal, span) {
                Value::Integer(value) => Value::Integer(-value),
                Value::Float(value) => Value::Float(-value),
                other => other,
            };
        }
        Value::Other("an operator expression")
    }

    fn reference(&self, select: &ast::Select) -> &'static str {
        let base = select
            .expr()
            .map(|base| self.slice(base.syntax().text_range()));
        match base {
            Some("config") => "a reference to `config`",
            Some("lib") => "a reference to `lib`",
            Some("pkgs") => "a reference to `pkgs`",
            _ => "a reference",
        }
    }

    fn slice(&self, range: TextRange) -> &'s str {
        let text: &'s str = self.text;
        text.get(usize::from(range.start())..usize::from(range.end()))
            .unwrap_or_default()
    }

    fn span(&self, node: &SyntaxNode) -> Span {
        self.place.of(node.text_range())
    }
}

/// What an expression is that is no literal.
fn kind(expression: &Expr) -> &'static str {
    match expression {
        Expr::Apply(_) => "a function call",
        Expr::Lambda(_) => "a function",
        Expr::LetIn(_) | Expr::LegacyLet(_) => "a `let` expression",
        Expr::With(_) => "a `with` expression",
        Expr::IfElse(_) => "an `if` expression",
        Expr::Assert(_) => "an `assert` expression",
        Expr::BinOp(_) | Expr::HasAttr(_) => "an operator expression",
        Expr::CurPos(_) => "a position",
        Expr::PathAbs(_) | Expr::PathRel(_) | Expr::PathHome(_) | Expr::PathSearch(_) => "a path",
        _ => "an expression",
    }
}
