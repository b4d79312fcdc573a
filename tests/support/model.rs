//! What a NixOS configuration must get from declarations, computed from the contract and from nothing of the program.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::declarations::Declarations;
use super::hba_words::{Line, Word, bare, quoted};

/// The configuration's values.
#[derive(Debug, Default)]
pub struct Model {
    /// The option path of the connection attributes, without `databases.postgresql`.
    pub namespace: String,
    /// The connection attributes by service and database.
    pub connections: BTreeMap<String, BTreeMap<String, Value>>,
    /// `ensureDatabases`.
    pub ensure_databases: BTreeSet<String>,
    /// `ensureUsers`: whether the user owns the database of its name, and its clauses.
    pub ensure_users: BTreeMap<String, (bool, Map<String, Value>)>,
    /// The declared lines of pg_hba.conf.
    pub rules: BTreeSet<Line>,
    /// The declared lines of pg_ident.conf.
    pub ident_map: BTreeSet<Line>,
    /// The server's port.
    pub port: i64,
    /// `shared_preload_libraries`.
    pub libraries: BTreeSet<String>,
    /// Packages of extensions.
    pub packages: BTreeSet<String>,
    /// The secrets that paths are taken from: `sops` or `age`, and the name.
    pub secrets: BTreeSet<(String, String)>,
}

/// A list, empty when it is left out.
fn list<'v>(of: &'v Value, field: &str) -> &'v [Value] {
    of.get(field)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'v>(of: &'v Value, field: &str) -> Option<&'v str> {
    of.get(field).and_then(Value::as_str)
}

/// An item that is a name, or a table that has it in a field.
fn named<'v>(item: &'v Value, field: &str) -> &'v str {
    item.as_str().or_else(|| text(item, field)).unwrap()
}

/// Letters and digits of any script, `_`, `-`, `.` and blanks mean nothing to the shell and to SQL between quotes.
fn is_safe(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_alphanumeric() || "_-. ".contains(c))
}

/// RFC 3986: all but the unreserved characters as their bytes.
fn percent_encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// The grants on what lies in the database.
fn inside(database: &Value) -> impl Iterator<Item = &Value> {
    let shared = |on: &Value| {
        let kinds = on.as_object().into_iter().flat_map(|on| on.keys());
        on.is_object()
            && kinds
                .into_iter()
                .all(|kind| kind == "tablespace" || kind == "parameter")
    };
    let grants = list(database, "grants").iter();
    grants.filter(move |grant| !grant.get("on").is_some_and(shared))
}

/// Roles of enabled services that log in, with the Unix user that they declare themselves, and those with a password.
#[derive(Default)]
struct Logins<'v> {
    unix_users: BTreeMap<&'v str, Option<&'v str>>,
    passwords: BTreeMap<&'v str, &'v Value>,
}

impl Model {
    /// The values of these declarations.
    pub fn new(declarations: &Declarations) -> Model {
        let mut model = Model {
            namespace: declarations.namespace.unwrap_or("qgroget").to_owned(),
            port: 5432,
            ..Model::default()
        };
        let none = json!({});
        let instance = declarations.instance.as_ref().unwrap_or(&none);
        let enabled = || {
            declarations
                .services
                .iter()
                .filter(|(_, service)| service.get("enable") != Some(&json!(false)))
        };
        let mut logins = Logins::default();
        for (_, service) in enabled() {
            for role in list(service, "roles") {
                let name = text(role, "name").unwrap();
                let is_user = list(service, "databases")
                    .iter()
                    .any(|database| database["user"] == role["name"]);
                if role.get("login") == Some(&json!(true))
                    || (is_user && role.get("unixUser").is_some())
                {
                    logins.unix_users.insert(name, text(role, "unixUser"));
                }
                logins
                    .passwords
                    .extend(role.get("password").map(|password| (name, password)));
            }
            for database in list(service, "databases") {
                logins.passwords.extend(
                    database
                        .get("password")
                        .map(|password| (text(database, "user").unwrap(), password)),
                );
            }
        }
        for password in logins.passwords.values() {
            for (field, store) in [("sops", "sops"), ("agenix", "age")] {
                if let Some(secret) = text(password, field) {
                    model.secrets.insert((store.to_owned(), secret.to_owned()));
                }
            }
        }
        let socket = text(instance, "socketDirectory").unwrap_or("/run/postgresql");
        let mut log_in = BTreeSet::new();
        for (_, service) in enabled() {
            let databases = list(service, "databases").iter();
            log_in.extend(databases.filter_map(|database| text(database, "user")));
            let roles = list(service, "roles").iter();
            let roles = roles.filter(|role| role.get("login") == Some(&json!(true)));
            log_in.extend(roles.filter_map(|role| text(role, "name")));
        }
        for (name, service) in enabled() {
            for database in list(service, "databases") {
                model.port = database
                    .get("port")
                    .map_or(model.port, |port| port.as_i64().unwrap());
                model.database(service, database, &logins);
                let mut connection = model.connection(database, socket, None, &logins.passwords);
                let user = text(database, "user").unwrap();
                let named = list(database, "access").iter().chain(inside(database));
                let further: BTreeSet<&str> = named
                    .filter_map(|one| text(one, "role"))
                    .filter(|role| *role != user && log_in.contains(role))
                    .collect();
                for role in further {
                    let of_role = model.connection(database, socket, Some(role), &logins.passwords);
                    connection["roles"][role] = of_role;
                }
                let of_service = model.connections.entry(name.clone()).or_default();
                of_service.insert(text(database, "name").unwrap().to_owned(), connection);
            }
        }
        for (_, service) in enabled() {
            model.roles(service);
        }
        if !model.connections.is_empty() {
            model.instance(instance);
        }
        if text(instance, "creation") == Some("program") {
            model.ensure_databases.clear();
            model.ensure_users.clear();
        }
        model
    }

    fn connection(
        &self,
        database: &Value,
        socket: &str,
        role: Option<&str>,
        passwords: &BTreeMap<&str, &Value>,
    ) -> Value {
        let name = text(database, "name").unwrap();
        let user = role.unwrap_or_else(|| text(database, "user").unwrap());
        let port = self.port;
        let host = match database.get("loopback") {
            Some(Value::Bool(false)) => socket,
            _ => "localhost",
        };
        let url = [user, host, name].map(percent_encoded);
        let mut connection = json!({
            "host": host, "port": port, "database": name, "username": user, "socketDirectory": socket,
            "url": format!("postgresql://{}@{}:{port}/{}", url[0], url[1], url[2]),
        });
        if host == "localhost" {
            connection["jdbcUrl"] = json!(format!("jdbc:postgresql://{host}:{port}/{}", url[2]));
        }
        let Some(password) = passwords.get(user) else {
            return connection;
        };
        for (field, store) in [("sops", "sops"), ("agenix", "age")] {
            if let Some(secret) = text(password, field) {
                connection["passwordFile"] = json!(format!("/run/{store}/{secret}"));
            }
        }
        if let Some(file) = text(password, "file") {
            connection["passwordFile"] = json!(file);
        }
        if password.get("generate").is_some() {
            let name = percent_encoded(user)
                .replace('.', "%2E")
                .replace('~', "%7E");
            connection["passwordFile"] = json!(format!("/var/lib/dbgen/passwords/{name}"));
        }
        connection
    }

    fn database(&mut self, service: &Value, database: &Value, logins: &Logins) {
        let (name, user) = (
            text(database, "name").unwrap(),
            text(database, "user").unwrap(),
        );
        let creation = [
            "encoding",
            "locale",
            "collate",
            "ctype",
            "localeProvider",
            "icuLocale",
            "icuRules",
            "builtinLocale",
            "template",
            "tablespace",
        ];
        if is_safe(name) && !creation.iter().any(|field| database.get(field).is_some()) {
            self.ensure_databases.insert(name.to_owned());
        }
        let own = logins.unix_users.get(user).copied().flatten();
        let unix_user = text(database, "unixUser")
            .or_else(|| text(service, "unixUser"))
            .or(own);
        self.login(database, user, unix_user, logins);
        // What a role says of itself holds beside what the database or the service says.
        let line = own.map(|own| [quoted("dbgen"), quoted(own), quoted(user)]);
        self.ident_map
            .extend(line.map(|line| line.map(|word| vec![word]).to_vec()));
        let mut others: BTreeSet<&str> = text(database, "owner").into_iter().collect();
        others.extend(
            list(database, "schemas")
                .iter()
                .filter_map(|schema| text(schema, "owner")),
        );
        others.extend(inside(database).filter_map(|grant| text(grant, "role")));
        others.extend(
            list(database, "access")
                .iter()
                .filter_map(|access| text(access, "role")),
        );
        others.extend(
            database
                .get("roleSettings")
                .and_then(Value::as_object)
                .into_iter()
                .flat_map(|roles| roles.keys().map(String::as_str)),
        );
        others.extend(
            list(database, "clients")
                .iter()
                .flat_map(|client| list(client, "users"))
                .filter_map(Value::as_str),
        );
        others.remove(user);
        for other in others {
            if let Some(unix_user) = logins.unix_users.get(other) {
                self.login(database, other, *unix_user, logins);
            }
        }
        for client in list(database, "clients") {
            self.client(client, name, user);
        }
        for extension in list(database, "extensions") {
            self.extension(extension);
        }
    }

    /// Over the socket as the Unix user or with the password, over loopback with the password.
    fn login(&mut self, database: &Value, user: &str, unix_user: Option<&str>, logins: &Logins) {
        let name = text(database, "name").unwrap();
        let mut rule = vec![vec![bare("local")], vec![quoted(name)], vec![quoted(user)]];
        if let Some(unix_user) = unix_user {
            rule.extend([vec![bare("peer")], vec![bare("map=dbgen")]]);
            self.ident_map.insert(vec![
                vec![quoted("dbgen")],
                vec![quoted(unix_user)],
                vec![quoted(user)],
            ]);
        } else {
            let has_password = logins.passwords.contains_key(user);
            rule.push(vec![bare(if has_password {
                "scram-sha-256"
            } else {
                "peer"
            })]);
        }
        self.rules.insert(rule);
        if database.get("loopback") != Some(&json!(false)) {
            for address in addresses("localhost") {
                self.rules.insert(vec![
                    vec![bare("host")],
                    vec![quoted(name)],
                    vec![quoted(user)],
                    vec![address],
                    vec![bare("scram-sha-256")],
                ]);
            }
        }
    }

    fn client(&mut self, client: &Value, name: &str, user: &str) {
        let tls = client.get("tls") == Some(&json!(true));
        let mut users: Vec<Word> = match client.get("users") {
            Some(_) => list(client, "users")
                .iter()
                .map(|user| quoted(user.as_str().unwrap()))
                .collect(),
            None => vec![quoted(user)],
        };
        users.sort();
        users.dedup();
        for address in addresses(named(client, "address")) {
            self.rules.insert(vec![
                vec![bare(if tls { "hostssl" } else { "host" })],
                vec![quoted(name)],
                users.clone(),
                vec![address],
                vec![bare(text(client, "method").unwrap_or("scram-sha-256"))],
            ]);
        }
    }

    fn extension(&mut self, extension: &Value) {
        let name = named(extension, "name");
        let known = (name == "vector").then_some("pgvector");
        self.packages
            .extend(text(extension, "package").or(known).map(str::to_owned));
        match extension.get("preload") {
            Some(Value::String(library)) => drop(self.libraries.insert(library.clone())),
            Some(Value::Bool(true)) => drop(self.libraries.insert(name.to_owned())),
            _ => {}
        }
    }

    fn roles(&mut self, service: &Value) {
        let attributes = [
            "superuser",
            "createdb",
            "createrole",
            "inherit",
            "replication",
            "bypassrls",
        ];
        let databases = list(service, "databases");
        let mut all: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for role in list(service, "roles") {
            let said = attributes.iter().filter_map(|attribute| {
                Some(((*attribute).to_owned(), role.get(attribute)?.clone()))
            });
            let mut clauses: Map<String, Value> = said.collect();
            if role.get("login") != Some(&json!(true)) {
                clauses.insert("login".into(), json!(false));
            }
            all.insert(text(role, "name").unwrap(), clauses);
        }
        for database in databases {
            // A role that is created logs in unless it is told otherwise.
            all.entry(text(database, "user").unwrap())
                .or_default()
                .remove("login");
        }
        for (name, clauses) in all {
            let owner = |database: &&Value| {
                text(database, "owner").or_else(|| text(database, "user")) == Some(name)
            };
            let own = databases
                .iter()
                .find(|database| text(database, "name") == Some(name))
                .filter(owner);
            let owns = own.is_some() && self.ensure_databases.contains(name);
            if is_safe(name) {
                self.ensure_users.insert(name.to_owned(), (owns, clauses));
            }
        }
    }

    fn instance(&mut self, instance: &Value) {
        self.libraries.extend(
            list(instance, "preloadLibraries")
                .iter()
                .map(|library| library.as_str().unwrap().to_owned()),
        );
        for line in list(instance, "identMap") {
            let fields = ["map", "systemUser", "databaseUser"]
                .map(|field| vec![quoted(text(line, field).unwrap())]);
            self.ident_map.insert(fields.to_vec());
        }
        for rule in list(instance, "authentication") {
            let addresses = text(rule, "address").map_or(vec![None], |address| {
                addresses(address).into_iter().map(Some).collect()
            });
            for address in addresses {
                let mut fields = vec![
                    vec![bare(text(rule, "type").unwrap())],
                    words(&rule["databases"]),
                    words(&rule["users"]),
                ];
                fields.extend(address.map(|address| vec![address]));
                fields.push(vec![bare(text(rule, "method").unwrap())]);
                let options = rule.get("options").and_then(Value::as_object);
                fields.extend(options.into_iter().flatten().map(|(name, value)| {
                    vec![bare(&format!("{name}={}", value.as_str().unwrap()))]
                }));
                self.rules.insert(fields);
            }
        }
    }
}

/// A keyword stands bare, names and regular expressions between quotes, `+` before the quote.
fn words(tokens: &Value) -> Vec<Word> {
    let one = |token: &Value| match (
        token.as_str(),
        text(token, "regex"),
        text(token, "memberOf"),
    ) {
        (Some(name), ..) => quoted(name),
        (_, Some(pattern), _) => quoted(&format!("/{pattern}")),
        (.., role) => bare(&format!("+{}", role.unwrap())),
    };
    let mut words: Vec<Word> = match tokens.as_str() {
        Some(keyword) => vec![bare(keyword)],
        None => tokens.as_array().unwrap().iter().map(one).collect(),
    };
    words.sort();
    words.dedup();
    words
}

/// `localhost` is both loopback addresses, an address the range of itself, anything else a keyword or a host's name.
fn addresses(said: &str) -> Vec<Word> {
    match said {
        "localhost" => vec![bare("127.0.0.1/32"), bare("::1/128")],
        "samehost" | "samenet" | "all" => vec![bare(said)],
        address if address.contains('/') => vec![bare(address)],
        address if address.contains(':') => vec![bare(&format!("{address}/128"))],
        address if address.ends_with(|c: char| c.is_ascii_digit()) => {
            vec![bare(&format!("{address}/32"))]
        }
        name => vec![quoted(name)],
    }
}
