//! What `dbgen plan`, `dbgen apply` and `dbgen verify` share: the connection and the passwords; and of the first two, running the program.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use dbgen::catalog::{Catalog, Instance, MAIN};
use dbgen::diagnostic::phrase;
use dbgen::emit::sql::{self, Secrets};
use dbgen::plan::json::Mode;
use dbgen::plan::{Plan, Scope, ScopeName};
use dbgen::server::ask::{self, Answer, AskError};
use dbgen::server::connection::{self, ConnectionString};
use dbgen::server::interrupt::Interrupts;
use dbgen::server::passwords::{self, LeftOut, Passwords};
use dbgen::server::psql::Psql;
use dbgen::server::removal::Removal;
use dbgen::server::rights::{self, Missing};
use dbgen::server::run::{self, RunError};

use super::InputArgs;
use super::progress::Progress;
use super::say::{self, say};

/// Help that the three commands end with.
pub const CONNECTION_HELP: &str = "\
Connection: psql is run, so that a connection string, PGHOST, PGUSER, PGSERVICE,
PGSSLMODE, ~/.pgpass and all else of libpq work as always. Where nothing says a
host, it is the declared socket directory with the declared port; where nothing
says a database, it is `postgres`. dbgen never asks for a password, and refuses one
in --connect, which every user of the host could read: use ~/.pgpass, PGPASSFILE or
a service file.";

#[derive(Debug, Args)]
pub struct ServerArgs {
    #[command(flatten)]
    pub input: InputArgs,

    /// Connect as this says: libpq's `host=... user=...` or `postgresql://...`
    #[arg(long, value_name = "CONNINFO")]
    connect: Option<String>,

    /// The psql program
    #[arg(long, value_name = "PATH", default_value = "psql")]
    psql: PathBuf,

    /// FILE on this host holds the password of ROLE; may be given for several roles. Files that the declarations
    /// name need it only when they lie elsewhere here. A role with an equals sign stands between double quotes
    #[arg(long, value_name = "ROLE=FILE", value_parser = password_file)]
    password_file: Vec<(String, PathBuf)>,

    /// Read no passwords: those of the roles stay as they are
    #[arg(long, conflicts_with = "password_file")]
    without_passwords: bool,
}

/// So many databases are named where it is told what is looked at.
const NAMED: usize = 5;

/// The arguments of the commands that compare and change.
#[derive(Debug, Args)]
pub struct ConvergeArgs {
    #[command(flatten)]
    pub server: ServerArgs,

    /// Also drop the databases and roles that the declarations name in `removed`: each database only after a dump of
    /// it was restored and compared, each role only when nothing needs it. Without it they stay
    #[arg(long)]
    remove: bool,
}

fn password_file(text: &str) -> Result<(String, PathBuf), &'static str> {
    passwords::key_and_file(text).ok_or("it is not of the form ROLE=FILE")
}

/// The declared server, how psql reaches it, and the passwords that are known here.
pub fn prepare<'c>(
    args: &ServerArgs,
    catalog: &'c Catalog,
) -> Result<(&'c Instance, Psql, Passwords)> {
    let Some(instance) = catalog.instances.get(MAIN) else {
        bail!("nothing is declared")
    };
    let connection: Option<ConnectionString> =
        args.connect.as_deref().map(str::parse).transpose()?;
    let credentials = match args.without_passwords {
        true => Vec::new(),
        false => sql::credentials(instance),
    };
    let files: BTreeMap<String, PathBuf> = args.password_file.iter().cloned().collect();
    let passwords = passwords::read(&credentials, &files)?;
    let environment = connection::defaults(
        connection.as_ref(),
        |name| std::env::var_os(name),
        Path::new::<str>(&instance.socket_directory),
        instance.port,
    );
    let psql = Psql {
        program: args.psql.clone(),
        connection,
        environment,
        alone: false,
        interrupts: Interrupts::listen()?,
    };
    Ok((instance, psql, passwords))
}

/// A server that can be reached, and the program for it.
pub struct Server<'c> {
    pub instance: &'c Instance,
    pub answer: Answer,
    /// Passwords that are left as they are though they are declared.
    left_out: Vec<String>,
    /// Roles whose password can't be compared, because what the server keeps may not be read.
    unread: Vec<String>,
    psql: Psql,
    script: String,
    remove: bool,
}

/// What psql and the server say beside the result.
fn tell(line: &str) {
    // The program's last word, for those who run it alone. The plan tells it by part, and apply in what it ends with.
    if line.starts_with("not everything is as declared: ") {
        return;
    }
    say!("{line}");
    if line.contains("canceling statement due to lock timeout") {
        say!(
            "note: another session has held a lock for longer than `lockTimeout`; it may be another run of dbgen"
        );
    }
}

impl<'c> Server<'c> {
    /// Reads the passwords, connects, and asks the server about itself.
    pub fn reach(args: &ConvergeArgs, catalog: &'c Catalog) -> Result<Server<'c>> {
        let (instance, psql, passwords) = prepare(&args.server, catalog)?;
        let mut left_out = passwords.left_out.iter();
        if let Some(impossible) = left_out.find(|it| matches!(it, LeftOut::Impossible { .. })) {
            bail!("{impossible}");
        }
        let roles: Vec<_> = passwords.secrets.keys().collect();
        let answer = match ask::ask(&psql, &roles, tell) {
            Err(AskError::NoConnection) => bail!("{}", no_connection(&psql)),
            answer => answer?,
        };
        let left_out = passwords.left_out.iter().map(ToString::to_string).collect();
        let mut unread = Vec::new();
        let script = match &answer.verifiers {
            Some(stored) => {
                let verifiers = passwords.verifiers(stored, answer.iterations)?;
                sql::script(instance, &Secrets::Verifiers(&verifiers))
            }
            None => {
                let roles = passwords.secrets.keys();
                unread.extend(roles.map(|role| format!("the password of `{}`", role.as_str())));
                sql::script(instance, &Secrets::None)
            }
        };
        Ok(Server {
            instance,
            answer,
            left_out,
            unread,
            psql,
            script,
            remove: args.remove,
        })
    }

    /// Says what is not done though it is declared.
    pub fn tell_left_out(&self) {
        if let Some(other) = ask::other_version(self.instance.version, self.answer.version) {
            tell(&format!("note: {other}"));
        }
        for left_out in &self.left_out {
            tell(&format!("note: {left_out}"));
        }
        for password in &self.unread {
            tell(&format!(
                "note: {password} is not compared: `{}` may not read pg_catalog.pg_authid",
                self.answer.user
            ));
        }
    }

    /// Runs the program, and does what is to be removed where that was asked for.
    pub fn run(&self, mode: Mode, mut reported: impl FnMut(&Scope)) -> Result<Plan> {
        let without_superuser = !self.answer.superuser;
        let how = (mode, without_superuser);
        let removed = &self.instance.removed;
        let removes = self.remove && !removed.is_empty();
        let mut plan = run::run(
            &self.psql,
            self.instance,
            &self.script,
            how,
            tell,
            |scope| match removes {
                true => {
                    let mut scope = scope.clone();
                    scope.forget_removals(removed);
                    reported(&scope);
                }
                false => reported(scope),
            },
        )?;
        self.tell_unreachable(&plan)?;
        if !removes {
            return Ok(plan);
        }
        for scope in &mut plan.scopes {
            scope.forget_removals(removed);
        }
        let removal = Removal {
            psql: &self.psql,
            removed,
            superuser: self.answer.superuser,
            lock_timeout: &self.instance.timeouts.lock,
        };
        if mode == Mode::Plan {
            plan.add(removal.plan().map_err(RunError::from)?);
        } else if plan.is_converged() {
            plan.add(removal.run(reported).map_err(RunError::from)?);
        } else {
            tell("note: nothing is removed while anything else is not as declared");
        }
        Ok(plan)
    }

    /// Runs it without changing anything, and tells a terminal how far that is.
    pub fn plan(&self) -> Result<Plan> {
        let mut progress = Progress::new(self.parts());
        let plan = self.run(Mode::Plan, |_| progress.step());
        say::clear_progress();
        plan
    }

    /// In how many parts the server is looked at.
    pub fn parts(&self) -> usize {
        run::expected(self.instance).count()
    }

    /// Tells a terminal where it is looked, and at what. A result that goes elsewhere has it from who asked for it.
    pub fn tell_what_is_looked_at(&self) {
        if !io::stderr().is_terminal() {
            return;
        }
        let names: Vec<String> = self
            .instance
            .databases
            .keys()
            .map(|name| phrase::backticked(name.as_str()))
            .collect();
        let databases = match names.len() {
            0 => "no database".to_owned(),
            1..=NAMED => phrase::and_list(&names),
            all => format!(
                "{} and {} more databases",
                names[..NAMED].join(", "),
                all - NAMED
            ),
        };
        tell(&format!("looking at {databases} {}", self.place()));
    }

    /// Says why databases could not be looked at, as far as the server can tell; other reasons it has told itself.
    fn tell_unreachable(&self, plan: &Plan) -> Result<()> {
        let names = plan.unreported.iter().filter_map(|name| match name {
            ScopeName::Contents(database) => Some(database.as_str()),
            _ => None,
        });
        let names: Vec<&str> = names.collect();
        if names.is_empty() {
            return Ok(());
        }
        for (name, why) in ask::unreachable(&self.psql, &names)? {
            tell(&format!(
                "the database {} could not be looked at: {why}",
                phrase::backticked(&name)
            ));
        }
        Ok(())
    }

    /// Where the server is, as libpq has found it, and who is connected.
    pub fn place(&self) -> String {
        let answer = &self.answer;
        let user = phrase::backticked(&answer.user);
        match (&answer.host, &answer.port) {
            (Some(host), Some(port)) => format!(
                "on the server at {}, port {port}, as {user}",
                phrase::backticked(host)
            ),
            _ => format!("on the server, as {user}"),
        }
    }

    /// What a role that is no superuser lacks for this plan.
    pub fn missing_rights(&self, plan: &Plan) -> Result<Missing> {
        let mut missing = rights::missing(&self.psql, self.instance, plan, &self.answer)?;
        if !self.unread.is_empty() {
            let reading = "reading pg_catalog.pg_authid, to compare passwords (or leave them as they are: --without-passwords)";
            missing.insert(reading.into(), self.unread.clone());
        }
        Ok(missing)
    }

    /// Whether the server takes everything from another one; says so.
    pub fn is_standby(&self) -> bool {
        if self.answer.recovery {
            tell(
                "the server is a standby in recovery, which takes everything from its primary: nothing to do here",
            );
        }
        self.answer.recovery
    }
}

fn no_connection(psql: &Psql) -> String {
    let host = psql.environment.iter().find(|(name, _)| *name == "PGHOST");
    match host {
        None => "no connection to the server".into(),
        Some((_, directory)) => format!(
            "no connection to the server; as nothing says a host, the declared socket directory `{}` was tried: see --connect",
            directory.display()
        ),
    }
}
