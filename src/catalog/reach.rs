//! Whom a pg_hba.conf lets in: for each declared login, over the socket, 127.0.0.1 and ::1, the rule that decides.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Serialize;

use super::{Catalog, Instance};
use crate::postgres::hba::{
    Client, DatabaseToken, Decision, IdentDecision, IdentMap, Login, Method, Outcome, Rule, Search,
    UserToken, simulate,
};

/// A database and a role that logs in to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeclaredLogin<'c> {
    /// The database.
    pub database: &'c str,
    /// The role.
    pub user: &'c str,
    /// The Unix user that is declared to log in as the role.
    pub unix_user: Option<&'c str>,
}

/// How a client on the server's own host reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Route {
    /// The Unix-domain socket.
    #[serde(rename = "socket")]
    Socket,
    /// TCP over IPv4.
    #[serde(rename = "127.0.0.1")]
    Ipv4,
    /// TCP over IPv6, which libpq tries first for `localhost`.
    #[serde(rename = "::1")]
    Ipv6,
}

impl Route {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Route; 3] = [Route::Socket, Route::Ipv4, Route::Ipv6];

    fn client(self, tls: bool) -> Client {
        let tcp = |ip: IpAddr| Client::Tcp {
            ip,
            tls,
            gss: false,
        };
        match self {
            Route::Socket => Client::Local,
            Route::Ipv4 => tcp(Ipv4Addr::LOCALHOST.into()),
            Route::Ipv6 => tcp(Ipv6Addr::LOCALHOST.into()),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Route::Socket => "socket",
            Route::Ipv4 => "127.0.0.1",
            Route::Ipv6 => "::1",
        })
    }
}

/// What comes of a login, in the order from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Let in without proof, or because of who the Unix user is.
    Admitted,
    /// Let in with the right password, certificate or the like.
    ProofNeeded,
    /// It depends on something that only the host knows.
    Undecided,
    /// The rule that decides does not let this login in.
    Refused,
    /// No rule matches: `FATAL: no pg_hba.conf entry`.
    NoRule,
}

/// What a set of rules makes of one login over one route.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The route.
    pub route: Route,
    /// What comes of it.
    pub verdict: Verdict,
    /// The index of the rule that decides.
    pub rule: Option<usize>,
    /// The method of that rule.
    pub method: Option<Method>,
    /// The index of a rule before it that may match too.
    pub undecided: Option<usize>,
    /// The index of the line of pg_ident.conf that lets the Unix user in.
    pub map: Option<usize>,
}

impl Catalog {
    /// Every declared login of a server: the pairs of names that its rules name, once.
    pub fn logins(instance: &Instance) -> Vec<DeclaredLogin<'_>> {
        let mut logins = BTreeSet::new();
        for rule in &instance.rules {
            for database in rule.databases.iter() {
                let DatabaseToken::Name(database) = database else {
                    continue;
                };
                let known = instance
                    .databases
                    .get_key_value(database.as_str())
                    .map(|(name, _)| name);
                for user in rule.users.iter() {
                    let (UserToken::Name(user), Some(database)) = (user, known) else {
                        continue;
                    };
                    let unix_user = instance.unix_user(user);
                    logins.insert(DeclaredLogin {
                        database: database.as_str(),
                        user,
                        unix_user,
                    });
                }
            }
        }
        logins.into_iter().collect()
    }
}

impl Instance {
    /// The Unix user that is declared to log in as a role.
    pub fn unix_user(&self, role: &str) -> Option<&str> {
        self.roles
            .get(role)
            .and_then(|role| role.unix_user.as_deref())
    }

    /// Whether a role is a direct or indirect member of another.
    fn is_member(&self, role: &str, of: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![role];
        while let Some(name) = open.pop() {
            for group in self
                .roles
                .get(name)
                .into_iter()
                .flat_map(|role| role.memberships.keys())
            {
                if group.as_str() == of {
                    return true;
                }
                if seen.insert(group.as_str()) {
                    open.push(group.as_str());
                }
            }
        }
        false
    }

    /// What a set of rules makes of a login over a route. The client is taken to be the declared Unix user, or one
    /// that is named like the role.
    pub fn answer(
        &self,
        rules: &[Rule],
        maps: &[IdentMap],
        login: &DeclaredLogin,
        route: Route,
    ) -> Answer {
        let member_of = |group: &str| self.is_member(login.user, group);
        login.answer((rules, maps), route, false, &member_of)
    }

    /// The same for many logins.
    pub fn judge<'i>(&'i self, rules: &'i [Rule], maps: &'i [IdentMap]) -> Judge<'i> {
        Judge {
            instance: self,
            routes: Route::ALL.map(|route| (route, Search::new(rules, maps, route.client(false)))),
        }
    }
}

/// A set of rules that is asked about many logins.
pub struct Judge<'i> {
    instance: &'i Instance,
    routes: [(Route, Search<'i>); 3],
}

impl Judge<'_> {
    /// As [`Instance::answer`], over every route.
    pub fn answers(&self, login: &DeclaredLogin) -> [Answer; 3] {
        let member_of = |group: &str| self.instance.is_member(login.user, group);
        self.routes.each_ref().map(|(route, search)| {
            let outcome = search.simulate(&login.over(*route, false, &member_of));
            answer(*route, &outcome)
        })
    }
}

impl DeclaredLogin<'_> {
    /// The Unix user that logs in over the socket: the declared one, or one that is named like the role.
    pub fn system_user(&self) -> &str {
        self.unix_user.unwrap_or(self.user)
    }

    /// What rules and maps make of the login over a route, encrypted or not, where memberships are known.
    pub fn answer(
        &self,
        (rules, maps): (&[Rule], &[IdentMap]),
        route: Route,
        tls: bool,
        member_of: &dyn Fn(&str) -> bool,
    ) -> Answer {
        let simulated = simulate(rules, maps, &self.over(route, tls, member_of));
        answer(route, &simulated)
    }

    fn over<'l>(
        &'l self,
        route: Route,
        tls: bool,
        member_of: &'l dyn Fn(&str) -> bool,
    ) -> Login<'l> {
        Login {
            client: route.client(tls),
            database: self.database,
            user: self.user,
            member_of,
            system_user: Some(self.system_user()),
            replication: false,
        }
    }
}

fn answer(route: Route, outcome: &Outcome) -> Answer {
    let undecided = outcome.undecided.first().map(|undecided| undecided.rule);
    let mut map = None;
    let (rule, method, verdict) = match &outcome.decision {
        Decision::NoMatch => (None, None, Verdict::NoRule),
        Decision::Matched {
            rule,
            method,
            ident,
        } => {
            if let Some(IdentDecision::Map(index)) = ident {
                map = Some(*index);
            }
            let verdict = match (method, ident) {
                (Method::Trust, _) => Verdict::Admitted,
                (Method::Reject, _) => Verdict::Refused,
                (Method::Peer, Some(IdentDecision::Refused)) => Verdict::Refused,
                (Method::Peer, Some(IdentDecision::Unknown(_)) | None) => Verdict::Undecided,
                (Method::Peer, Some(_)) => Verdict::Admitted,
                _ => Verdict::ProofNeeded,
            };
            (Some(*rule), Some(*method), verdict)
        }
    };
    let verdict = if undecided.is_some() {
        Verdict::Undecided
    } else {
        verdict
    };
    Answer {
        route,
        verdict,
        rule,
        method,
        undecided,
        map,
    }
}
