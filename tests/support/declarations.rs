//! Declarations that use every field, with names as odd as a server takes them, written in every format and order.
//!
//! Include with `#[path = "support/declarations.rs"] mod declarations;`.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// What a project declares.
#[derive(Clone, Debug)]
pub struct Declarations {
    /// What it was made of; the same number gives the same declarations.
    pub seed: u64,
    /// The option path of the connection attributes.
    pub namespace: Option<&'static str>,
    /// The server.
    pub instance: Option<Value>,
    /// The services, by name.
    pub services: Vec<(String, Value)>,
}

/// A file of declarations.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name, whose ending is its format.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Any declarations; most of them pass the check.
pub fn any_declarations() -> impl Strategy<Value = Declarations> {
    any::<u64>().prop_map(Declarations::new)
}

/// Choices that follow from one number (splitmix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }
}

/// What means something to Nix, TOML, JSON, the shell, SQL or pg_hba.conf, and is a legal name all the same.
pub const NAMES: &[&str] = &[
    "plain",
    "two words",
    "UPPER",
    "all",
    "replication",
    "sameuser",
    "samerole",
    "samehost",
    "rec",
    "let",
    "inherit",
    "null",
    "true",
    "user",
    "current_user",
    "select",
    "bob's",
    "''",
    "'''",
    "a''b",
    "\"quoted\"",
    "${x}",
    "$${x}",
    "''${x}",
    "$",
    "${",
    "}",
    "back\\slash",
    "\\",
    "\\\\",
    "\\n",
    "a#b",
    "#",
    "-- x",
    "x/* y */",
    "; DROP TABLE x;",
    "`id`",
    "$(id)",
    "%n",
    "%",
    "a,b",
    "a b",
    " a",
    "a ",
    "@file",
    "+group",
    "a/b",
    "a.b",
    ".",
    "..",
    "*",
    "?",
    "[x]",
    "{x}",
    "(x)",
    "=",
    "a=b",
    "a:b",
    "a@b",
    "a?b&c=d",
    "0",
    "1e5",
    "-1",
    "é",
    "e\u{301}",
    "Größe",
    "日本語",
    "🦀",
    "\u{202E}abc",
    "\u{FEFF}bom",
    "\u{A0}",
    "ß",
    "İ",
    "_",
    "-",
    "--",
    "-f",
    "!x",
    "!",
    "~",
    "^",
    "|",
    "<",
    ">",
    "&",
    "http://x.y/z",
    "services",
    "databases",
    "config",
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
    "ééééééééééééééééééééééééééééééé",
];

/// Text that stands in values, where line ends may stand too.
const TEXTS: &[&str] = &[
    "",
    "plain",
    "two\nlines",
    "tab\there",
    "''\n  ${x}\n''",
    "'; DROP TABLE x; --",
    "\\",
    "\"",
    "é\r\n",
    "$$",
    "\u{1F980} ${a} ''$ \\${",
];

fn name(dice: &mut Dice, number: usize) -> String {
    let odd = *dice.pick(NAMES);
    // A number makes it one of its kind; a third stay as they are.
    let whole = match dice.below(3) {
        0 => odd.to_owned(),
        1 => format!("{odd}{number}"),
        _ => format!("n{number}{odd}"),
    };
    let mut end = whole.len().min(63);
    while !whole.is_char_boundary(end) {
        end -= 1;
    }
    whole[..end].to_owned()
}

/// Names, none twice, none that begins with a slash.
fn names(dice: &mut Dice, count: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for number in 0.. {
        let name = name(dice, number);
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() == count {
            break;
        }
    }
    names
}

fn settings(dice: &mut Dice) -> Value {
    let all = [
        ("work_mem", json!("64MB")),
        ("search_path", json!(["$user", dice.pick(NAMES), "public"])),
        ("statement_timeout", json!(1000)),
        ("lock_timeout", json!("5s")),
        ("random_page_cost", json!(1.5)),
        ("jit", json!(false)),
        ("application_name", json!(dice.pick(TEXTS))),
        ("myapp.note", json!(dice.pick(TEXTS))),
        ("myapp.name", json!(dice.pick(NAMES))),
        ("TimeZone", json!("Europe/Berlin")),
        ("datestyle", json!("ISO, DMY")),
        ("default_transaction_isolation", json!("serializable")),
    ];
    let mut settings = Map::new();
    for _ in 0..dice.below(4) {
        let (name, value) = dice.pick(&all).clone();
        settings.insert(name.to_owned(), value);
    }
    Value::Object(settings)
}

fn password(dice: &mut Dice) -> Value {
    match dice.below(4) {
        0 => json!({ "file": format!("/run/secrets/{}", dice.pick(NAMES).trim_end_matches('/')) }),
        1 => json!({ "sops": dice.pick(NAMES) }),
        2 => json!({ "agenix": dice.pick(NAMES) }),
        _ => json!({ "generate": true }),
    }
}

/// A role has one source of its password, and the user of a database logs in.
fn agree(databases: &mut [Value], roles: &mut [Value]) {
    let mut seen: Vec<Value> = Vec::new();
    for role in &mut *roles {
        if role.get("password").is_some() {
            seen.push(role["name"].clone());
        }
        if databases
            .iter()
            .any(|database| database["user"] == role["name"])
            && role.get("login") == Some(&json!(false))
        {
            role["login"] = json!(true);
        }
    }
    for database in databases {
        let fields = database.as_object_mut().unwrap();
        let user = fields["user"].clone();
        if seen.contains(&user) {
            fields.remove("password");
        } else if fields.contains_key("password") {
            seen.push(user);
        }
    }
}

const UNIX_USERS: &[&str] = &["immich", "_apt", "web-1", "a", "nobody", "host$"];
pub const UNITS: &[&str] = &["a.service", "b@c.service", "x-y.timer", "a\\x2db.timer"];
const ADDRESSES: &[&str] = &[
    "10.0.0.0/8",
    "10.0.0.6",
    "fd00::/8",
    "fd00::6",
    "0.0.0.0/0",
    "::/0",
    "db.example.org",
    ".example.org",
    "localhost",
    "192.168.1.0/24",
];

struct Making {
    dice: Dice,
    version: Option<i64>,
    port: i64,
}

impl Making {
    fn since(&self, major: i64) -> bool {
        self.version.is_none_or(|version| version >= major)
    }

    /// Perhaps: one field, with what `make` gives.
    fn maybe(
        &mut self,
        to: &mut Map<String, Value>,
        field: &str,
        make: impl FnOnce(&mut Making) -> Value,
    ) {
        if self.dice.once_in(4) {
            let value = make(self);
            to.insert(field.to_owned(), value);
        }
    }

    fn creation(&mut self, to: &mut Map<String, Value>) {
        let from_template0 = [
            json!({ "encoding": "UTF8", "locale": "C", "template": "template0" }),
            json!({ "collate": "C", "ctype": "C", "template": "template0" }),
            json!({ "template": "template0" }),
            json!({ "tablespace": self.dice.pick(NAMES) }),
            json!({ "localeProvider": "libc", "locale": "C", "template": "template0" }),
        ];
        let icu = json!({ "localeProvider": "icu", "icuLocale": "de-DE", "template": "template0" });
        let rules = json!({ "localeProvider": "icu", "icuLocale": "de-DE", "icuRules": "&a < b", "template": "template0" });
        let builtin = json!({ "localeProvider": "builtin", "builtinLocale": "C.UTF-8", "encoding": "UTF8", "template": "template0" });
        let chosen = match self.dice.below(12) {
            0 if self.since(15) => icu,
            1 if self.since(16) => rules,
            2 if self.since(17) => builtin,
            at @ 3..=5 => from_template0[at % 5].clone(),
            6 => from_template0[self.dice.below(5)].clone(),
            _ => return,
        };
        to.extend(chosen.as_object().unwrap().clone());
    }

    fn extensions(&mut self, schema: &str) -> Value {
        let all = [
            json!("hstore"),
            json!("pg_trgm"),
            json!({ "name": "vector", "schema": schema, "version": "0.8.0", "cascade": true }),
            json!({ "name": "pg_stat_statements", "preload": true }),
            json!({ "name": "own_ext", "package": "postgis", "preload": "own_lib" }),
            json!({ "name": "citext", "preload": false }),
        ];
        let mut chosen: Vec<Value> = all.into_iter().filter(|_| self.dice.once_in(3)).collect();
        self.dice.shuffle(&mut chosen);
        Value::Array(chosen)
    }

    fn grants(&mut self, roles: &[String]) -> Value {
        let name = |dice: &mut Dice| dice.pick(&["app", "public", "Größe"]).to_string();
        let some = name(&mut self.dice);
        let mut all = vec![
            (json!("database"), json!(["CONNECT", "temporary"])),
            (json!({ "schema": some }), json!(["USAGE", "CREATE"])),
            (
                json!({ "table": "public.*" }),
                json!(["SELECT", "INSERT", "UPDATE", "DELETE"]),
            ),
            (
                json!({ "table": ["public.a", "\"odd \"\"one\".\"b.c\""] }),
                json!(["ALL"]),
            ),
            (
                json!({ "table": "public.a", "columns": ["x", some] }),
                json!(["SELECT", "REFERENCES"]),
            ),
            (json!({ "sequence": "public.*" }), json!(["USAGE"])),
            (
                json!({ "function": "public.f(integer, text)" }),
                json!(["EXECUTE"]),
            ),
            (json!({ "procedure": "public.*" }), json!(["EXECUTE"])),
            (json!({ "routine": "public.*" }), json!(["EXECUTE"])),
            (json!({ "type": "public.t" }), json!(["USAGE"])),
            (json!({ "domain": "public.d" }), json!(["USAGE"])),
            (json!({ "language": "plpgsql" }), json!(["USAGE"])),
            (json!({ "foreignDataWrapper": some }), json!(["USAGE"])),
            (json!({ "foreignServer": some }), json!(["USAGE"])),
            (json!({ "tablespace": some }), json!(["CREATE"])),
            (json!({ "largeObject": "1234" }), json!(["SELECT"])),
        ];
        if self.since(15) {
            all.push((
                json!({ "parameter": "log_min_duration_statement" }),
                json!(["SET", "ALTER SYSTEM"]),
            ));
        }
        let mut grants = Vec::new();
        for _ in 0..=self.dice.below(4) {
            let (on, privileges) = self.dice.pick(&all).clone();
            let mut grant =
                json!({ "role": self.dice.pick(roles), "privileges": privileges, "on": on });
            if self.dice.once_in(4) {
                grant["withGrantOption"] = json!(true);
            } else if self.dice.once_in(4) {
                grant["role"] = json!("public");
            }
            grants.push(grant);
        }
        Value::Array(grants)
    }

    fn clients(&mut self, roles: &[String]) -> Value {
        let mut clients = Vec::new();
        for _ in 0..=self.dice.below(3) {
            let address = *self.dice.pick(ADDRESSES);
            let mut client = json!({ "address": address });
            if self.dice.once_in(2) {
                clients.push(json!(address));
                continue;
            }
            if self.dice.once_in(2) {
                let mut users = roles.to_vec();
                self.dice.shuffle(&mut users);
                users.truncate(1 + self.dice.below(3));
                client["users"] = json!(users);
            }
            if self.dice.once_in(2) {
                client["method"] =
                    json!(
                        self.dice
                            .pick(&["scram-sha-256", "md5", "reject", "trust", "password"])
                    );
            }
            if self.dice.once_in(2) {
                client["tls"] = json!(self.dice.once_in(2));
            }
            clients.push(client);
        }
        Value::Array(clients)
    }

    fn database(&mut self, name: &str, user: &str, roles: &[String]) -> Value {
        let mut fields = Map::new();
        fields.insert("type".into(), json!("postgresql"));
        fields.insert("name".into(), json!(name));
        fields.insert("user".into(), json!(user));
        if self.port != 5432 || self.dice.once_in(3) {
            fields.insert("port".into(), json!(self.port));
        }
        self.maybe(&mut fields, "extraConfig", |m| settings(&mut m.dice));
        self.maybe(&mut fields, "owner", |m| json!(m.dice.pick(roles)));
        self.creation(&mut fields);
        self.maybe(&mut fields, "connectionLimit", |m| json!(m.dice.below(100)));
        self.maybe(&mut fields, "comment", |m| json!(m.dice.pick(TEXTS)));
        self.maybe(&mut fields, "schemas", |m| {
            let owner = m.dice.pick(roles).clone();
            json!(["app", { "name": m.dice.pick(NAMES), "owner": owner }])
        });
        self.maybe(&mut fields, "extensions", |m| m.extensions("public"));
        self.maybe(&mut fields, "grants", |m| m.grants(roles));
        self.maybe(&mut fields, "access", |m| {
            let preset = *m.dice.pick(&["read-only", "read-write", "owner"]);
            let mut access = json!({ "role": m.dice.pick(roles), "preset": preset });
            if m.dice.once_in(2) {
                access["schemas"] = json!(["public"]);
            }
            json!([access])
        });
        self.maybe(&mut fields, "defaultPrivileges", |m| {
            let mut one =
                json!({ "on": "tables", "role": m.dice.pick(roles), "privileges": ["SELECT"] });
            for (field, value) in [
                ("creator", json!(m.dice.pick(roles))),
                ("schema", json!("app")),
                ("withGrantOption", json!(false)),
            ] {
                if m.dice.once_in(2) {
                    one[field] = value;
                }
            }
            json!([one])
        });
        self.maybe(&mut fields, "roleSettings", |m| {
            let settings = settings(&mut m.dice);
            json!({ m.dice.pick(roles).as_str(): settings })
        });
        self.maybe(&mut fields, "password", |m| password(&mut m.dice));
        self.maybe(&mut fields, "loopback", |m| json!(m.dice.once_in(2)));
        self.maybe(&mut fields, "clients", |m| m.clients(roles));
        self.maybe(&mut fields, "unixUser", |m| json!(m.dice.pick(UNIX_USERS)));
        self.maybe(&mut fields, "units", |m| json!([m.dice.pick(UNITS)]));
        self.maybe(&mut fields, "onChange", |m| m.on_change());
        self.maybe(&mut fields, "converge", |m| m.converge());
        self.maybe(&mut fields, "public", |m| {
            json!(m.dice.pick(&["revoke", "keep"]))
        });
        self.maybe(&mut fields, "hooks", |m| {
            let comment = m.dice.pick(TEXTS).replace('\'', "''");
            let mut hook = json!({
                "sql": format!("CREATE VIEW public.hooked AS SELECT '{comment}'"),
                "unless": "SELECT to_regclass('public.hooked') IS NOT NULL",
            });
            if m.dice.once_in(2) {
                hook["role"] = json!(m.dice.pick(roles));
            }
            json!({ *m.dice.pick(&["before", "after"]): [hook] })
        });
        Value::Object(fields)
    }

    fn converge(&mut self) -> Value {
        json!(self.dice.pick(&["additive", "authoritative"]))
    }

    fn role(&mut self, name: &str, may_join: &[String]) -> Value {
        let mut fields = Map::new();
        fields.insert("name".into(), json!(name));
        for attribute in [
            "login",
            "superuser",
            "createdb",
            "createrole",
            "inherit",
            "replication",
            "bypassrls",
        ] {
            self.maybe(&mut fields, attribute, |m| json!(m.dice.once_in(2)));
        }
        self.maybe(&mut fields, "connectionLimit", |m| json!(m.dice.below(50)));
        self.maybe(&mut fields, "validUntil", |m| {
            json!(
                m.dice
                    .pick(&["2027-01-31", "infinity", "2027-01-31 12:00:00+00"])
            )
        });
        self.maybe(&mut fields, "settings", |m| settings(&mut m.dice));
        self.maybe(&mut fields, "comment", |m| json!(m.dice.pick(TEXTS)));
        self.maybe(&mut fields, "password", |m| password(&mut m.dice));
        self.maybe(&mut fields, "unixUser", |m| json!(m.dice.pick(UNIX_USERS)));
        if !may_join.is_empty() && self.dice.once_in(2) {
            let mut membership = json!({ "role": self.dice.pick(may_join) });
            if self.dice.once_in(2) {
                membership["admin"] = json!(true);
            }
            if self.since(16) && self.dice.once_in(2) {
                membership["inherit"] = json!(false);
                membership["set"] = json!(true);
            }
            fields.insert("memberOf".into(), json!([membership, "pg_monitor"]));
        }
        Value::Object(fields)
    }

    fn on_change(&mut self) -> Value {
        json!(self.dice.pick(&["restart", "reload", "none"]))
    }

    fn service(&mut self, names: &[String]) -> Value {
        let mut service = Map::new();
        let (roles, databases) = names.split_at(names.len() / 2);
        self.maybe(&mut service, "enable", |m| json!(m.dice.once_in(2)));
        self.maybe(&mut service, "unixUser", |m| json!(m.dice.pick(UNIX_USERS)));
        self.maybe(&mut service, "units", |m| json!([m.dice.pick(UNITS)]));
        self.maybe(&mut service, "onChange", |m| m.on_change());
        let mut declared: Vec<Value> = Vec::new();
        for (at, role) in roles.iter().enumerate() {
            declared.push(self.role(role, &roles[..at]));
        }
        let all: Vec<Value> = databases
            .iter()
            .map(|name| {
                // A database of its user's name, one of a declared role, one of a user of its own.
                let user = match self.dice.below(3) {
                    0 => name.clone(),
                    1 => self.dice.pick(roles).clone(),
                    _ => format!("{}_u", &name.chars().take(10).collect::<String>()),
                };
                self.database(name, &user, roles)
            })
            .collect();
        let mut all = all;
        agree(&mut all, &mut declared);
        service.insert("databases".into(), Value::Array(all));
        service.insert("roles".into(), Value::Array(declared));
        Value::Object(service)
    }

    fn instance(&mut self, names: &[String]) -> Option<Value> {
        let mut fields = Map::new();
        if let Some(version) = self.version {
            fields.insert("version".into(), json!(version));
        }
        self.maybe(&mut fields, "socketDirectory", |m| {
            json!(m.dice.pick(&["/run/postgresql", "/run/my-pg", "/tmp/pg.d"]))
        });
        self.maybe(&mut fields, "preloadLibraries", |_| {
            json!(["auto_explain", "pg_prewarm"])
        });
        self.maybe(&mut fields, "identMap", |m| {
            json!([
                { "map": m.dice.pick(&["admins", "odd map"]), "systemUser": m.dice.pick(NAMES).trim_start_matches('/'), "databaseUser": m.dice.pick(names) },
                { "map": "admins", "systemUser": "/^(.*)@example\\.org$", "databaseUser": "\\1" },
            ])
        });
        if self.dice.once_in(2) {
            let rules = (0..=self.dice.below(3))
                .map(|_| self.rule(names, fields.contains_key("identMap")))
                .collect();
            fields.insert("authentication".into(), Value::Array(rules));
        }
        self.maybe(&mut fields, "converge", |m| m.converge());
        self.maybe(&mut fields, "creation", |m| {
            json!(m.dice.pick(&["ensure", "program"]))
        });
        self.maybe(
            &mut fields,
            "drift",
            |m| json!({ "onCalendar": "*-*-* 04:30", "mode": m.dice.pick(&["report", "repair"]) }),
        );
        self.maybe(&mut fields, "lockTimeout", |m| {
            json!(m.dice.pick(&["0", "5s", "1min"]))
        });
        self.maybe(&mut fields, "statementTimeout", |_| json!("1h"));
        self.maybe(&mut fields, "removed", |_| {
            json!({ "databases": ["gone's \"db\""], "roles": ["gone"], "dumpDirectory": "/var/backup" })
        });
        (!fields.is_empty()).then_some(Value::Object(fields))
    }

    fn rule(&mut self, names: &[String], mapped: bool) -> Value {
        let kind = *self.dice.pick(&[
            "local",
            "host",
            "hostssl",
            "hostnossl",
            "hostgssenc",
            "hostnogssenc",
        ]);
        let databases = match self.dice.below(8) {
            at @ 0..=3 => json!(["all", "sameuser", "samerole", "replication"][at]),
            4 if self.since(16) => json!([{ "regex": "^app_" }, self.dice.pick(names)]),
            5 => json!([self.dice.pick(names), self.dice.pick(names)]),
            _ => json!([self.dice.pick(names)]),
        };
        let users = match self.dice.below(6) {
            0 => json!("all"),
            1 => json!([{ "memberOf": self.dice.pick(names) }]),
            2 if self.since(16) => json!([{ "regex": "^a\"b" }]),
            _ => json!([self.dice.pick(names)]),
        };
        let methods: &[&str] = if kind == "local" {
            &["peer", "reject", "scram-sha-256", "md5", "trust"]
        } else {
            &["reject", "scram-sha-256", "md5", "trust", "ident"]
        };
        let method = *self.dice.pick(methods);
        let mut rule =
            json!({ "type": kind, "databases": databases, "users": users, "method": method });
        if kind != "local" {
            let address = match self.dice.below(4) {
                0 => *self.dice.pick(&["samehost", "samenet", "all"]),
                _ => *self.dice.pick(ADDRESSES),
            };
            rule["address"] = json!(address);
        }
        if mapped && matches!(method, "peer" | "ident") && self.dice.once_in(2) {
            rule["options"] = json!({ "map": "admins" });
        }
        rule
    }
}

impl Declarations {
    /// The declarations of a number.
    pub fn new(seed: u64) -> Declarations {
        let mut dice = Dice::new(seed);
        let version = match dice.below(8) {
            at @ 0..=4 => Some(14 + at as i64),
            _ => None,
        };
        let port = if dice.once_in(3) { 5433 } else { 5432 };
        let count = 1 + dice.below(4);
        let service_names = names(&mut dice, count);
        // Every service has its own, so that no two say something of the same role or database.
        let all_names = names(&mut dice, 6 * count);
        let namespace = *dice.pick(&[None, Some("qgroget"), Some("my.lab"), Some("a'b-c._d")]);
        let mut making = Making {
            dice,
            version,
            port,
        };
        let services: Vec<(String, Value)> = service_names
            .into_iter()
            .zip(all_names.chunks(6))
            .map(|(name, names)| (name, making.service(names)))
            .collect();
        let enabled = services
            .iter()
            .filter(|(_, service)| service["enable"] != json!(false));
        let known: Vec<String> = enabled
            .flat_map(|(_, service)| service["databases"].as_array().unwrap())
            .map(|database| database["name"].as_str().unwrap().to_owned())
            .collect();
        let known = if known.is_empty() {
            vec!["plain".to_owned()]
        } else {
            known
        };
        let instance = making.instance(&known);
        Declarations {
            seed,
            namespace,
            instance,
            services,
        }
    }

    /// The declarations as a project's files, spread, ordered and written as the dice say. `dbgen.toml` is first.
    pub fn files(&self, dice: &mut Dice) -> Vec<File> {
        let mut parts: Vec<(String, Value)> = Vec::new();
        for (name, service) in &self.services {
            parts.push((name.clone(), service.clone()));
            let databases = service["databases"].as_array().unwrap();
            if databases.len() > 1 && dice.once_in(3) {
                // The rest of it in another place.
                let (here, there) = databases.split_at(1 + dice.below(databases.len() - 1));
                parts.last_mut().unwrap().1["databases"] = json!(here);
                parts.push((name.clone(), json!({ "databases": there })));
            }
        }
        dice.shuffle(&mut parts);
        let mut files: Vec<(Map<String, Value>, bool)> = Vec::new();
        for (name, part) in parts {
            let open = files
                .iter_mut()
                .find(|(services, _)| !services.contains_key(&name));
            match open {
                Some((services, _)) if dice.once_in(2) => drop(services.insert(name, part)),
                _ => files.push((Map::from_iter([(name, part)]), false)),
            }
        }
        let mut instance = self.instance.clone();
        let mut project = json!({ "include": ["declared/*"] });
        if let Some(namespace) = self.namespace {
            project["namespace"] = json!(namespace);
        }
        let mut root = Map::from_iter([("project".to_owned(), project)]);
        if dice.once_in(2) {
            root.extend(
                instance
                    .take()
                    .map(|instance| ("instances".to_owned(), json!({ "main": instance }))),
            );
        }
        let mut written = vec![File {
            name: "dbgen.toml".into(),
            text: toml(&shuffled(&Value::Object(root), "", dice), dice),
        }];
        for (at, (services, _)) in files.into_iter().enumerate() {
            let mut root = Map::from_iter([("services".to_owned(), Value::Object(services))]);
            root.extend(
                instance
                    .take()
                    .map(|instance| ("instances".to_owned(), json!({ "main": instance }))),
            );
            let root = shuffled(&Value::Object(root), "", dice);
            let (ending, text) = match dice.below(3) {
                0 => ("toml", toml(&root, dice)),
                1 => ("json", json_text(&root, dice)),
                _ => ("nix", nix(&root, dice)),
            };
            written.push(File {
                name: format!("declared/{}{at}.{ending}", dice.below(100)),
                text,
            });
        }
        written
    }
}

/// Lists whose order says nothing.
const UNORDERED: &[&str] = &[
    "roles",
    "grants",
    "access",
    "defaultPrivileges",
    "extensions",
    "schemas",
    "units",
    "memberOf",
    "authentication",
    "identMap",
    "preloadLibraries",
    "clients",
    "users",
];

/// The same, with keys and lists that have no order in another order.
fn shuffled(value: &Value, key: &str, dice: &mut Dice) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields
                .iter()
                .map(|(name, value)| (name.clone(), shuffled(value, name, dice)))
                .collect();
            dice.shuffle(&mut fields);
            Value::Object(Map::from_iter(fields))
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| shuffled(item, "", dice)).collect();
            let of_service =
                key == "databases" && items.iter().all(|item| item.get("type").is_some());
            if of_service
                || (UNORDERED.contains(&key)
                    && items
                        .iter()
                        .all(|item| item.is_object() || key != "schemas"))
            {
                dice.shuffle(&mut items);
            }
            Value::Array(items)
        }
        other => other.clone(),
    }
}

/// The fields of a table in any order.
fn entries<'v>(table: &'v Value, dice: &mut Dice) -> Vec<(&'v String, &'v Value)> {
    let mut entries: Vec<_> = table.as_object().unwrap().iter().collect();
    dice.shuffle(&mut entries);
    entries
}

fn json_text(value: &Value, dice: &mut Dice) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| json_text(item, dice)).collect();
            format!("[{}]", items.join(",\n"))
        }
        Value::Object(_) => {
            let fields: Vec<String> = entries(value, dice)
                .into_iter()
                .map(|(name, value)| format!("{}: {}", json!(name), json_text(value, dice)))
                .collect();
            format!("{{ {} }}", fields.join(",\n"))
        }
        other => other.to_string(),
    }
}

fn toml_string(text: &str, dice: &mut Dice) -> String {
    let literal = !text.contains('\'') && !text.chars().any(char::is_control);
    if literal && dice.once_in(3) {
        return format!("'{text}'");
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() || dice.once_in(40) => {
                quoted.push_str(&format!("\\U{:08X}", u32::from(c)))
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

fn is_bare(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

fn toml_key(name: &str, dice: &mut Dice) -> String {
    if is_bare(name) {
        name.to_owned()
    } else {
        toml_string(name, dice)
    }
}

/// A table of tables by headers, what is deeper in line.
fn toml(root: &Value, dice: &mut Dice) -> String {
    let mut text = String::new();
    for (section, tables) in entries(root, dice) {
        if section == "project" {
            text += &toml_table("project", tables, dice);
            continue;
        }
        for (name, fields) in entries(tables, dice) {
            let header = format!("{section}.{}", toml_key(name, dice));
            text += &toml_table(&header, fields, dice);
        }
    }
    text
}

fn toml_table(header: &str, fields: &Value, dice: &mut Dice) -> String {
    let is_tables = |value: &Value| {
        value
            .as_array()
            .is_some_and(|items| !items.is_empty() && items.iter().all(Value::is_object))
    };
    let by_header = dice.once_in(2);
    let (later, now): (Vec<_>, Vec<_>) = entries(fields, dice)
        .into_iter()
        .partition(|(_, value)| by_header && is_tables(value));
    let mut text = format!("[{header}]\n");
    for (name, value) in now {
        text += &format!("{} = {}\n", toml_key(name, dice), toml_inline(value, dice));
    }
    for (name, tables) in later {
        for table in tables.as_array().unwrap() {
            text += &format!("\n[[{header}.{}]]\n", toml_key(name, dice));
            for (name, value) in entries(table, dice) {
                text += &format!("{} = {}\n", toml_key(name, dice), toml_inline(value, dice));
            }
        }
    }
    text + "\n"
}

fn toml_inline(value: &Value, dice: &mut Dice) -> String {
    match value {
        Value::String(text) => toml_string(text, dice),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| toml_inline(item, dice)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(_) => {
            let fields: Vec<String> = entries(value, dice)
                .into_iter()
                .map(|(name, value)| {
                    format!("{} = {}", toml_key(name, dice), toml_inline(value, dice))
                })
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
        other => other.to_string(),
    }
}

const NIX_KEYWORDS: &[&str] = &[
    "assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with",
];

fn nix_string(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace("${", "\\${")
        .replace('\r', "\\r");
    format!("\"{escaped}\"")
}

/// A function of an attribute set, or the set alone.
fn nix(root: &Value, dice: &mut Dice) -> String {
    let head = *dice.pick(&["", "{ lib, ... }:\n", "{ config, ... }@args:\n", "args:\n"]);
    format!("{head}{}\n", nix_value(root, dice))
}

fn nix_value(value: &Value, dice: &mut Dice) -> String {
    match value {
        Value::String(text) => nix_string(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| nix_value(item, dice)).collect();
            format!("[ {} ]", items.join(" "))
        }
        Value::Object(_) => {
            let mut text = String::from("{ ");
            for (name, value) in entries(value, dice) {
                let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && is_bare(name)
                    && !NIX_KEYWORDS.contains(&name.as_str());
                let name = if is_name && !dice.once_in(5) {
                    name.clone()
                } else {
                    nix_string(name)
                };
                // A table of one field by its path.
                match value
                    .as_object()
                    .filter(|inner| inner.len() == 1 && dice.once_in(2))
                {
                    Some(inner) => {
                        let (inner_name, inner_value) = inner.iter().next().unwrap();
                        text += &format!(
                            "{name}.{} = {}; ",
                            nix_string(inner_name),
                            nix_value(inner_value, dice)
                        );
                    }
                    None => text += &format!("{name} = {}; ", nix_value(value, dice)),
                }
            }
            text + "}"
        }
        other => other.to_string(),
    }
}
