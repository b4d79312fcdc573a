//! What the rules look at: the declarations, and a few facts about them that several rules need.

use std::collections::{HashMap, HashSet};

use crate::catalog::connection::Said;
use crate::declaration::{
    Connection, Database, Declarations, Password, Role, Service, Setting, Text,
};
use crate::diagnostic::Diagnostic;
use crate::postgres::version::Version;
use crate::source::{Format, Sources, Span};

use super::example;

/// The declarations of one run, with what follows from them.
pub struct Scope<'d> {
    /// The declarations.
    pub declarations: &'d Declarations,
    sources: &'d Sources,
    disabled: HashSet<&'d str>,
    unix_users: HashMap<&'d str, &'d Text>,
    roles: HashMap<&'d str, RoleOrigin>,
    connections: HashMap<&'d str, Vec<&'d Connection>>,
}

/// Where a role is declared first, and whether an enabled service declares it.
#[derive(Clone, Copy, Debug)]
pub struct RoleOrigin {
    /// The name, where it stands first.
    pub span: Span,
    /// Whether it will exist.
    pub enabled: bool,
}

impl<'d> Scope<'d> {
    /// Looks over the declarations once.
    pub fn new(declarations: &'d Declarations, sources: &'d Sources) -> Scope<'d> {
        // Mostly few, if any, so that asking for one costs next to nothing.
        let services = declarations.services.iter();
        let disabled = services
            .filter(|service| service.enable.is_some_and(|enable| !enable.value))
            .map(|service| &*service.name.value)
            .collect();
        // A service may stand in several files: what one of them says holds for the databases of all.
        let unix_users = declarations
            .services
            .iter()
            .filter_map(|service| Some((&*service.name.value, service.unix_user.as_ref()?)))
            .collect();
        let mut scope = Scope {
            declarations,
            sources,
            disabled,
            unix_users,
            roles: HashMap::with_capacity(declarations.databases().count()),
            connections: HashMap::new(),
        };
        for service in &declarations.services {
            if let Some(connection) = service.connection.as_deref() {
                let said = scope.connections.entry(&service.name.value);
                said.or_default().push(connection);
            }
        }
        for service in &declarations.services {
            let enabled = scope.is_enabled(service);
            let users = service.databases.iter().map(|database| &database.user);
            for name in service.roles.iter().map(|role| &role.name).chain(users) {
                let origin = scope.roles.entry(&name.value).or_insert(RoleOrigin {
                    span: name.span,
                    enabled,
                });
                origin.enabled |= enabled;
            }
        }
        scope
    }

    /// Whether the service is in use: no file says `enable = false`.
    pub fn is_enabled(&self, service: &Service) -> bool {
        !self.disabled.contains(&*service.name.value)
    }

    /// The Unix user that a service runs as, whichever of its files says so.
    pub fn unix_user(&self, service: &Service) -> Option<&'d Text> {
        self.unix_users.get(&*service.name.value).copied()
    }

    /// What is said of the connection of a database.
    pub fn connection<'s>(&'s self, service: &Service, database: &'d Database) -> Said<'s> {
        let of_service = self.connections.get(&*service.name.value);
        Said {
            database: database.connection.as_deref(),
            service: of_service.map_or(&[], Vec::as_slice),
        }
    }

    /// Every table that says something of connections.
    pub fn connections(&self) -> impl Iterator<Item = &'d Connection> {
        let services = self.declarations.services.iter();
        let of_services = services.filter_map(|service| service.connection.as_deref());
        let databases = self.declarations.databases();
        of_services.chain(databases.filter_map(|(_, database)| database.connection.as_deref()))
    }

    /// The places of names that stand for some that are not declared.
    pub fn invented(&self) -> impl Iterator<Item = Span> {
        let databases = self.declarations.databases();
        let names = databases.flat_map(|(_, database)| [database.name.span, database.user.span]);
        names.filter(|span| span.start == span.end)
    }

    /// The declared major version of the server, when it is one that dbgen knows.
    pub fn version(&self) -> Option<Version> {
        self.declarations
            .instances
            .iter()
            .find_map(|instance| Version::new(instance.version?.value))
    }

    /// Where a role is declared, as a database's `user` or among `roles`.
    pub fn role(&self, name: &str) -> Option<RoleOrigin> {
        self.roles.get(name).copied()
    }

    /// The names of all declared roles, sorted.
    pub fn role_names(&self) -> Vec<&'d str> {
        let mut names: Vec<&str> = self.roles.keys().copied().collect();
        names.sort_unstable();
        names
    }

    /// The files.
    pub fn sources(&self) -> &'d Sources {
        self.sources
    }

    /// The format of the file that a place lies in.
    pub fn format(&self, span: Span) -> Format {
        self.sources.file(span.file).format
    }

    /// An example for a finding at `span`, written in TOML, in the format of that file.
    pub fn example(&self, span: Span, toml: &str) -> String {
        example::in_format(self.format(span), toml)
    }

    /// Every database of an enabled service.
    pub fn enabled_databases(&self) -> impl Iterator<Item = (&'d Service, &'d Database)> {
        self.declarations
            .databases()
            .filter(|(service, _)| self.is_enabled(service))
    }

    /// Every password source, with the role that it is for and the place that names the role.
    pub fn passwords(&self) -> impl Iterator<Item = (&'d Service, &'d Text, &'d Password)> {
        let databases = self.declarations.databases();
        let users = databases.filter_map(|(service, database)| {
            Some((service, &database.user, database.password.as_deref()?))
        });
        let roles = self.declarations.roles();
        users.chain(
            roles.filter_map(|(service, role)| {
                Some((service, &role.name, role.password.as_deref()?))
            }),
        )
    }

    /// Every place that names a role, other than a declaration of it: owners, grants, memberships and the like.
    pub fn role_references(&self) -> Vec<(&'d Service, &'d Text)> {
        let mut references = Vec::new();
        for (service, database) in self.declarations.databases() {
            let mut add = |role: &'d Text| references.push((service, role));
            database.owner.iter().for_each(&mut add);
            database
                .schemas
                .iter()
                .filter_map(|schema| schema.owner.as_ref())
                .for_each(&mut add);
            database
                .grants
                .iter()
                .map(|grant| &grant.role)
                .for_each(&mut add);
            database
                .access
                .iter()
                .map(|access| &access.role)
                .for_each(&mut add);
            for privilege in &database.default_privileges {
                privilege.creator.iter().for_each(&mut add);
                add(&privilege.role);
            }
            database
                .role_settings
                .iter()
                .map(|(role, _)| role)
                .for_each(&mut add);
            database
                .hooks()
                .filter_map(|hook| hook.role.as_ref())
                .for_each(&mut add);
            database
                .clients
                .iter()
                .flat_map(|client| client.users.iter().flatten())
                .for_each(&mut add);
        }
        for (service, role) in self.declarations.roles() {
            references.extend(
                role.member_of
                    .iter()
                    .map(|membership| (service, &membership.role)),
            );
        }
        references
    }

    /// Every group of settings: of a database, of a role, and of a role in a database.
    pub fn settings(&self) -> impl Iterator<Item = &'d [Setting]> {
        let databases = self.declarations.databases().flat_map(|(_, database)| {
            let roles = database
                .role_settings
                .iter()
                .map(|(_, settings)| settings.as_slice());
            std::iter::once(database.extra_config.as_slice()).chain(roles)
        });
        databases.chain(
            self.declarations
                .roles()
                .map(|(_, role): (_, &Role)| role.settings.as_slice()),
        )
    }
}

/// Where rules put what they find.
pub type Findings = Vec<Diagnostic>;
