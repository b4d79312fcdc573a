//! Files that tell a service how to connect, as declared.

use super::fields::{Fields, text};
use super::{Connection, Environment, Text};
use crate::source::{Node, Spanned, Value};

/// What a connection has to tell, by the names of an environment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// The URL of libpq and most drivers, with the password.
    DatabaseUrl,
    /// A host name, or the directory of the socket.
    DbHost,
    /// The port.
    DbPort,
    /// The database.
    DbName,
    /// The role.
    DbUser,
    /// The password.
    DbPassword,
    /// The URL of JDBC, without user and password.
    JdbcUrl,
}

impl Variable {
    /// All of them.
    pub const ALL: [Variable; 7] = [
        Variable::DatabaseUrl,
        Variable::DbHost,
        Variable::DbPort,
        Variable::DbName,
        Variable::DbUser,
        Variable::DbPassword,
        Variable::JdbcUrl,
    ];

    /// The name that it has unless another one is declared.
    pub fn name(self) -> &'static str {
        match self {
            Variable::DatabaseUrl => "DATABASE_URL",
            Variable::DbHost => "DB_HOST",
            Variable::DbPort => "DB_PORT",
            Variable::DbName => "DB_NAME",
            Variable::DbUser => "DB_USER",
            Variable::DbPassword => "DB_PASSWORD",
            Variable::JdbcUrl => "JDBC_URL",
        }
    }

    /// Whether it is written when nothing is said of it.
    pub fn is_default(self) -> bool {
        self != Variable::JdbcUrl
    }

    /// Whether it is a URL as a whole.
    pub fn is_url(self) -> bool {
        matches!(self, Variable::DatabaseUrl | Variable::JdbcUrl)
    }
}

pub fn connection(fields: Fields) -> Option<Box<Connection>> {
    let fields = Fields::of(fields.node("connection")?)?;
    Some(Box::new(Connection {
        span: fields.span,
        environment: fields.node("environment").and_then(environment),
        pgpass: fields.bool("pgpass"),
        service_file: fields.bool("serviceFile"),
        socket: fields.bool("socket"),
        owner: fields.text("owner"),
        group: fields.text("group"),
        mode: fields.text("mode"),
    }))
}

fn environment(node: &Node) -> Option<Environment> {
    if let Value::Bool(wanted) = &node.value {
        return Some(Environment {
            wanted: Spanned::new(*wanted, node.span),
            prefix: None,
            names: Vec::new(),
            template: None,
        });
    }
    let fields = Fields::of(node)?;
    let known = |name: &Text| {
        let mut all = Variable::ALL.into_iter();
        all.find(|variable| variable.name() == &*name.value)
    };
    Some(Environment {
        wanted: Spanned::new(true, node.span),
        prefix: fields.text("prefix"),
        names: fields.map("names", |name, node| Some((known(&name)?, text(node)?))),
        template: fields.text("template"),
    })
}
