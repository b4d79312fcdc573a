//! The templates that lay the module out: the user's before the built-in ones, and every value printed as a literal.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use super::frame::misplaced_tag;
use super::literal::{Literal, Text};
use super::value::{AttributePath, Node, NotALiteral, Placed, to_literal, to_value};
use super::write::write_path;

/// The templates in the program, by name.
const EMBEDDED: Embedded = &[(
    "module.nix.j2",
    include_str!("../../../templates/module.nix.j2"),
)];

type Embedded = &'static [(&'static str, &'static str)];

/// Steps of a rendering, enough for some hundred thousand databases.
const FUEL: u64 = 500_000_000;

/// Bytes of a template file.
const MAX_SIZE: u64 = 1 << 20;

/// The deepest indentation a template may ask for, in columns.
const MAX_INDENT: usize = 200;

/// The escape of templates named `*.nix.j2`; other names can't print values.
const NIX: &str = "nix";

/// Templates by name.
#[derive(Debug)]
pub struct TemplateSet {
    environment: Environment<'static>,
    room: usize,
}

/// What is wrong with a template, or with what it prints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What is wrong, and nothing about where.
    pub message: String,
    /// The template's name, such as `module.nix.j2`.
    pub template: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The bytes of the template that the error is about.
    pub range: Option<Range<usize>>,
}

impl TemplateSet {
    /// The built-in templates, each replaced by the file of the same name in `user_dir` where there is one.
    pub fn new(user_dir: Option<&Path>) -> Self {
        Self::over(EMBEDDED, user_dir)
    }

    fn over(embedded: Embedded, user_dir: Option<&Path>) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_debug(false);
        environment.set_syntax(
            SyntaxConfig::builder()
                .keep_trailing_newline(true)
                .trim_blocks(true)
                .lstrip_blocks(true)
                .build()
                .unwrap_or_default(),
        );
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(|name| match name.ends_with(".nix.j2") {
            true => AutoEscape::Custom(Cow::Borrowed(NIX)),
            false => AutoEscape::None,
        });
        environment.set_formatter(format);
        environment.add_filter("at", at);
        environment.add_filter("binding", binding);
        environment.add_filter("path", path);
        let user_dir = user_dir.map(Path::to_path_buf);
        environment.set_loader(move |name| load(embedded, user_dir.as_deref(), name));
        Self {
            environment,
            room: 0,
        }
    }

    /// Asks at once for room for a text of so many bytes: while a text grows, it is copied again and again. Room that is
    /// not used costs nothing.
    pub fn with_room(self, room: usize) -> Self {
        Self { room, ..self }
    }

    /// The text of the template `name` over these values.
    ///
    /// # Errors
    /// When the template can't be found, read or parsed, when it prints a value that is no literal, prints one that
    /// needs an indentation without the filter `at`, or does not come to an end.
    pub fn render(
        &self,
        name: &str,
        context: &BTreeMap<&str, Literal>,
    ) -> Result<String, TemplateError> {
        let values =
            Value::from_pairs(context.iter().map(|(&name, value)| (name, to_value(value))));
        let template = self.environment.get_template(name)?;
        let mut text = Vec::with_capacity(self.room);
        template.render_captured_to(values, &mut text)?;
        String::from_utf8(text).map_err(|_| refused("the text is not UTF-8").into())
    }
}

impl From<Error> for TemplateError {
    fn from(error: Error) -> Self {
        // An error in an included template is the one to show; its includer only says that including failed.
        let mut inner = &error;
        while let Some(source) = std::error::Error::source(inner).and_then(|it| it.downcast_ref()) {
            inner = source;
        }
        Self {
            message: match inner.detail() {
                Some(detail) => detail.to_owned(),
                None => inner.kind().to_string(),
            },
            template: inner.name().map(str::to_owned),
            line: inner.line(),
            range: inner.range(),
        }
    }
}

/// Gathers the many small pieces of a literal, because each one that goes out alone passes through several layers.
struct Gathered<'o, 'w> {
    out: &'o mut Output<'w>,
    pieces: String,
}

/// Bytes that are gathered.
const GATHERED: usize = 4096;

impl Gathered<'_, '_> {
    fn flush(&mut self) -> fmt::Result {
        self.out.write_str(&self.pieces)?;
        self.pieces.clear();
        Ok(())
    }
}

impl fmt::Write for Gathered<'_, '_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if self.pieces.len() + piece.len() > GATHERED {
            self.flush()?;
        }
        self.pieces.push_str(piece);
        Ok(())
    }
}

fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match state.auto_escape() {
        AutoEscape::Custom(escape) if escape == NIX => {}
        _ => {
            return Err(refused(
                "values are printed in templates named `*.nix.j2`, outside `autoescape` blocks",
            ));
        }
    }
    let written = if let Some(text) = value.as_str() {
        // By far the most frequent kind: written without a copy.
        if text.contains('\0') {
            return Err(refused(NotALiteral::Nul.to_string()));
        }
        super::text::write_string(out, text)
    } else if let Some(placed) = value.downcast_object_ref::<Placed>() {
        let pieces = String::with_capacity(GATHERED);
        let mut gathered = Gathered { out, pieces };
        let written = match &placed.name {
            Some(name) => (placed.literal).write_binding(&mut gathered, name, placed.indent),
            None => placed.literal.write(&mut gathered, placed.indent),
        };
        written.and_then(|()| gathered.flush())
    } else if let Some(path) = value.downcast_object_ref::<AttributePath>() {
        write_path(out, &path.0)
    } else {
        let converted;
        let literal = match value.downcast_object_ref::<Node>() {
            Some(node) => &node.0,
            None => {
                converted = to_literal(value).map_err(|why| refused(why.to_string()))?;
                &converted
            }
        };
        if literal.spans_lines() {
            return Err(refused(
                "the value takes several lines: say its indentation with the filter `at`, as in `{{ value | at(4) }}`",
            ));
        }
        literal.write(out, 0)
    };
    written.map_err(|_| Error::new(ErrorKind::WriteFailure, "the output can't be written"))
}

/// `{{ value | at(4) }}`: the value, on a line that is indented by 4 columns.
fn at(value: &Value, indent: usize) -> Result<Value, Error> {
    place(value, indent, None)
}

/// `{{ value | binding("name", 4) }}`: `name = value;` on a line that is indented by 4 columns.
fn binding(value: &Value, name: &str, indent: usize) -> Result<Value, Error> {
    let name = Text::try_from(name).map_err(|error| refused(error.to_string()))?;
    place(value, indent, Some(name))
}

/// `{{ names | path }}`: the strings of a list as an attribute path, `a."b c"`.
fn path(value: &Value) -> Result<Value, Error> {
    let Ok(Literal::List(items)) = to_literal(value) else {
        return Err(refused("the filter `path` takes a list of strings"));
    };
    let names = items.iter().map(|item| match item {
        Literal::Str(name) => Ok(name.clone()),
        _ => Err(refused("the filter `path` takes a list of strings")),
    });
    let names = names.collect::<Result<Vec<_>, _>>()?;
    if names.is_empty() {
        return Err(refused("an attribute path has at least one name"));
    }
    Ok(Value::from_object(AttributePath(names)))
}

fn place(value: &Value, indent: usize, name: Option<Text>) -> Result<Value, Error> {
    if indent > MAX_INDENT {
        return Err(refused(format!(
            "an indentation of more than {MAX_INDENT} columns"
        )));
    }
    let literal = to_literal(value).map_err(|why| refused(why.to_string()))?;
    Ok(Value::from_object(Placed {
        literal,
        indent,
        name,
    }))
}

fn refused(why: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}

fn load(embedded: Embedded, user_dir: Option<&Path>, name: &str) -> Result<Option<String>, Error> {
    let from_user = match user_dir {
        Some(dir) => read_within(dir, name)?,
        None => None,
    };
    let built_in = || {
        embedded
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, text)| (*text).to_owned())
    };
    let Some(source) = from_user.or_else(built_in) else {
        return Ok(None);
    };
    if let Some(offset) = misplaced_tag(&source) {
        let line = 1 + source[..offset].matches('\n').count();
        return Err(Error::new(
            ErrorKind::SyntaxError,
            format!(
                "template `{name}`, line {line}: a tag within a Nix string or comment; print the whole string as a value instead"
            ),
        ));
    }
    Ok(Some(source))
}

/// The template file `name` in `dir`; never a file outside it, not through a symbolic link either.
fn read_within(dir: &Path, name: &str) -> Result<Option<String>, Error> {
    let relative = PathBuf::from(name);
    let inside = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !inside {
        return Err(refused(format!("`{name}` is no name of a template")));
    }
    let unreadable =
        |error: std::io::Error| refused(format!("template `{name}` can't be read: {error}"));
    let dir = dir.canonicalize().map_err(|error| {
        refused(format!(
            "the template directory `{}` can't be read: {error}",
            dir.display()
        ))
    })?;
    let path = match dir.join(relative).canonicalize() {
        Ok(path) => path,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if !path.starts_with(&dir) {
        return Err(refused(format!(
            "template `{name}` is a link out of the template directory"
        )));
    }
    if fs::metadata(&path).map_err(unreadable)?.len() > MAX_SIZE {
        return Err(refused(format!(
            "template `{name}` is larger than {MAX_SIZE} bytes"
        )));
    }
    fs::read_to_string(&path).map(Some).map_err(unreadable)
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
