//! From the tree of a service or an instance to its types.

use super::connection::connection;
use super::fields::{Fields, setting, text};
use super::{
    Access, Attribute, Client, Creation, Database, DefaultPrivilege, Details, Drift, Extension,
    Grant, Hook, Ident, Instance, Membership, Password, Project, Removed, Role, Rule, Schema,
    Service, Target, Text,
};
use crate::source::{Node, Span, Spanned, Value};

pub fn project(fields: Fields) -> Project {
    Project {
        namespace: fields.text("namespace"),
        include: fields.texts("include"),
        output: fields.text("output"),
    }
}

pub fn instance(name: Text, fields: Fields) -> Instance {
    Instance {
        name,
        version: fields.integer("version"),
        socket_directory: fields.text("socketDirectory"),
        preload_libraries: fields.texts("preloadLibraries"),
        authentication: fields.tables("authentication", rule),
        ident_map: fields.tables("identMap", |fields| {
            Some(Ident {
                map: fields.text("map")?,
                system_user: fields.text("systemUser")?,
                database_user: fields.text("databaseUser")?,
            })
        }),
        converge: fields.text("converge"),
        creation: fields.text("creation"),
        removed: fields
            .node("removed")
            .and_then(Fields::of)
            .map(|fields| Removed {
                databases: fields.texts("databases"),
                roles: fields.texts("roles"),
                dump_directory: fields.text("dumpDirectory"),
            }),
        drift: fields
            .node("drift")
            .and_then(Fields::of)
            .map(|fields| Drift {
                span: fields.span,
                on_calendar: fields.text("onCalendar"),
                mode: fields.text("mode"),
            }),
        lock_timeout: fields.text("lockTimeout"),
        statement_timeout: fields.text("statementTimeout"),
    }
}

fn rule(fields: Fields) -> Option<Rule> {
    Some(Rule {
        span: fields.span,
        connection: fields.text("type")?,
        databases: fields.tokens("databases")?,
        users: fields.tokens("users")?,
        address: fields.text("address"),
        method: fields.text("method")?,
        options: fields.map("options", |name, node| Some((name, text(node)?))),
    })
}

pub fn service(name: Text, fields: Fields) -> Service {
    Service {
        name,
        enable: fields.bool("enable"),
        databases: fields.tables("databases", database),
        roles: fields.tables("roles", role),
        unix_user: fields.text("unixUser"),
        units: fields.texts("units"),
        connection: connection(fields),
        on_change: fields.text("onChange"),
    }
}

/// A database without its type, name or user is read all the same, so that everything else of it is checked: name and user stand for
/// each other then. What stands for something that is not there has an empty place at the start of the table.
fn database(fields: Fields) -> Option<Database> {
    let nowhere = Span::new(
        fields.span.file,
        fields.span.start as usize,
        fields.span.start as usize,
    );
    let (name, user) = (fields.text("name"), fields.text("user"));
    let instead = |other: &Option<Text>| Some(Spanned::new(other.as_ref()?.value.clone(), nowhere));
    Some(Database {
        span: fields.span,
        kind: fields
            .text("type")
            .unwrap_or_else(|| Spanned::new("postgresql".into(), nowhere)),
        name: name.clone().or_else(|| instead(&user))?,
        user: user.or_else(|| instead(&name))?,
        port: fields.integer("port"),
        extra_config: fields.settings("extraConfig"),
        details: details(fields),
    })
}

fn details(fields: Fields) -> Option<Box<Details>> {
    if fields.all_among(&["type", "name", "user", "port", "extraConfig"]) {
        return None;
    }
    let hooks = fields.node("hooks").and_then(Fields::of);
    let hooks = |list| hooks.map_or_else(Vec::new, |hooks| hooks.tables(list, hook));
    Some(Box::new(Details {
        owner: fields.text("owner"),
        creation: creation(fields),
        extensions: fields.each("extensions", extension),
        schemas: fields.each("schemas", |node| {
            named(node, |name, fields| Schema {
                name,
                owner: fields.and_then(|fields| fields.text("owner")),
            })
        }),
        grants: fields.tables("grants", grant),
        access: fields.tables("access", |fields| {
            Some(Access {
                role: fields.text("role")?,
                preset: fields.text("preset")?,
                schemas: fields.optional_texts("schemas"),
            })
        }),
        default_privileges: fields.tables("defaultPrivileges", default_privilege),
        role_settings: fields.map("roleSettings", |role, node| match &node.value {
            Value::Table(table) => Some((
                role,
                table
                    .entries
                    .iter()
                    .filter_map(|entry| {
                        setting(
                            Spanned::new(entry.key.name.as_ref().into(), entry.key.span),
                            &entry.node,
                        )
                    })
                    .collect(),
            )),
            _ => None,
        }),
        password: password(fields),
        loopback: fields.bool("loopback"),
        clients: fields.each("clients", client),
        unix_user: fields.text("unixUser"),
        units: fields.texts("units"),
        on_change: fields.text("onChange"),
        converge: fields.text("converge"),
        public: fields.text("public"),
        before: hooks("before"),
        after: hooks("after"),
        connection: connection(fields),
    }))
}

fn hook(fields: Fields) -> Option<Hook> {
    Some(Hook {
        sql: fields.text("sql")?,
        unless: fields.text("unless")?,
        role: fields.text("role"),
    })
}

fn creation(fields: Fields) -> Option<Box<Creation>> {
    let creation = Creation {
        encoding: fields.text("encoding"),
        locale: fields.text("locale"),
        collate: fields.text("collate"),
        ctype: fields.text("ctype"),
        locale_provider: fields.text("localeProvider"),
        icu_locale: fields.text("icuLocale"),
        icu_rules: fields.text("icuRules"),
        builtin_locale: fields.text("builtinLocale"),
        template: fields.text("template"),
        tablespace: fields.text("tablespace"),
        connection_limit: fields.integer("connectionLimit"),
        comment: fields.text("comment"),
    };
    let texts = [
        &creation.encoding,
        &creation.locale,
        &creation.collate,
        &creation.ctype,
        &creation.locale_provider,
        &creation.icu_locale,
        &creation.icu_rules,
        &creation.builtin_locale,
        &creation.template,
        &creation.tablespace,
        &creation.comment,
    ];
    let said = creation.connection_limit.is_some() || texts.iter().any(|text| text.is_some());
    said.then(|| Box::new(creation))
}

/// An item that is a name, or a table with `name` and details.
fn named<T>(node: &Node, make: impl Fn(Text, Option<Fields>) -> T) -> Option<T> {
    match text(node) {
        Some(name) => Some(make(name, None)),
        None => {
            let fields = Fields::of(node)?;
            Some(make(fields.text("name")?, Some(fields)))
        }
    }
}

fn extension(node: &Node) -> Option<Extension> {
    named(node, |name, fields| Extension {
        name,
        schema: fields.and_then(|fields| fields.text("schema")),
        version: fields.and_then(|fields| fields.text("version")),
        cascade: fields.and_then(|fields| fields.bool("cascade")),
        package: fields.and_then(|fields| fields.text("package")),
        preload: fields.and_then(|fields| fields.preload("preload")),
    })
}

fn grant(fields: Fields) -> Option<Grant> {
    let on = fields.node("on")?;
    Some(Grant {
        span: fields.span,
        role: fields.text("role")?,
        privileges: fields.readable_texts("privileges"),
        on: target(on)?,
        with_grant_option: fields.bool("withGrantOption"),
    })
}

fn target(node: &Node) -> Option<Target> {
    if let Some(keyword) = text(node) {
        return Some(Target {
            span: node.span,
            kinds: vec![(keyword, Vec::new())],
            columns: None,
        });
    }
    let Value::Table(table) = &node.value else {
        return None;
    };
    let fields = Fields::new(table, node.span);
    let kinds = table
        .entries
        .iter()
        .filter(|entry| entry.key.name != "columns" && entry.node.value != Value::Null)
        .map(|entry| {
            let kind = Spanned::new(entry.key.name.as_ref().into(), entry.key.span);
            (kind, fields.one_or_more(&entry.key.name))
        })
        .collect();
    let columns = fields
        .node("columns")
        .map(|node| (fields.texts("columns"), node.span));
    Some(Target {
        span: node.span,
        kinds,
        columns,
    })
}

fn default_privilege(fields: Fields) -> Option<DefaultPrivilege> {
    Some(DefaultPrivilege {
        creator: fields.text("creator"),
        schema: fields.text("schema"),
        on: fields.text("on")?,
        role: fields.text("role")?,
        privileges: fields.readable_texts("privileges"),
        with_grant_option: fields.bool("withGrantOption"),
    })
}

fn password(fields: Fields) -> Option<Box<Password>> {
    let fields = Fields::of(fields.node("password")?)?;
    Some(Box::new(Password {
        span: fields.span,
        file: fields.text("file"),
        sops: fields.text("sops"),
        agenix: fields.text("agenix"),
        generate: fields.bool("generate"),
        group: fields.text("group"),
        mode: fields.text("mode"),
    }))
}

fn client(node: &Node) -> Option<Client> {
    if let Some(address) = text(node) {
        return Some(Client {
            span: node.span,
            address,
            users: None,
            method: None,
            tls: None,
        });
    }
    let fields = Fields::of(node)?;
    Some(Client {
        span: node.span,
        address: fields.text("address")?,
        users: fields.optional_texts("users"),
        method: fields.text("method"),
        tls: fields.bool("tls"),
    })
}

fn role(fields: Fields) -> Option<Role> {
    Some(Role {
        span: fields.span,
        name: fields.text("name")?,
        attributes: Attribute::ALL
            .into_iter()
            .filter_map(|attribute| Some((attribute, fields.bool(attribute.name())?)))
            .collect(),
        connection_limit: fields.integer("connectionLimit"),
        valid_until: fields.text("validUntil"),
        member_of: fields.each("memberOf", membership),
        settings: fields.settings("settings"),
        comment: fields.text("comment"),
        password: password(fields),
        unix_user: fields.text("unixUser"),
    })
}

fn membership(node: &Node) -> Option<Membership> {
    if let Some(role) = text(node) {
        return Some(Membership {
            role,
            admin: None,
            inherit: None,
            set: None,
        });
    }
    let fields = Fields::of(node)?;
    Some(Membership {
        role: fields.text("role")?,
        admin: fields.bool("admin"),
        inherit: fields.bool("inherit"),
        set: fields.bool("set"),
    })
}
