//! Reads the argument types of a routine as the server's own grammar does: whatever is accepted here, `to_regtype` takes without an
//! error (it raises one for what is no name of a type, and with it ends the provisioning of the whole database).

use super::reader::Reader;
use super::{Identifier, PatternError, Problem, TypeName, quote_identifier};

/// One argument of a routine as it is written.
pub(super) struct Argument {
    /// Its type.
    pub kind: TypeName,
    /// Whether only a call's result has it: `OUT`.
    pub output_only: bool,
    /// Where more than the type is written.
    pub extra: Option<usize>,
}

/// Key words that can be no name of a type (manual: "SQL Key Words"; `pg_get_keywords` of all majors), sorted.
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "between",
    "bigint",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "column",
    "constraint",
    "create",
    "current_catalog",
    "current_date",
    "current_role",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "from",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "in",
    "initially",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_table",
    "json_value",
    "lateral",
    "leading",
    "least",
    "limit",
    "localtime",
    "localtimestamp",
    "merge_action",
    "national",
    "nchar",
    "none",
    "normalize",
    "not",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "row",
    "select",
    "session_user",
    "setof",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "system_user",
    "table",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

/// Key words that are types, though no plain names of types.
const BUILT_IN: &[&str] = &[
    "bigint", "boolean", "dec", "decimal", "int", "integer", "json", "numeric", "real", "smallint",
];

const FIELDS: &[&str] = &[
    "year to month",
    "day to hour",
    "day to minute",
    "day to second",
    "hour to minute",
    "hour to second",
    "minute to second",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
];

impl Reader<'_> {
    /// `integer`, `a integer`, `VARIADIC text[]`, `OUT b integer`.
    pub(super) fn argument(&mut self) -> Result<Argument, PatternError> {
        let start = self.at;
        self.argument_of(false).or_else(|error| {
            self.at = start;
            self.argument_of(true).map_err(|_| error)
        })
    }

    fn argument_of(&mut self, named: bool) -> Result<Argument, PatternError> {
        let start = self.at;
        let mut mode = self.mode();
        if named {
            if self.quoted()?.is_none() {
                self.plain_name("a name")?;
            }
            self.skip_spaces();
            mode = mode.or_else(|| self.mode());
        }
        let kind = self.type_name()?;
        self.skip_spaces();
        if !self.rest().starts_with([',', ')']) {
            return Err(self.unexpected("`,` or `)`"));
        }
        Ok(Argument {
            kind,
            output_only: mode.unwrap_or(false),
            extra: (named || mode.is_some()).then_some(start),
        })
    }

    /// Takes `IN`, `OUT`, `INOUT` or `VARIADIC`; whether it is of the result only.
    fn mode(&mut self) -> Option<bool> {
        let modes = ["in out", "inout", "in", "variadic", "out"];
        let found = modes.into_iter().find(|mode| self.words(mode))?;
        self.skip_spaces();
        Some(found == "out")
    }

    /// Takes these words, in any case and with spaces between them, when they are next.
    fn words(&mut self, wanted: &str) -> bool {
        let start = self.at;
        for word in wanted.split(' ') {
            self.skip_spaces();
            if !self
                .word("")
                .is_ok_and(|next| next.eq_ignore_ascii_case(word))
            {
                self.at = start;
                return false;
            }
        }
        true
    }

    /// A name without quotes that is no key word, as the server folds it.
    fn plain_name(&mut self, expected: &'static str) -> Result<String, PatternError> {
        let offset = self.at;
        let name = self.folded(expected)?;
        if RESERVED.contains(&&*name) {
            let problem = Problem::KeyWord(name);
            return Err(PatternError { offset, problem });
        }
        Ok(name)
    }

    fn folded(&mut self, expected: &'static str) -> Result<String, PatternError> {
        let offset = self.at;
        let name = self.word(expected)?.to_ascii_lowercase();
        let problem = match Identifier::new(&name) {
            Ok(_) if !name.starts_with(|c: char| c.is_ascii_digit() || c == '$') => {
                return Ok(name);
            }
            Ok(_) => Problem::Expected(expected),
            Err(error) => error.into(),
        };
        Err(PatternError { offset, problem })
    }

    /// One name of a type: `integer`, `character varying(10)`, `timestamp(3) with time zone[]`, `schema."Type" ARRAY`. A length says
    /// nothing of which routine is meant, and is left out.
    fn type_name(&mut self) -> Result<TypeName, PatternError> {
        let mut sql = self.single_type()?;
        loop {
            self.skip_spaces();
            let offset = self.at;
            if self.words("array") {
                self.skip_spaces();
                if self.rest().starts_with('[') {
                    self.bounds(false)?;
                }
                sql.push_str("[]");
                break;
            }
            if !self.rest().starts_with('[') {
                self.at = offset;
                break;
            }
            self.bounds(true)?;
            sql.push_str("[]");
        }
        Ok(TypeName(sql))
    }

    /// `[]`, `[3]`.
    fn bounds(&mut self, can_be_empty: bool) -> Result<(), PatternError> {
        self.take('[');
        self.skip_spaces();
        if !can_be_empty || !self.rest().starts_with(']') {
            self.number()?;
            self.skip_spaces();
        }
        match self.take(']') {
            true => Ok(()),
            false => Err(self.unexpected("`]`")),
        }
    }

    fn number(&mut self) -> Result<u32, PatternError> {
        let offset = self.at;
        let number = self.word("a number")?;
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        number.parse().ok().filter(|_| digits).ok_or(PatternError {
            offset,
            problem: Problem::Expected("a number"),
        })
    }

    fn single_type(&mut self) -> Result<String, PatternError> {
        let offset = self.at;
        let (name, plain) = match self.quoted()? {
            Some(name) => (self.identifier(offset, &name)?, false),
            None => (self.folded("a type")?, true),
        };
        let key_word = plain && RESERVED.contains(&&*name);
        if self.rest().starts_with('.') {
            if key_word {
                let problem = Problem::KeyWord(name);
                return Err(PatternError { offset, problem });
            }
            self.take('.');
            let offset = self.at;
            let within = match self.quoted()? {
                Some(name) => self.identifier(offset, &name)?,
                None => self.folded("a type")?,
            };
            if self.rest().starts_with('.') {
                return Err(
                    self.unexpected("the end of the type, which has one schema before its name")
                );
            }
            self.lengths()?;
            return Ok(format!("{name}.{within}"));
        }
        if plain && let Some(sql) = self.built_in(&name)? {
            return Ok(sql);
        }
        if key_word {
            let problem = Problem::KeyWord(name);
            return Err(PatternError { offset, problem });
        }
        self.lengths()?;
        Ok(name)
    }

    fn identifier(&self, offset: usize, name: &str) -> Result<String, PatternError> {
        match Identifier::new(name) {
            Ok(_) => Ok(quote_identifier(name)),
            Err(error) => Err(PatternError {
                offset,
                problem: error.into(),
            }),
        }
    }

    /// A type that the grammar knows by its key words, after the first of them.
    fn built_in(&mut self, first: &str) -> Result<Option<String>, PatternError> {
        let sql = match first {
            "double" if self.words("precision") => "double precision".to_owned(),
            "float" => match self.lengths()?.first() {
                None | Some(25..=53) => "double precision".to_owned(),
                Some(1..=24) => "real".to_owned(),
                Some(_) => return Err(self.unexpected("a precision of 1 to 53 before this")),
            },
            "national" if !self.words("character") && !self.words("char") => {
                return Err(self.unexpected("`character`"));
            }
            "character" | "char" | "nchar" | "national" => match self.words("varying") {
                true => "character varying".to_owned(),
                false => "character".to_owned(),
            },
            "varchar" => "character varying".to_owned(),
            "bit" if self.words("varying") => "bit varying".to_owned(),
            "bit" => "bit".to_owned(),
            "time" | "timestamp" => {
                self.lengths()?;
                let zone = ["with time zone", "without time zone"];
                match zone.into_iter().find(|zone| self.words(zone)) {
                    Some(zone) => return Ok(Some(format!("{first} {zone}"))),
                    None => return Ok(Some(first.to_owned())),
                }
            }
            "interval" => {
                let _ = FIELDS.iter().any(|fields| self.words(fields));
                first.to_owned()
            }
            _ if BUILT_IN.contains(&first) => first.to_owned(),
            _ => return Ok(None),
        };
        self.lengths()?;
        Ok(Some(sql))
    }

    /// `(10)`, `(10, 2)`, or nothing.
    fn lengths(&mut self) -> Result<Vec<u32>, PatternError> {
        let start = self.at;
        self.skip_spaces();
        if self.take('(') {
            return self.list(Self::number);
        }
        self.at = start;
        Ok(Vec::new())
    }
}
