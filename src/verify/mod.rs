//! Whether a running server lets every declared login in, and is what is declared: asked, tried, and explained. Nothing is changed there.

pub mod ask;
mod attempt;
mod database;
mod explain;
mod failure;
pub mod human;
pub mod json;
mod judge;
pub mod metrics;
mod problem;
mod role;
mod rules;
pub mod run;
mod secrets;
mod server;

pub use attempt::AttemptError;
pub use failure::Failure;
pub use problem::Problem;
pub use secrets::Secrets;

use serde::Serialize;

use crate::catalog::reach::Route;

/// What was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The server itself.
    pub server: Server,
    /// The declared roles that log in.
    pub roles: Vec<Checked>,
    /// The declared databases.
    pub databases: Vec<Checked>,
    /// The declared logins.
    pub logins: Vec<Login>,
}

/// The server, and how it was asked.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Server {
    /// Whether it could be asked.
    pub asked: bool,
    /// The role that asked.
    pub user: Option<String>,
    /// `server_version`.
    pub release: Option<String>,
    /// The directory of the socket over which the logins are tried.
    pub socket_directory: String,
    /// The port.
    pub port: u16,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What could not be looked at, and the like.
    pub notes: Vec<String>,
}

/// A database or a role.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// Whether it was compared with what is declared.
    pub checked: bool,
    /// What is not as declared.
    pub problems: Vec<Problem>,
}

/// A login.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// The database.
    pub database: String,
    /// The role.
    pub user: String,
    /// The Unix user that is declared to log in as the role.
    pub unix_user: Option<String>,
    /// What comes of it over each route.
    pub routes: Vec<Tried>,
}

/// A login over one route.
#[derive(Debug, Serialize)]
pub struct Tried {
    /// The route.
    pub route: Route,
    /// What came of it.
    pub status: Status,
    /// The method of the rule that decides.
    pub method: Option<&'static str>,
    /// The rule that decides, with its place.
    pub rule: Option<String>,
    /// Why it was not tried, and what is known all the same.
    pub note: Option<String>,
    /// Why it is refused.
    pub problem: Option<Problem>,
}

/// What came of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The server let it in.
    Ok,
    /// It is refused, and is declared to get in.
    Refused,
    /// It could not be tried from here, and nothing that is known would refuse it.
    NotTried,
    /// It is not declared to get in over this route.
    NotDeclared,
}

impl Report {
    /// Everything that is wrong, in the order in which it is shown.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        let objects = self.roles.iter().chain(&self.databases);
        let objects = objects.flat_map(|object| &object.problems);
        let tried = self.logins.iter().flat_map(|login| &login.routes);
        let server = self.server.problems.iter();
        let tried = tried.filter_map(|tried| tried.problem.as_ref());
        server.chain(objects).chain(tried)
    }

    /// How many logins over a route ended so.
    pub fn count(&self, status: Status) -> usize {
        let tried = self.logins.iter().flat_map(|login| &login.routes);
        tried.filter(|tried| tried.status == status).count()
    }
}
