//! Encodings and locale providers of a database (manual: "Localization", CREATE DATABASE).

use std::fmt;

use super::Version;

/// A character set encoding that a database or a client can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Encoding(&'static str);

/// Encodings of databases, then those that only clients can have, each with its aliases, without what names leave out.
const ENCODINGS: [(&str, &[&str]); 42] = [
    ("SQL_ASCII", &[]),
    ("EUC_JP", &[]),
    ("EUC_CN", &[]),
    ("EUC_KR", &[]),
    ("EUC_TW", &[]),
    ("EUC_JIS_2004", &[]),
    ("UTF8", &["unicode"]),
    ("MULE_INTERNAL", &[]),
    ("LATIN1", &["iso88591"]),
    ("LATIN2", &["iso88592"]),
    ("LATIN3", &["iso88593"]),
    ("LATIN4", &["iso88594"]),
    ("LATIN5", &["iso88599"]),
    ("LATIN6", &["iso885910"]),
    ("LATIN7", &["iso885913"]),
    ("LATIN8", &["iso885914"]),
    ("LATIN9", &["iso885915"]),
    ("LATIN10", &["iso885916"]),
    ("WIN1256", &["windows1256"]),
    (
        "WIN1258",
        &["windows1258", "abc", "tcvn", "tcvn5712", "vscii"],
    ),
    ("WIN866", &["windows866", "alt"]),
    ("WIN874", &["windows874"]),
    ("KOI8R", &["koi8"]),
    ("WIN1251", &["windows1251", "win"]),
    ("WIN1252", &["windows1252"]),
    ("ISO_8859_5", &[]),
    ("ISO_8859_6", &[]),
    ("ISO_8859_7", &[]),
    ("ISO_8859_8", &[]),
    ("WIN1250", &["windows1250"]),
    ("WIN1253", &["windows1253"]),
    ("WIN1254", &["windows1254"]),
    ("WIN1255", &["windows1255"]),
    ("WIN1257", &["windows1257"]),
    ("KOI8U", &[]),
    ("SJIS", &["mskanji", "shiftjis", "win932", "windows932"]),
    ("BIG5", &["win950", "windows950"]),
    ("GBK", &["win936", "windows936"]),
    ("UHC", &["win949", "windows949"]),
    ("GB18030", &[]),
    ("JOHAB", &[]),
    ("SHIFT_JIS_2004", &[]),
];
const OF_SERVERS: usize = 35;

impl Encoding {
    /// UTF-8.
    pub const UTF8: Encoding = Encoding("UTF8");
    /// No encoding: bytes.
    pub const SQL_ASCII: Encoding = Encoding("SQL_ASCII");

    /// An encoding that a database can have; case and everything but letters and digits do not count in its name or alias.
    pub fn server(name: &str) -> Option<Encoding> {
        find(name, ENCODINGS.iter().take(OF_SERVERS))
    }

    /// An encoding that a client can have: those of servers and a few more.
    pub fn client(name: &str) -> Option<Encoding> {
        find(name, ENCODINGS.iter())
    }

    /// The names of all that a database can have.
    pub fn of_servers() -> impl Iterator<Item = &'static str> {
        ENCODINGS.iter().take(OF_SERVERS).map(|(name, _)| *name)
    }

    /// The server's own name for it.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

fn find<'e>(
    name: &str,
    mut among: impl Iterator<Item = &'e (&'static str, &'static [&'static str])>,
) -> Option<Encoding> {
    // A name of NAMEDATALEN bytes or more is refused before it is read.
    if name.len() > 63 {
        return None;
    }
    let bare = |name: &str| -> String {
        name.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect()
    };
    let wanted = bare(name);
    among
        .find(|(known, aliases)| bare(known) == wanted || aliases.contains(&wanted.as_str()))
        .map(|(known, _)| Encoding(known))
}

/// Who compares texts and knows upper and lower case (manual: "Locale Providers").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// The operating system's C library.
    Libc,
    /// ICU; for a database from 15 on.
    Icu,
    /// PostgreSQL itself; from 17 on.
    Builtin,
}

impl Provider {
    /// From its name in SQL.
    pub fn new(name: &str) -> Option<Provider> {
        [Provider::Libc, Provider::Icu, Provider::Builtin]
            .into_iter()
            .find(|provider| provider.as_str().eq_ignore_ascii_case(name))
    }

    /// Its name in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Provider::Libc => "libc",
            Provider::Icu => "icu",
            Provider::Builtin => "builtin",
        }
    }

    /// The first known major in which a database can have it.
    pub fn since(self) -> Version {
        match self {
            Provider::Libc => Version::OLDEST,
            Provider::Icu => Version::known(15),
            Provider::Builtin => Version::known(17),
        }
    }

    /// Whether its databases can have this encoding, whatever the locale. ICU knows neither bytes without encoding nor
    /// four of the rarer ones.
    pub fn supports(self, encoding: Encoding) -> bool {
        self != Provider::Icu
            || !matches!(
                encoding.as_str(),
                "SQL_ASCII" | "EUC_JIS_2004" | "MULE_INTERNAL" | "LATIN10" | "WIN874"
            )
    }
}

/// A locale of the builtin provider; its names are taken exactly, but `C.UTF8` is `C.UTF-8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BuiltinLocale {
    /// Bytes; any encoding.
    C,
    /// Code points; UTF-8 only.
    CUtf8,
    /// Code points, with Unicode's full case mapping; UTF-8 only; from 18 on.
    PgUnicodeFast,
}

impl BuiltinLocale {
    /// From its name.
    pub fn new(name: &str) -> Option<BuiltinLocale> {
        match name {
            "C" => Some(BuiltinLocale::C),
            "C.UTF-8" | "C.UTF8" => Some(BuiltinLocale::CUtf8),
            "PG_UNICODE_FAST" => Some(BuiltinLocale::PgUnicodeFast),
            _ => None,
        }
    }

    /// The first major that has it.
    pub fn since(self) -> Version {
        match self {
            BuiltinLocale::C | BuiltinLocale::CUtf8 => Version::known(17),
            BuiltinLocale::PgUnicodeFast => Version::known(18),
        }
    }

    /// Whether a database with it can have this encoding.
    pub fn supports(self, encoding: Encoding) -> bool {
        self == BuiltinLocale::C || encoding == Encoding::UTF8
    }
}

/// Whether a locale of the C library goes with an encoding, as far as its name tells: `C` and `POSIX` go with all, SQL_ASCII with all
/// locales, and a name that ends in an encoding (`de_DE.UTF-8`, `de_DE.ISO-8859-15@euro`) with that one. Nothing if only the operating
/// system can tell.
pub fn libc_locale_supports(locale: &str, encoding: Encoding) -> Option<bool> {
    if matches!(locale, "C" | "POSIX") || encoding == Encoding::SQL_ASCII {
        return Some(true);
    }
    let (_, codeset) = locale.split_once('.')?;
    let codeset = codeset.split('@').next().unwrap_or(codeset);
    Encoding::client(codeset).map(|of_locale| of_locale == encoding)
}

/// What a database is made with; nothing stands for what its template has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Localization {
    /// ENCODING.
    pub encoding: Option<Encoding>,
    /// LOCALE_PROVIDER.
    pub provider: Option<Provider>,
    /// LOCALE, or LC_COLLATE and LC_CTYPE.
    pub locale: Option<String>,
    /// ICU_LOCALE, ICU_RULES or BUILTIN_LOCALE are given.
    pub of_provider: bool,
}

impl Localization {
    /// Whether the database must be made from `template0`: `template1` may hold texts in its own encoding and indexes in its own
    /// order, so that a server refuses any difference from it, and what template1 has is not known offline.
    pub fn needs_template0(&self) -> bool {
        self.encoding.is_some()
            || self.provider.is_some()
            || self.locale.is_some()
            || self.of_provider
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn encodings_have_aliases_and_loose_spelling() {
        for (name, encoding) in [
            ("utf-8", "UTF8"),
            ("Unicode", "UTF8"),
            ("iso-8859-15", "LATIN9"),
            ("sqlascii", "SQL_ASCII"),
            ("win", "WIN1251"),
        ] {
            assert_eq!(
                Encoding::server(name).map(Encoding::as_str),
                Some(encoding),
                "{name}"
            );
        }
        for name in ["", "ascii", "utf16", "SJIS", "BIG5", "GB18030", "JOHAB"] {
            assert_eq!(Encoding::server(name), None, "{name}");
        }
        assert_eq!(
            Encoding::client("ms-kanji").map(Encoding::as_str),
            Some("SJIS")
        );
        assert_eq!(Encoding::of_servers().last(), Some("KOI8U"));
    }

    #[test]
    fn providers_come_with_majors_and_limits() {
        assert_eq!(Provider::new("ICU"), Some(Provider::Icu));
        assert_eq!(Provider::Icu.since().major(), 15);
        assert_eq!(Provider::Builtin.since().major(), 17);
        assert!(!Provider::Icu.supports(Encoding::SQL_ASCII));
        assert!(Provider::Libc.supports(Encoding::SQL_ASCII));
        assert_eq!(BuiltinLocale::new("c.utf-8"), None);
        assert_eq!(BuiltinLocale::new("POSIX"), None);
        assert!(!BuiltinLocale::PgUnicodeFast.supports(Encoding::SQL_ASCII));
        assert!(BuiltinLocale::C.supports(Encoding::SQL_ASCII));
        assert_eq!(BuiltinLocale::PgUnicodeFast.since().major(), 18);
    }

    #[test]
    fn a_libc_locale_tells_its_encoding() {
        let latin9 = Encoding::server("LATIN9").unwrap();
        assert_eq!(libc_locale_supports("C", latin9), Some(true));
        assert_eq!(libc_locale_supports("C.UTF-8", latin9), Some(false));
        assert_eq!(
            libc_locale_supports("C.UTF-8", Encoding::SQL_ASCII),
            Some(true)
        );
        assert_eq!(
            libc_locale_supports("de_DE.ISO-8859-15@euro", latin9),
            Some(true)
        );
        assert_eq!(libc_locale_supports("de_DE", latin9), None);
    }

    #[test]
    fn any_difference_from_the_template_needs_template0() {
        assert!(!Localization::default().needs_template0());
        assert!(
            Localization {
                encoding: Some(Encoding::UTF8),
                ..Localization::default()
            }
            .needs_template0()
        );
    }
}
