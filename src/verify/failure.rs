//! What libpq and the server say when a connection fails, told apart. They say it in English: psql runs in the C locale, and a server
//! whose lc_messages is another language is understood by what else is known of it.

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody listens there.
    NoListener,
    /// The socket's directory or the socket itself may not be used.
    SocketDenied,
    /// This host has no such address.
    NoAddress,
    /// No answer came.
    Unreachable,
    /// Whoever listens there is no PostgreSQL server, or ended.
    NoServer,
    /// No rule of pg_hba.conf matches.
    NoRule,
    /// A rule with the method reject matches.
    Rejected,
    /// The password is wrong, or the server has none, or it has expired: the server does not say which.
    Password,
    /// The server asks for a password, and none is known here.
    NoPassword,
    /// The Unix user may not be this role.
    Peer,
    /// Another method refuses.
    Authentication,
    /// There is no such role.
    NoRole,
    /// The role has no LOGIN.
    NoLogin,
    /// There is no such database.
    NoDatabase,
    /// The database takes no connections.
    DatabaseClosed,
    /// The role has no CONNECT on the database.
    NoConnect,
    /// The connection limit of the role.
    RoleLimit,
    /// The connection limit of the database.
    DatabaseLimit,
    /// max_connections.
    ServerLimit,
    /// The server starts.
    StartingUp,
    /// The server stops.
    ShuttingDown,
    /// Anything else.
    Unknown,
}

/// The words that tell, the more telling ones first.
const WORDS: &[(&str, Failure)] = &[
    ("no pg_hba.conf entry for", Failure::NoRule),
    ("pg_hba.conf rejects", Failure::Rejected),
    ("password authentication failed", Failure::Password),
    ("no password supplied", Failure::NoPassword),
    ("Peer authentication failed", Failure::Peer),
    ("authentication failed for user", Failure::Authentication),
    ("is not permitted to log in", Failure::NoLogin),
    ("permission denied for database", Failure::NoConnect),
    ("too many connections for role", Failure::RoleLimit),
    ("too many connections for database", Failure::DatabaseLimit),
    ("too many clients already", Failure::ServerLimit),
    ("connection slots are reserved", Failure::ServerLimit),
    (
        "not currently accepting connections",
        Failure::DatabaseClosed,
    ),
    (
        "cannot connect to invalid database",
        Failure::DatabaseClosed,
    ),
    (
        "the database system is shutting down",
        Failure::ShuttingDown,
    ),
    ("the database system is ", Failure::StartingUp),
    ("Connection refused", Failure::NoListener),
    ("No such file or directory", Failure::NoListener),
    ("Permission denied", Failure::SocketDenied),
    ("Cannot assign requested address", Failure::NoAddress),
    ("Address family not supported", Failure::NoAddress),
    ("Network is unreachable", Failure::NoAddress),
    ("timeout expired", Failure::Unreachable),
    ("No route to host", Failure::Unreachable),
    (
        "server closed the connection unexpectedly",
        Failure::NoServer,
    ),
    ("received invalid response", Failure::NoServer),
    ("expected authentication request", Failure::NoServer),
];

impl Failure {
    /// What a message says.
    pub fn of(message: &str) -> Failure {
        // Of several attempts, encrypted and not, the last counts.
        let lines = message.lines().rev();
        let known = lines.filter_map(of_line);
        known.into_iter().next().unwrap_or(Failure::Unknown)
    }

    /// The word that stands for it.
    pub fn code(self) -> &'static str {
        match self {
            Failure::NoListener => "no-listener",
            Failure::SocketDenied => "socket-denied",
            Failure::NoAddress => "no-address",
            Failure::Unreachable => "unreachable",
            Failure::NoServer => "no-server",
            Failure::NoRule => "no-rule",
            Failure::Rejected => "rejected",
            Failure::Password => "password",
            Failure::NoPassword => "no-password",
            Failure::Peer => "peer",
            Failure::Authentication => "authentication",
            Failure::NoRole => "no-role",
            Failure::NoLogin => "no-login",
            Failure::NoDatabase => "no-database",
            Failure::DatabaseClosed => "database-closed",
            Failure::NoConnect => "no-connect",
            Failure::RoleLimit => "role-limit",
            Failure::DatabaseLimit => "database-limit",
            Failure::ServerLimit => "server-limit",
            Failure::StartingUp => "starting-up",
            Failure::ShuttingDown => "shutting-down",
            Failure::Unknown => "unknown",
        }
    }
}

fn of_line(line: &str) -> Option<Failure> {
    // A name may hold any of the other words: these end with theirs.
    if line.ends_with("\" does not exist") {
        if line.contains("FATAL:  database \"") {
            return Some(Failure::NoDatabase);
        }
        if line.contains("FATAL:  role \"") {
            return Some(Failure::NoRole);
        }
    }
    let found = WORDS.iter().find(|(words, _)| line.contains(words));
    found.map(|(_, failure)| *failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fatal(text: &str) -> String {
        format!("connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  {text}")
    }

    #[test]
    fn each_message_is_told_apart() {
        for (text, failure) in [
            (
                "no pg_hba.conf entry for host \"::1\", user \"x\", database \"y\", no encryption",
                Failure::NoRule,
            ),
            (
                "pg_hba.conf rejects connection for host \"::1\", user \"x\", database \"y\", no encryption",
                Failure::Rejected,
            ),
            (
                "password authentication failed for user \"x\"",
                Failure::Password,
            ),
            ("Peer authentication failed for user \"x\"", Failure::Peer),
            (
                "Ident authentication failed for user \"x\"",
                Failure::Authentication,
            ),
            (
                "certificate authentication failed for user \"x\"",
                Failure::Authentication,
            ),
            ("role \"x\" does not exist", Failure::NoRole),
            ("database \"y\" does not exist", Failure::NoDatabase),
            (
                "database \"Permission denied\" does not exist",
                Failure::NoDatabase,
            ),
            ("role \"x\" is not permitted to log in", Failure::NoLogin),
            (
                "permission denied for database \"y\"\nDETAIL:  User does not have CONNECT privilege.",
                Failure::NoConnect,
            ),
            (
                "database \"y\" is not currently accepting connections",
                Failure::DatabaseClosed,
            ),
            ("too many connections for role \"x\"", Failure::RoleLimit),
            (
                "too many connections for database \"y\"",
                Failure::DatabaseLimit,
            ),
            ("sorry, too many clients already", Failure::ServerLimit),
            (
                "remaining connection slots are reserved for non-replication superuser connections",
                Failure::ServerLimit,
            ),
            (
                "remaining connection slots are reserved for roles with the SUPERUSER attribute",
                Failure::ServerLimit,
            ),
            ("the database system is starting up", Failure::StartingUp),
            (
                "the database system is not yet accepting connections",
                Failure::StartingUp,
            ),
            (
                "the database system is in recovery mode",
                Failure::StartingUp,
            ),
            (
                "the database system is shutting down",
                Failure::ShuttingDown,
            ),
            ("unsupported frontend protocol 3.0", Failure::Unknown),
        ] {
            assert_eq!(Failure::of(&fatal(text)), failure, "{text}");
        }
    }

    #[test]
    fn what_libpq_says_itself_is_told_apart() {
        for (text, failure) in [
            (
                "connection to server at \"::1\", port 1 failed: Connection refused\n    Is the server running on that host and accepting TCP/IP connections?",
                Failure::NoListener,
            ),
            (
                "connection to server on socket \"/x/.s.PGSQL.1\" failed: No such file or directory\n    Is the server running locally and accepting connections on that socket?",
                Failure::NoListener,
            ),
            (
                "connection to server on socket \"/x/.s.PGSQL.1\" failed: Permission denied",
                Failure::SocketDenied,
            ),
            (
                "connection to server at \"::1\", port 1 failed: fe_sendauth: no password supplied",
                Failure::NoPassword,
            ),
            (
                "connection to server at \"::1\", port 1 failed: Cannot assign requested address",
                Failure::NoAddress,
            ),
            (
                "connection to server at \"::1\", port 1 failed: timeout expired",
                Failure::Unreachable,
            ),
        ] {
            assert_eq!(Failure::of(text), failure, "{text}");
        }
    }
}
