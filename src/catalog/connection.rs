//! Files that tell a service how to connect.

use super::lower::{Impossible, Result};
use crate::declaration::{self, Text, Variable};
use crate::source::Spanned;

/// Files that tell a service how to connect.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// A file of variables.
    pub environment: Option<Environment>,
    /// A password file of libpq.
    pub pgpass: bool,
    /// A connection service file of libpq.
    pub service_file: bool,
    /// Whether they lead to the socket, when that is said.
    pub socket: Option<bool>,
    /// The Unix user that they belong to; nothing: the one that the service runs as.
    pub owner: Option<Box<str>>,
    /// Their group; nothing: the owner's.
    pub group: Option<Box<str>>,
    /// Their permissions, four octal digits.
    pub mode: Box<str>,
}

/// What stands in a file of variables.
#[derive(Clone, Debug, PartialEq)]
pub enum Environment {
    /// Values with their names.
    Variables(Vec<(Variable, Box<str>)>),
    /// The whole text.
    Template(Vec<Part>),
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text that stays as it is.
    Text(Box<str>),
    /// A value.
    Value(Variable, Form),
}

/// How a value is written in a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Plain,
    /// As a part of a URL.
    Url,
    /// As a value in a file of variables.
    Quoted,
}

/// What a database says of its connection, and what its service says for all of them.
#[derive(Clone, Copy, Debug)]
pub struct Said<'d> {
    /// The database.
    pub database: Option<&'d declaration::Connection>,
    /// The service; several files may say something.
    pub service: &'d [&'d declaration::Connection],
}

impl<'d> Said<'d> {
    /// The first that says something.
    pub fn first<T>(&self, field: impl Fn(&'d declaration::Connection) -> Option<T>) -> Option<T> {
        let all = self
            .database
            .into_iter()
            .chain(self.service.iter().copied());
        all.into_iter().find_map(field)
    }

    /// Whether any file is wanted.
    pub fn any_file(&self) -> bool {
        let is = |said: Option<&Spanned<bool>>| said.is_some_and(|said| said.value);
        is(self.first(|it| it.environment.as_ref().map(|it| &it.wanted)))
            || is(self.first(|it| it.pgpass.as_ref()))
            || is(self.first(|it| it.service_file.as_ref()))
    }
}

pub(super) fn connection(said: Said) -> Result<Option<Box<Connection>>> {
    if !said.any_file() {
        return Ok(None);
    }
    let is = |said: Option<Spanned<bool>>| said.is_some_and(|said| said.value);
    let text = |said: Option<&Text>| said.map(|said| said.value.clone());
    let environment = said
        .first(|it| it.environment.as_ref())
        .filter(|environment| environment.wanted.value);
    let mode = said.first(|it| it.mode.as_ref());
    Ok(Some(Box::new(Connection {
        environment: environment.map(self::environment).transpose()?,
        pgpass: is(said.first(|it| it.pgpass)),
        service_file: is(said.first(|it| it.service_file)),
        socket: said.first(|it| it.socket).map(|socket| socket.value),
        owner: text(said.first(|it| it.owner.as_ref())),
        group: text(said.first(|it| it.group.as_ref())),
        mode: mode.map_or("0400".into(), |mode| format!("{:0>4}", mode.value).into()),
    })))
}

fn environment(said: &declaration::Environment) -> Result<Environment> {
    if let Some(template) = &said.template {
        let parts = parts(&template.value).map_err(|unknown| {
            Impossible(format!("`{unknown}` stands for nothing in a template"))
        })?;
        return Ok(Environment::Template(parts));
    }
    Ok(Environment::Variables(variables(said)))
}

/// The names of the variables that are written.
pub fn variables(said: &declaration::Environment) -> Vec<(Variable, Box<str>)> {
    let prefix = said.prefix.as_ref().map_or("", |prefix| &prefix.value);
    let named = Variable::ALL.into_iter().filter_map(|variable| {
        let mut names = said.names.iter();
        let name = match names.find(|(named, _)| *named == variable) {
            Some((_, name)) => name.value.clone(),
            None if variable.is_default() => format!("{prefix}{}", variable.name()).into(),
            None => return None,
        };
        (!name.is_empty()).then_some((variable, name))
    });
    named.collect()
}

/// The parts of a template; an error is what looks like a value and is none.
pub fn parts(template: &str) -> std::result::Result<Vec<Part>, &str> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('@') {
        text.push_str(before);
        let word = after.split_once('@').map(|(word, _)| word);
        let Some(word) = word.filter(|word| looks_like_a_value(word)) else {
            text.push('@');
            rest = after;
            continue;
        };
        parts.push(Part::Text(std::mem::take(&mut text).into()));
        parts.push(value(word).ok_or(word)?);
        rest = &after[word.len() + 1..];
    }
    text.push_str(rest);
    parts.push(Part::Text(text.into()));
    Ok(parts)
}

fn looks_like_a_value(word: &str) -> bool {
    let name = word.split_once(':').map_or(word, |(name, _)| name);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    let upper = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    !name.is_empty() && name.bytes().all(upper) && word.bytes().all(is_plain)
}

fn value(word: &str) -> Option<Part> {
    let (name, form) = match word.split_once(':') {
        None => (word, Form::Plain),
        Some((name, "url")) => (name, Form::Url),
        Some((name, "quoted")) => (name, Form::Quoted),
        Some(_) => return None,
    };
    let mut all = Variable::ALL.into_iter();
    let variable = all.find(|variable| variable.name() == name)?;
    // A URL in a URL would have its password encoded twice.
    (form != Form::Url || !variable.is_url()).then_some(Part::Value(variable, form))
}

#[cfg(test)]
mod tests {
    use super::{Form, Part, parts};
    use crate::declaration::Variable;

    #[test]
    fn a_template_has_values_between_at_signs() {
        let text = |text: &str| Part::Text(text.into());
        let user = Part::Value(Variable::DbUser, Form::Url);
        let host = Part::Value(Variable::DbHost, Form::Plain);
        assert_eq!(
            parts("pg://@DB_USER:url@@@DB_HOST@/a@b@c"),
            Ok(vec![text("pg://"), user, text("@"), host, text("/a@b@c")])
        );
        assert_eq!(parts("@@"), Ok(vec![text("@@")]));
    }

    #[test]
    fn what_looks_like_a_value_must_be_one() {
        for word in ["DB_PASS", "DB_USER:uri", "DATABASE_URL:url", "DB_USER:"] {
            assert_eq!(parts(&format!("a@{word}@b")), Err(word));
        }
    }
}
