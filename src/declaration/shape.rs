//! How a declaration is described: fields with their kinds and their documentation. The reader, the JSON Schema and
//! the reference in the README all follow from these descriptions.

/// A table with fixed fields.
#[derive(Debug)]
pub struct Shape {
    /// What it declares, as a noun: "database".
    pub name: &'static str,
    /// One sentence for the schema.
    pub doc: &'static str,
    /// The fields, in the order in which the documentation shows them.
    pub fields: &'static [Field],
    /// A small valid declaration in TOML, shown where a required field is missing.
    pub example: &'static str,
}

/// One field of a [`Shape`].
#[derive(Debug)]
pub struct Field {
    /// Its name, camelCase as in Nix.
    pub name: &'static str,
    /// What may stand there.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: bool,
    /// What holds when it is left out, as the documentation says it; empty when nothing is to be said.
    pub default: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// What may stand at a place.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// An integer.
    Integer,
    /// A string.
    String,
    /// One of these strings.
    Enum(&'static [&'static str]),
    /// A server parameter's value: boolean, number, string, or list of strings.
    Setting,
    /// A list.
    List(&'static Kind),
    /// A table whose names are free.
    Map(&'static Kind),
    /// A table with fixed fields.
    Table(&'static Shape),
    /// One of several kinds, told apart by what stands there (string, table, ...).
    OneOf(&'static [Kind]),
}

impl Kind {
    /// What is expected, as a noun with its article: "a list of strings".
    pub fn describe(&self) -> String {
        match self {
            Kind::Bool => "a boolean".into(),
            Kind::Integer => "an integer".into(),
            Kind::String | Kind::Enum(_) => "a string".into(),
            Kind::Setting => "a boolean, a number, a string or a list of strings".into(),
            Kind::List(item) => format!("a list of {}", item.plural()),
            Kind::Map(item) => format!("a table of {}", item.plural()),
            Kind::Table(_) => "a table".into(),
            Kind::OneOf(kinds) => {
                let kinds: Vec<String> = kinds.iter().map(Kind::describe).collect();
                kinds.join(" or ")
            }
        }
    }

    fn plural(&self) -> String {
        match self {
            Kind::Bool => "booleans".into(),
            Kind::Integer => "integers".into(),
            Kind::String | Kind::Enum(_) => "strings".into(),
            Kind::Setting => "parameter values".into(),
            Kind::List(_) => "lists".into(),
            Kind::Map(_) | Kind::Table(_) => "tables".into(),
            Kind::OneOf(kinds) => {
                let kinds: Vec<String> = kinds.iter().map(Kind::plural).collect();
                kinds.join(" or ")
            }
        }
    }
}
