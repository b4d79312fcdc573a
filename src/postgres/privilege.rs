//! Privileges, and the kinds of objects that have them (manual: "Privileges").

use std::fmt;

use super::Version;

/// What privileges can be granted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is the manual's word")]
pub enum ObjectKind {
    Database,
    Schema,
    /// Also views, materialized views and foreign tables: GRANT calls them all TABLE.
    Table,
    Column,
    Sequence,
    Function,
    Procedure,
    /// A function or a procedure.
    Routine,
    Type,
    Domain,
    Language,
    ForeignDataWrapper,
    ForeignServer,
    Tablespace,
    /// A server parameter.
    Parameter,
    LargeObject,
}

/// What can be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is the manual's word")]
pub enum Privilege {
    Select,
    Insert,
    Update,
    Delete,
    Truncate,
    References,
    Trigger,
    Maintain,
    Usage,
    Create,
    Connect,
    Temporary,
    Execute,
    Set,
    AlterSystem,
}

use Privilege::*;

impl Privilege {
    /// Every privilege, in the manual's order.
    pub const ALL: [Privilege; 15] = [
        Select,
        Insert,
        Update,
        Delete,
        Truncate,
        References,
        Trigger,
        Maintain,
        Usage,
        Create,
        Connect,
        Temporary,
        Execute,
        Set,
        AlterSystem,
    ];

    /// From its SQL name in whatever case; `TEMP` is `TEMPORARY`.
    pub fn new(name: &str) -> Option<Privilege> {
        if name.eq_ignore_ascii_case("TEMP") {
            return Some(Temporary);
        }
        Privilege::ALL
            .into_iter()
            .find(|privilege| privilege.as_sql().eq_ignore_ascii_case(name))
    }

    /// Its SQL name.
    pub fn as_sql(self) -> &'static str {
        match self {
            Select => "SELECT",
            Insert => "INSERT",
            Update => "UPDATE",
            Delete => "DELETE",
            Truncate => "TRUNCATE",
            References => "REFERENCES",
            Trigger => "TRIGGER",
            Maintain => "MAINTAIN",
            Usage => "USAGE",
            Create => "CREATE",
            Connect => "CONNECT",
            Temporary => "TEMPORARY",
            Execute => "EXECUTE",
            Set => "SET",
            AlterSystem => "ALTER SYSTEM",
        }
    }

    /// The first known major in which it can be granted on this kind; nothing if it never can.
    pub fn since(self, kind: ObjectKind) -> Option<Version> {
        if !kind.privileges().contains(&self) {
            return None;
        }
        Some(match self {
            Maintain => Version::known(17),
            Set | AlterSystem => Version::known(15),
            _ => Version::OLDEST,
        })
    }

    /// The SQL name nearest to one that is none.
    pub fn nearest(name: &str) -> Option<&'static str> {
        let name = name.to_ascii_uppercase();
        Privilege::ALL
            .into_iter()
            .map(|privilege| {
                (
                    strsim::osa_distance(&name, privilege.as_sql()),
                    privilege.as_sql(),
                )
            })
            .filter(|(distance, _)| *distance <= 2)
            .min()
            .map(|(_, candidate)| candidate)
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_sql())
    }
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: [ObjectKind; 16] = [
        ObjectKind::Database,
        ObjectKind::Schema,
        ObjectKind::Table,
        ObjectKind::Column,
        ObjectKind::Sequence,
        ObjectKind::Function,
        ObjectKind::Procedure,
        ObjectKind::Routine,
        ObjectKind::Type,
        ObjectKind::Domain,
        ObjectKind::Language,
        ObjectKind::ForeignDataWrapper,
        ObjectKind::ForeignServer,
        ObjectKind::Tablespace,
        ObjectKind::Parameter,
        ObjectKind::LargeObject,
    ];

    /// Whether it lies in no database: who may use it need not log in to any.
    pub fn is_shared(self) -> bool {
        matches!(self, ObjectKind::Tablespace | ObjectKind::Parameter)
    }

    /// What can be granted on it, in some major: see [`Privilege::since`].
    pub fn privileges(self) -> &'static [Privilege] {
        match self {
            ObjectKind::Database => &[Create, Connect, Temporary],
            ObjectKind::Schema => &[Usage, Create],
            ObjectKind::Table => &[
                Select, Insert, Update, Delete, Truncate, References, Trigger, Maintain,
            ],
            ObjectKind::Column => &[Select, Insert, Update, References],
            ObjectKind::Sequence => &[Select, Update, Usage],
            ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine => &[Execute],
            ObjectKind::Type
            | ObjectKind::Domain
            | ObjectKind::Language
            | ObjectKind::ForeignDataWrapper
            | ObjectKind::ForeignServer => &[Usage],
            ObjectKind::Tablespace => &[Create],
            ObjectKind::Parameter => &[Set, AlterSystem],
            ObjectKind::LargeObject => &[Select, Update],
        }
    }

    /// What stands after ON in GRANT; a column is granted on its table.
    pub fn as_sql(self) -> &'static str {
        match self {
            ObjectKind::Database => "DATABASE",
            ObjectKind::Schema => "SCHEMA",
            ObjectKind::Table | ObjectKind::Column => "TABLE",
            ObjectKind::Sequence => "SEQUENCE",
            ObjectKind::Function => "FUNCTION",
            ObjectKind::Procedure => "PROCEDURE",
            ObjectKind::Routine => "ROUTINE",
            ObjectKind::Type => "TYPE",
            ObjectKind::Domain => "DOMAIN",
            ObjectKind::Language => "LANGUAGE",
            ObjectKind::ForeignDataWrapper => "FOREIGN DATA WRAPPER",
            ObjectKind::ForeignServer => "FOREIGN SERVER",
            ObjectKind::Tablespace => "TABLESPACE",
            ObjectKind::Parameter => "PARAMETER",
            ObjectKind::LargeObject => "LARGE OBJECT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_written_as_the_manual_does() {
        for privilege in Privilege::ALL {
            assert_eq!(
                Privilege::new(&privilege.to_string().to_lowercase()),
                Some(privilege)
            );
        }
        assert_eq!(Privilege::new("temp"), Some(Temporary));
        for name in ["", "ALL", "ALTERSYSTEM", "RULE", "select "] {
            assert_eq!(Privilege::new(name), None, "{name}");
        }
        assert_eq!(Privilege::nearest("slect"), Some("SELECT"));
        assert_eq!(Privilege::nearest("everything"), None);
    }

    #[test]
    fn each_privilege_belongs_to_a_kind_and_a_major() {
        for privilege in Privilege::ALL {
            assert!(
                ObjectKind::ALL
                    .iter()
                    .any(|kind| kind.privileges().contains(&privilege)),
                "{privilege}"
            );
        }
        assert_eq!(Maintain.since(ObjectKind::Table), Version::new(17));
        assert_eq!(Set.since(ObjectKind::Parameter), Version::new(15));
        assert_eq!(Select.since(ObjectKind::Table), Some(Version::OLDEST));
        assert_eq!(Select.since(ObjectKind::Schema), None);
        assert_eq!(Maintain.since(ObjectKind::Column), None);
    }
}
