//! Every field that a declaration may have. This table is the only place where a field is introduced.

use super::shape::{Field, Kind, Shape};

const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field {
        name,
        kind,
        required: true,
        default: "",
        doc,
    }
}

const fn optional(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    doc: &'static str,
) -> Field {
    Field {
        name,
        kind,
        required: false,
        default,
        doc,
    }
}

/// What becomes of what is found and not declared.
const CONVERGE: Kind = Kind::Enum(&["additive", "authoritative"]);
/// What becomes of the services that use a database.
const ON_CHANGE: Kind = Kind::Enum(&["restart", "reload", "none"]);
const STRINGS: Kind = Kind::List(&Kind::String);
const SETTINGS: Kind = Kind::Map(&Kind::Setting);

/// The project file `dbgen.toml`.
pub static PROJECT_FILE: Shape = Shape {
    name: "project file",
    doc: "The project file dbgen.toml.",
    fields: &[
        optional(
            "project",
            Kind::Table(&PROJECT),
            "",
            "Settings of the project; only in dbgen.toml.",
        ),
        optional(
            "instances",
            Kind::Map(&Kind::Table(&INSTANCE)),
            "",
            "PostgreSQL servers by name; `main` is the one of services.postgresql.",
        ),
        optional(
            "services",
            Kind::Map(&Kind::Table(&SERVICE)),
            "{}",
            "Services by name.",
        ),
    ],
    example: "[project]\ninclude = [\"services/*.toml\"]\noutput = \"postgresql.nix\"",
};

/// A declaration file that holds several services.
pub static FILE: Shape = Shape {
    name: "declaration file",
    doc: "A declaration file.",
    fields: &[
        optional(
            "instances",
            Kind::Map(&Kind::Table(&INSTANCE)),
            "",
            "PostgreSQL servers by name; `main` is the one of services.postgresql.",
        ),
        optional(
            "services",
            Kind::Map(&Kind::Table(&SERVICE)),
            "{}",
            "Services by name.",
        ),
    ],
    example: "[[services.immich.databases]]\ntype = \"postgresql\"\nname = \"immich\"\nuser = \"immich\"",
};

static PROJECT: Shape = Shape {
    name: "project",
    doc: "Settings of the project.",
    fields: &[
        optional(
            "namespace",
            Kind::String,
            "\"qgroget\"",
            "The option path below which the module exposes `databases.postgresql`; names joined by dots.",
        ),
        optional(
            "include",
            STRINGS,
            "[]",
            "Globs of the declaration files, relative to dbgen.toml.",
        ),
        optional(
            "output",
            Kind::String,
            "",
            "The module's path, relative to dbgen.toml.",
        ),
    ],
    example: "[project]\ninclude = [\"services/*.toml\"]\noutput = \"postgresql.nix\"",
};

/// One service.
pub static SERVICE: Shape = Shape {
    name: "service",
    doc: "A service and what it needs of PostgreSQL.",
    fields: &[
        optional(
            "enable",
            Kind::Bool,
            "true",
            "Whether the service is in use; false: nothing of it is provisioned, but it is still checked.",
        ),
        optional(
            "databases",
            Kind::List(&Kind::Table(&DATABASE)),
            "[]",
            "The databases of the service.",
        ),
        optional(
            "roles",
            Kind::List(&Kind::Table(&ROLE)),
            "[]",
            "Further roles, or more about the roles that the databases name as `user`.",
        ),
        optional(
            "unixUser",
            Kind::String,
            "",
            "The Unix user that the service runs as: may log in over the socket as `user` without a password (peer).",
        ),
        optional(
            "units",
            STRINGS,
            "[]",
            "The systemd units that use the databases, such as `immich-server.service`: they start when the databases can be used, and not without them.",
        ),
        optional(
            "onChange",
            ON_CHANGE,
            "\"restart\"",
            "What becomes of the services among `units` when the connection or a password changes.",
        ),
        optional(
            "connection",
            Kind::Table(&CONNECTION),
            "",
            "Files that tell the service how to connect; each field holds for the databases that leave it unsaid.",
        ),
    ],
    example: "[[services.immich.databases]]\ntype = \"postgresql\"\nname = \"immich\"\nuser = \"immich\"",
};

/// One database.
pub static DATABASE: Shape = Shape {
    name: "database",
    doc: "A database that a service needs.",
    fields: &[
        required("type", Kind::Enum(&["postgresql"]), "The kind of server."),
        required(
            "name",
            Kind::String,
            "The database's name; unique over all enabled services.",
        ),
        required(
            "user",
            Kind::String,
            "The role that the service logs in as; the owner unless `owner` says otherwise.",
        ),
        optional(
            "port",
            Kind::Integer,
            "5432",
            "The server's port; all databases of one server agree.",
        ),
        optional(
            "extraConfig",
            SETTINGS,
            "{}",
            "Server parameters for this database (ALTER DATABASE ... SET).",
        ),
        optional(
            "owner",
            Kind::String,
            "`user`",
            "The role that owns the database.",
        ),
        optional(
            "encoding",
            Kind::String,
            "the server's",
            "The character set, such as `UTF8` (ENCODING).",
        ),
        optional(
            "locale",
            Kind::String,
            "the server's",
            "Sets `collate`, `ctype` and the locale of the provider at once (LOCALE).",
        ),
        optional(
            "collate",
            Kind::String,
            "the server's",
            "The sort order (LC_COLLATE).",
        ),
        optional(
            "ctype",
            Kind::String,
            "the server's",
            "The character classification (LC_CTYPE).",
        ),
        optional(
            "localeProvider",
            Kind::Enum(&["libc", "icu", "builtin"]),
            "the server's",
            "Where the locale comes from (LOCALE_PROVIDER): icu from 15, builtin from 17.",
        ),
        optional(
            "icuLocale",
            Kind::String,
            "",
            "The ICU locale, such as `de-DE` (ICU_LOCALE); needs localeProvider = \"icu\".",
        ),
        optional(
            "icuRules",
            Kind::String,
            "",
            "Tailoring rules for the ICU collation (ICU_RULES); from 16.",
        ),
        optional(
            "builtinLocale",
            Kind::Enum(&["C", "C.UTF-8", "PG_UNICODE_FAST"]),
            "",
            "The builtin provider's locale (BUILTIN_LOCALE); from 17.",
        ),
        optional(
            "template",
            Kind::String,
            "\"template1\"",
            "The database that is copied (TEMPLATE).",
        ),
        optional(
            "tablespace",
            Kind::String,
            "the template's",
            "The default tablespace (TABLESPACE).",
        ),
        optional(
            "connectionLimit",
            Kind::Integer,
            "-1",
            "How many connections at once, -1 for no limit (CONNECTION LIMIT).",
        ),
        optional("comment", Kind::String, "", "A comment on the database."),
        optional(
            "extensions",
            Kind::List(&Kind::OneOf(&[Kind::String, Kind::Table(&EXTENSION)])),
            "[]",
            "Extensions, by name or with details.",
        ),
        optional(
            "schemas",
            Kind::List(&Kind::OneOf(&[Kind::String, Kind::Table(&SCHEMA)])),
            "[]",
            "Schemas beside `public`, by name or with an owner.",
        ),
        optional(
            "grants",
            Kind::List(&Kind::Table(&GRANT)),
            "[]",
            "Privileges on objects of this database.",
        ),
        optional(
            "access",
            Kind::List(&Kind::Table(&ACCESS)),
            "[]",
            "Ready-made sets of privileges for a role in this database.",
        ),
        optional(
            "defaultPrivileges",
            Kind::List(&Kind::Table(&DEFAULT_PRIVILEGE)),
            "[]",
            "Privileges on objects that a role creates later (ALTER DEFAULT PRIVILEGES).",
        ),
        optional(
            "roleSettings",
            Kind::Map(&SETTINGS),
            "{}",
            "Server parameters for a role in this database (ALTER ROLE ... IN DATABASE ... SET), by role.",
        ),
        optional(
            "password",
            Kind::Table(&PASSWORD),
            "",
            "Where the password of `user` comes from; never the password itself.",
        ),
        optional(
            "loopback",
            Kind::Bool,
            "true",
            "Whether `user` may log in over 127.0.0.1 and ::1 with its password; false: the connection's `host` is the socket directory.",
        ),
        optional(
            "clients",
            Kind::List(&Kind::OneOf(&[Kind::String, Kind::Table(&CLIENT)])),
            "[]",
            "Further addresses that may connect, as CIDR, address or host name, or with details.",
        ),
        optional(
            "unixUser",
            Kind::String,
            "the service's",
            "The Unix user that may log in over the socket as `user` without a password (peer).",
        ),
        optional(
            "units",
            STRINGS,
            "the service's",
            "The systemd units that use this database: they start when it can be used, and not without it.",
        ),
        optional(
            "onChange",
            ON_CHANGE,
            "the service's",
            "What becomes of the services among `units` when the connection or a password changes.",
        ),
        optional(
            "converge",
            CONVERGE,
            "the instance's",
            "What becomes of privileges and settings that are found in this database and not declared.",
        ),
        optional(
            "public",
            Kind::Enum(&["revoke", "keep"]),
            "\"revoke\"",
            "What becomes of the privileges that PUBLIC has in this database, those that the server gives it included, where they are not declared for `public`. What is created later is closed to PUBLIC where the owner, `user`, an owner of a schema, a role with the preset owner or a `creator` of default privileges creates it, not where a role does that was only granted CREATE. \"keep\" leaves them alone and reports them, also where `converge` is \"authoritative\".",
        ),
        optional(
            "hooks",
            Kind::Table(&HOOKS),
            "{}",
            "SQL that runs in the transaction that makes the contents of this database what is declared.",
        ),
        optional(
            "connection",
            Kind::Table(&CONNECTION),
            "the service's",
            "Files that tell the service how to connect.",
        ),
    ],
    example: "[[services.immich.databases]]\ntype = \"postgresql\"\nname = \"immich\"\nuser = \"immich\"",
};

/// One role.
pub static ROLE: Shape = Shape {
    name: "role",
    doc: "A role of the server.",
    fields: &[
        required("name", Kind::String, "The role's name."),
        optional(
            "login",
            Kind::Bool,
            "false, and true for a database's `user`",
            "May log in (LOGIN).",
        ),
        optional(
            "superuser",
            Kind::Bool,
            "false",
            "Passes every permission check (SUPERUSER).",
        ),
        optional(
            "createdb",
            Kind::Bool,
            "false",
            "May create databases (CREATEDB).",
        ),
        optional(
            "createrole",
            Kind::Bool,
            "false",
            "May create roles (CREATEROLE).",
        ),
        optional(
            "inherit",
            Kind::Bool,
            "true",
            "Has the privileges of the roles it is a member of (INHERIT).",
        ),
        optional(
            "replication",
            Kind::Bool,
            "false",
            "May stream the write-ahead log (REPLICATION).",
        ),
        optional(
            "bypassrls",
            Kind::Bool,
            "false",
            "Passes row-level security (BYPASSRLS).",
        ),
        optional(
            "connectionLimit",
            Kind::Integer,
            "-1",
            "How many connections at once, -1 for no limit.",
        ),
        optional(
            "validUntil",
            Kind::String,
            "",
            "When the password expires: `2027-01-31`, `2027-01-31 12:00:00+00`, or `infinity`.",
        ),
        optional(
            "memberOf",
            Kind::List(&Kind::OneOf(&[Kind::String, Kind::Table(&MEMBERSHIP)])),
            "[]",
            "The roles it is a member of, by name or with options.",
        ),
        optional(
            "settings",
            SETTINGS,
            "{}",
            "Server parameters for this role (ALTER ROLE ... SET).",
        ),
        optional("comment", Kind::String, "", "A comment on the role."),
        optional(
            "password",
            Kind::Table(&PASSWORD),
            "",
            "Where its password comes from; never the password itself.",
        ),
        optional(
            "unixUser",
            Kind::String,
            "",
            "The Unix user that may log in over the socket as this role without a password (peer).",
        ),
    ],
    example: "[[services.immich.roles]]\nname = \"immich_reader\"\nlogin = true",
};

static MEMBERSHIP: Shape = Shape {
    name: "membership",
    doc: "A membership with its options.",
    fields: &[
        required("role", Kind::String, "The role whose member it becomes."),
        optional(
            "admin",
            Kind::Bool,
            "false",
            "May pass the membership on (WITH ADMIN).",
        ),
        optional(
            "inherit",
            Kind::Bool,
            "the member's `inherit`",
            "Has its privileges without SET ROLE (WITH INHERIT); from 16.",
        ),
        optional(
            "set",
            Kind::Bool,
            "true",
            "May SET ROLE to it (WITH SET); from 16.",
        ),
    ],
    example: "memberOf = [ { role = \"pg_monitor\", set = false } ]",
};

/// Where a password comes from.
pub static PASSWORD: Shape = Shape {
    name: "password source",
    doc: "Where a password comes from: exactly one of `file`, `sops`, `agenix` and `generate`. One line end at the end of the file, LF or CRLF, is not part of the password; what is left may also be its SCRAM-SHA-256 verifier.",
    fields: &[
        optional(
            "file",
            Kind::String,
            "",
            "Absolute path on the host of a file that holds the password, such as `/run/secrets/immich`.",
        ),
        optional(
            "sops",
            Kind::String,
            "",
            "Name of a sops-nix secret: `config.sops.secrets.<name>.path`.",
        ),
        optional(
            "agenix",
            Kind::String,
            "",
            "Name of an agenix secret: `config.age.secrets.<name>.path`.",
        ),
        optional(
            "generate",
            Kind::Bool,
            "false",
            "Let the host make one and keep it in a file of its own, below /var/lib/dbgen/passwords.",
        ),
        optional(
            "group",
            Kind::String,
            "the server's",
            "With `generate`: the group of that file. It must be one of `users.groups`.",
        ),
        optional(
            "mode",
            Kind::Enum(&["0400", "0440"]),
            "`0400`, and `0440` with `group`",
            "With `generate`: the permissions of that file.",
        ),
    ],
    example: "password = { file = \"/run/secrets/immich\" }",
};

static EXTENSION: Shape = Shape {
    name: "extension",
    doc: "An extension with details.",
    fields: &[
        required(
            "name",
            Kind::String,
            "The extension's name, as in CREATE EXTENSION.",
        ),
        optional(
            "schema",
            Kind::String,
            "`public`, or what the extension itself says",
            "The schema that holds its objects (SCHEMA). Without it an extension is created in `public`, unless its control file names another schema; one that is there stays where it is.",
        ),
        optional(
            "version",
            Kind::String,
            "the installed default",
            "The version.",
        ),
        optional(
            "cascade",
            Kind::Bool,
            "false",
            "Creates the extensions that it needs too (CASCADE).",
        ),
        optional(
            "package",
            Kind::String,
            "known for the common ones",
            "The attribute of `postgresqlPackages` that provides it.",
        ),
        optional(
            "preload",
            Kind::OneOf(&[Kind::String, Kind::Bool]),
            "known for the common ones",
            "The library that it needs in shared_preload_libraries; false for none.",
        ),
    ],
    example: "extensions = [ { name = \"vector\", schema = \"public\" } ]",
};

static SCHEMA: Shape = Shape {
    name: "schema",
    doc: "A schema with its owner.",
    fields: &[
        required("name", Kind::String, "The schema's name."),
        optional(
            "owner",
            Kind::String,
            "the database's owner",
            "The role that owns it.",
        ),
    ],
    example: "schemas = [ { name = \"app\", owner = \"immich\" } ]",
};

static GRANT: Shape = Shape {
    name: "grant",
    doc: "Privileges of one role on objects of one kind.",
    fields: &[
        required(
            "role",
            Kind::String,
            "The role that gets them, or `public` for everybody.",
        ),
        required(
            "privileges",
            STRINGS,
            "Privileges by their SQL names, such as `SELECT`, or `ALL`.",
        ),
        required(
            "on",
            Kind::OneOf(&[Kind::Enum(&["database"]), Kind::Table(&TARGET)]),
            "The objects: `\"database\"` for the database itself, or a table with one kind of object.",
        ),
        optional(
            "withGrantOption",
            Kind::Bool,
            "false",
            "May pass them on (WITH GRANT OPTION).",
        ),
    ],
    example: "grants = [ { role = \"reader\", privileges = [\"SELECT\"], on = { table = \"public.*\" } } ]",
};

const PATTERNS: Kind = Kind::OneOf(&[Kind::String, STRINGS]);

static TARGET: Shape = Shape {
    name: "target",
    doc: "The objects of a grant: exactly one kind. `schema.*` means all of the schema; a pattern that names one object narrows the wildcard for the same role. `schema.*` of tables, sequences, routines and types also holds for what the owner, `user` and the schema's owner create there later; of functions, procedures and domains only for what is there, because default privileges can't tell functions from procedures, nor domains from other types. A role gets CONNECT and USAGE of the schema with it; `public` gets neither, and needs grants of its own for them.",
    fields: &[
        optional("schema", PATTERNS, "", "Schemas."),
        optional(
            "table",
            PATTERNS,
            "",
            "Tables, views, materialised views, foreign tables: `schema.name` or `schema.*`.",
        ),
        optional("columns", STRINGS, "", "With `table`: only these columns."),
        optional("sequence", PATTERNS, "", "Sequences."),
        optional(
            "function",
            PATTERNS,
            "",
            "Functions: `schema.name(type, ...)` or `schema.*`.",
        ),
        optional("procedure", PATTERNS, "", "Procedures."),
        optional("routine", PATTERNS, "", "Functions and procedures."),
        optional("type", PATTERNS, "", "Types."),
        optional("domain", PATTERNS, "", "Domains."),
        optional("language", PATTERNS, "", "Procedural languages."),
        optional("foreignDataWrapper", PATTERNS, "", "Foreign-data wrappers."),
        optional("foreignServer", PATTERNS, "", "Foreign servers."),
        optional("tablespace", PATTERNS, "", "Tablespaces."),
        optional(
            "parameter",
            PATTERNS,
            "",
            "Server parameters (GRANT ... ON PARAMETER); from 15.",
        ),
        optional(
            "largeObject",
            PATTERNS,
            "",
            "Large objects by their number.",
        ),
    ],
    example: "on = { table = \"public.*\" }",
};

static ACCESS: Shape = Shape {
    name: "access",
    doc: "A ready-made set of privileges.",
    fields: &[
        required("role", Kind::String, "The role that gets them."),
        required(
            "preset",
            Kind::Enum(&["read-only", "read-write", "owner"]),
            "read-only: CONNECT, USAGE of the schemas, SELECT on tables and sequences; read-write: also TEMPORARY, INSERT, UPDATE, DELETE, USAGE of sequences and EXECUTE on all routines; owner: CONNECT, TEMPORARY and everything on the schemas. Future objects included, as far as the owner, `user`, the schema's owner or a role with the preset owner creates them.",
        ),
        optional(
            "schemas",
            STRINGS,
            "`public` and the declared ones",
            "The schemas it holds for.",
        ),
    ],
    example: "access = [ { role = \"reader\", preset = \"read-only\" } ]",
};

static DEFAULT_PRIVILEGE: Shape = Shape {
    name: "default privilege",
    doc: "Privileges on what one role creates later.",
    fields: &[
        optional(
            "creator",
            Kind::String,
            "the database's owner",
            "The role that creates the objects (FOR ROLE).",
        ),
        optional(
            "schema",
            Kind::String,
            "every schema",
            "Only for objects in this schema (IN SCHEMA).",
        ),
        required(
            "on",
            Kind::Enum(&["tables", "sequences", "routines", "types", "schemas"]),
            "The kind of object.",
        ),
        required(
            "role",
            Kind::String,
            "The role that gets them, or `public`.",
        ),
        required(
            "privileges",
            STRINGS,
            "Privileges by their SQL names, or `ALL`.",
        ),
        optional("withGrantOption", Kind::Bool, "false", "May pass them on."),
    ],
    example: "defaultPrivileges = [ { schema = \"public\", on = \"tables\", role = \"reader\", privileges = [\"SELECT\"] } ]",
};

static HOOKS: Shape = Shape {
    name: "hooks",
    doc: "SQL for what has no field of its own. It is part of the plan, and runs again only when its `unless` says that it must.",
    fields: &[
        optional(
            "before",
            Kind::List(&Kind::Table(&HOOK)),
            "[]",
            "What runs before schemas, extensions and privileges are looked at, in this order. A plan tells of those as they are without it.",
        ),
        optional(
            "after",
            Kind::List(&Kind::Table(&HOOK)),
            "[]",
            "What runs after them, in this order.",
        ),
    ],
    example: "[[services.immich.databases.hooks.after]]\nsql = \"CREATE PUBLICATION everything FOR ALL TABLES\"\nunless = \"SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = 'everything')\"",
};

static HOOK: Shape = Shape {
    name: "hook",
    doc: "SQL that runs unless it is already done. Without a `role` only PostgreSQL's own things have names without a schema (`search_path = pg_catalog, pg_temp`); with one the path is `\"$user\", public`. It is never what the database or the role has set.",
    fields: &[
        required(
            "sql",
            Kind::String,
            "One statement or several, without BEGIN, COMMIT and the like: they run in the transaction of everything else in the database.",
        ),
        required(
            "unless",
            Kind::String,
            "A query. When the first value of its first row is true, there is nothing to do, so that a second run executes nothing.",
        ),
        optional(
            "role",
            Kind::String,
            "the superuser that runs the program",
            "The role that runs `sql` and `unless` (SET ROLE), and that owns what it creates. It is no wall: code that they call can return to the superuser (RESET ROLE). With or without it a hook must call no function and read no view that belongs to somebody less trusted than a superuser.",
        ),
    ],
    example: "[[services.immich.databases.hooks.before]]\nsql = \"CREATE TYPE public.mood AS ENUM ('sad', 'ok', 'happy')\"\nunless = \"SELECT to_regtype('public.mood') IS NOT NULL\"\nrole = \"immich\"",
};

static CONNECTION: Shape = Shape {
    name: "connection",
    doc: "Files below `/run/dbgen/connections` that tell a service how to connect, with the password where it needs one. They belong to the service alone. Each further role that logs in and has privileges in the database has files of its own.",
    fields: &[
        optional(
            "environment",
            Kind::OneOf(&[Kind::Bool, Kind::Table(&ENVIRONMENT)]),
            "false",
            "A file of variables for EnvironmentFile of systemd: DATABASE_URL, DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD.",
        ),
        optional(
            "pgpass",
            Kind::Bool,
            "false",
            "A password file of libpq, for PGPASSFILE.",
        ),
        optional(
            "serviceFile",
            Kind::Bool,
            "false",
            "A connection service file of libpq, for PGSERVICEFILE; its entry is named like the service.",
        ),
        optional(
            "socket",
            Kind::Bool,
            "true with a Unix user or without a password",
            "Whether the files lead to the socket, where a Unix user needs no password, or to localhost.",
        ),
        optional(
            "owner",
            Kind::String,
            "the Unix user",
            "The Unix user that the files belong to.",
        ),
        optional(
            "group",
            Kind::String,
            "the owner's",
            "The group of the files.",
        ),
        optional(
            "mode",
            Kind::String,
            "\"0400\"",
            "The permissions of the files, in octal digits.",
        ),
    ],
    example: "connection = { environment = true, pgpass = true }",
};

static ENVIRONMENT: Shape = Shape {
    name: "environment file",
    doc: "A file of variables.",
    fields: &[
        optional(
            "prefix",
            Kind::String,
            "\"\"",
            "What stands before the usual names, such as `IMMICH_`.",
        ),
        optional(
            "names",
            Kind::Table(&VARIABLES),
            "{}",
            "Other names in place of the usual ones, without prefix; an empty one leaves the variable out.",
        ),
        optional(
            "template",
            Kind::String,
            "",
            "The text of the whole file: `@DB_USER@` stands for the value itself, `@DB_USER:url@` for what may stand in a URL, and `@DB_USER:quoted@` for a value in a file of variables.",
        ),
    ],
    example: "environment = { names = { DB_HOST = \"POSTGRES_HOST\", DATABASE_URL = \"\" } }",
};

static VARIABLES: Shape = Shape {
    name: "variable",
    doc: "The names of variables.",
    fields: &[
        optional(
            "DATABASE_URL",
            Kind::String,
            "",
            "The URL, with the password.",
        ),
        optional(
            "DB_HOST",
            Kind::String,
            "",
            "`localhost`, or the directory of the socket.",
        ),
        optional("DB_PORT", Kind::String, "", "The port."),
        optional("DB_NAME", Kind::String, "", "The database."),
        optional("DB_USER", Kind::String, "", "The role."),
        optional(
            "DB_PASSWORD",
            Kind::String,
            "",
            "The password; left out where the Unix user is proof enough.",
        ),
        optional(
            "JDBC_URL",
            Kind::String,
            "left out",
            "The URL of JDBC, always over localhost, and without user and password.",
        ),
    ],
    example: "names = { DB_HOST = \"PGHOST\" }",
};

static CLIENT: Shape = Shape {
    name: "client",
    doc: "Addresses that may connect, with details.",
    fields: &[
        required(
            "address",
            Kind::String,
            "CIDR, address, host name, or `.suffix`; `localhost` means 127.0.0.1 and ::1.",
        ),
        optional(
            "users",
            STRINGS,
            "`user`",
            "The roles that may log in from there.",
        ),
        optional(
            "method",
            Kind::Enum(METHODS),
            "\"scram-sha-256\"",
            "How they prove who they are.",
        ),
        optional("tls", Kind::Bool, "false", "Only over TLS (hostssl)."),
    ],
    example: "clients = [ { address = \"10.20.0.0/16\", tls = true } ]",
};

/// Authentication methods that a rule may name (PostgreSQL 14 to 18).
const METHODS: &[&str] = &[
    "scram-sha-256",
    "peer",
    "cert",
    "reject",
    "md5",
    "password",
    "trust",
    "ident",
    "gss",
    "sspi",
    "ldap",
    "radius",
    "pam",
    "bsd",
    "oauth",
];

/// One server.
pub static INSTANCE: Shape = Shape {
    name: "instance",
    doc: "A PostgreSQL server.",
    fields: &[
        optional(
            "version",
            Kind::Integer,
            "",
            "The server's major version, 14 to 18: what it lacks is then a finding.",
        ),
        optional(
            "socketDirectory",
            Kind::String,
            "\"/run/postgresql\"",
            "The directory of the server's socket; beside NixOS' own, and it must be there before the server starts.",
        ),
        optional(
            "preloadLibraries",
            STRINGS,
            "[]",
            "Libraries for shared_preload_libraries beside those that the extensions need.",
        ),
        optional(
            "authentication",
            Kind::List(&Kind::Table(&RULE)),
            "[]",
            "Further pg_hba rules; dbgen sorts the most specific first.",
        ),
        optional(
            "identMap",
            Kind::List(&Kind::Table(&IDENT)),
            "[]",
            "Lines for pg_ident: which Unix user may log in as which role.",
        ),
        optional(
            "converge",
            CONVERGE,
            "\"additive\"",
            "What becomes of privileges, memberships, role attributes and settings that are found and not declared: additive reports them, authoritative takes them away. Objects, roles and databases always stay.",
        ),
        optional(
            "creation",
            Kind::Enum(&["ensure", "program"]),
            "\"ensure\"",
            "Who creates databases and roles: nixpkgs' `ensureDatabases` and `ensureUsers` as far as they can, or the provisioning program alone, which is faster.",
        ),
        optional(
            "removed",
            Kind::Table(&REMOVED),
            "{}",
            "Databases and roles that shall no longer be there. They stay until `dbgen apply --remove`.",
        ),
        optional(
            "drift",
            Kind::Table(&DRIFT),
            "",
            "Looks from time to time whether the server is still what is declared; without it only when the server or the declarations change.",
        ),
        optional(
            "lockTimeout",
            Kind::String,
            "\"30s\"",
            "How long the provisioning program waits for a lock (`lock_timeout`).",
        ),
        optional(
            "statementTimeout",
            Kind::String,
            "\"10min\"",
            "How long a statement of the provisioning program may take (`statement_timeout`).",
        ),
    ],
    example: "[instances.main]\nversion = 17",
};

static REMOVED: Shape = Shape {
    name: "removal",
    doc: "What shall no longer be there. Whatever else is not declared stays, always; this is removed by `dbgen apply --remove` alone, a database after a dump that was restored and compared (docs/removal.md).",
    fields: &[
        optional(
            "databases",
            STRINGS,
            "[]",
            "Databases to drop once their dump is verified.",
        ),
        optional(
            "roles",
            STRINGS,
            "[]",
            "Roles to drop, which own nothing and have no privileges any more.",
        ),
        optional(
            "dumpDirectory",
            Kind::String,
            "",
            "Absolute path of the directory for the dumps, on the host that runs `dbgen apply`; needed for `databases`.",
        ),
    ],
    example: "[instances.main]\nremoved = { databases = [\"old\"], roles = [\"old\"], dumpDirectory = \"/var/backup/dbgen\" }",
};

static DRIFT: Shape = Shape {
    name: "drift",
    doc: "A timer that compares the server with the declarations.",
    fields: &[
        optional(
            "onCalendar",
            Kind::String,
            "\"hourly\"",
            "When, as a calendar event of systemd (systemd.time(7)).",
        ),
        optional(
            "mode",
            Kind::Enum(&["report", "repair"]),
            "\"report\"",
            "report writes the differences to the journal and the metrics; repair puts them right as well. Where the provisioning has failed, the timer first tries that again.",
        ),
    ],
    example: "[instances.main]\ndrift = { onCalendar = \"*-*-* 04:30\", mode = \"repair\" }",
};

static RULE: Shape = Shape {
    name: "authentication rule",
    doc: "A rule of pg_hba.conf.",
    fields: &[
        required(
            "type",
            Kind::Enum(&[
                "local",
                "host",
                "hostssl",
                "hostnossl",
                "hostgssenc",
                "hostnogssenc",
            ]),
            "The kind of connection.",
        ),
        required(
            "databases",
            Kind::OneOf(&[
                Kind::Enum(&["all", "sameuser", "samerole", "replication"]),
                Kind::List(&Kind::OneOf(&[Kind::String, Kind::Table(&REGEX)])),
            ]),
            "A string is a keyword; a list holds names.",
        ),
        required(
            "users",
            Kind::OneOf(&[
                Kind::Enum(&["all"]),
                Kind::List(&Kind::OneOf(&[Kind::String, Kind::Table(&USER_TOKEN)])),
            ]),
            "A string is a keyword; a list holds names.",
        ),
        optional(
            "address",
            Kind::String,
            "",
            "For all but `local`: CIDR, address, host name, `.suffix`, `samehost`, `samenet` or `all`; `localhost` means 127.0.0.1 and ::1.",
        ),
        required(
            "method",
            Kind::Enum(METHODS),
            "How they prove who they are.",
        ),
        optional(
            "options",
            Kind::Map(&Kind::String),
            "{}",
            "Options of the method, such as `map`.",
        ),
    ],
    example: "[[instances.main.authentication]]\ntype = \"host\"\ndatabases = \"all\"\nusers = [\"admin\"]\naddress = \"10.0.0.6/32\"\nmethod = \"scram-sha-256\"",
};

static REGEX: Shape = Shape {
    name: "regular expression",
    doc: "A regular expression in place of a name; from 16.",
    fields: &[required(
        "regex",
        Kind::String,
        "The expression, without the leading slash.",
    )],
    example: "databases = [ { regex = \"^app_\" } ]",
};

static USER_TOKEN: Shape = Shape {
    name: "user",
    doc: "Members of a role, or a regular expression (from 16): exactly one of the fields.",
    fields: &[
        optional(
            "memberOf",
            Kind::String,
            "",
            "Every member of this role (`+role`).",
        ),
        optional(
            "regex",
            Kind::String,
            "",
            "The expression, without the leading slash.",
        ),
    ],
    example: "users = [ { memberOf = \"staff\" } ]",
};

static IDENT: Shape = Shape {
    name: "ident map line",
    doc: "A line of pg_ident.conf.",
    fields: &[
        required(
            "map",
            Kind::String,
            "The map's name, as in a rule's `options = { map = \"...\" }`.",
        ),
        required(
            "systemUser",
            Kind::String,
            "The Unix user; a leading slash makes it a regular expression.",
        ),
        required(
            "databaseUser",
            Kind::String,
            "The role; may use `\\1` of the expression.",
        ),
    ],
    example: "identMap = [ { map = \"admins\", systemUser = \"root\", databaseUser = \"postgres\" } ]",
};
