//! Names and texts as SQL (manual: "Lexical Structure"), and as what psql and the access files of the server read.

/// The name in double quotes: it means exactly itself, whatever key words there are.
pub fn quote_identifier(name: &str) -> String {
    doubled(name, '"')
}

/// The name for a person: in double quotes only where SQL would take another one for it, or none.
pub fn shown_identifier(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| matches!(c, 'a'..='z' | '_'))
        && name
            .chars()
            .all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'));
    match is_plain {
        true => name.to_owned(),
        false => quote_identifier(name),
    }
}

/// The text as a string constant. A backslash is nothing special within plain quotes while `standard_conforming_strings` is on, which
/// an administrator can turn off; a text with backslashes is therefore written as an escape string, which reads the same under both.
pub fn quote_literal(text: &str) -> String {
    if !text.contains('\\') {
        return doubled(text, '\'');
    }
    format!("E{}", doubled(&text.replace('\\', "\\\\"), '\''))
}

/// The text as a constant in which nothing is escaped and psql reads nothing, between dollar signs and `tag`, which gets longer where the
/// text has it.
pub fn quote_dollar(text: &str, tag: &str) -> String {
    let mut tag = format!("${tag}$");
    // Not before its end either: the text may end in the beginning of the tag.
    while format!("{text}{tag}").find(&tag) != Some(text.len()) {
        tag.insert(1, '_');
    }
    format!("{tag}{text}{tag}")
}

/// The text as one token of `pg_hba.conf` or `pg_ident.conf`: between double quotes it is no key word and no comment. It says
/// nothing of what the server refuses there: `hba` does.
pub fn quote_token(text: &str) -> String {
    doubled(text, '"')
}

/// The database's name as the whole argument of psql's `\\connect`: a connection string that names nothing else, between
/// single quotes, within which psql expands no variable and runs no command, and between double quotes, which psql takes
/// away from this argument alone.
pub fn quote_connection(database: &str) -> String {
    let connection = format!("dbname={}", quote_psql(database));
    quote_psql(&quote_identifier(&connection))
}

/// The text as an argument of a command of psql, within which it expands no variable and runs no command. libpq quotes
/// the values of connection strings alike.
pub fn quote_psql(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
    format!("'{escaped}'")
}

/// What stands before the closing double quote, with doubled quotes made single, and what comes after it; nothing when it is not
/// closed.
pub fn until_quote(quoted: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        match after.strip_prefix('"') {
            Some(next) => {
                name.push('"');
                rest = next;
            }
            None => return Some((name, after)),
        }
    }
}

fn doubled(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for (index, part) in text.split(quote).enumerate() {
        if index > 0 {
            out.extend([quote, quote]);
        }
        out.push_str(part);
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(quote_identifier("Ta\"ble"), "\"Ta\"\"ble\"");
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal(""), "''");
    }

    #[test]
    fn no_text_ends_its_own_quotes() {
        for text in ["a", "$sql$", "x$sql", "$_sql$ $sql$", "$sql$_sql", "$"] {
            let quoted = quote_dollar(text, "sql");
            let tag = &quoted[..quoted[1..].find('$').map_or(0, |at| at + 2)];
            let (inner, rest) = quoted[tag.len()..].split_once(tag).unwrap_or_default();
            assert_eq!((inner, rest), (text, ""));
        }
        assert_eq!(quote_dollar("a", "part"), "$part$a$part$");
        assert_eq!(quote_dollar("$part$", "part"), "$_part$$part$$_part$");
    }

    #[test]
    fn the_name_of_a_connection_is_escaped_for_libpq_and_for_psql() {
        assert_eq!(quote_connection("a b"), r#"'"dbname=\'a b\'"'"#);
        assert_eq!(
            quote_connection(r"it's \n"),
            r#"'"dbname=\'it\\\'s \\\\n\'"'"#
        );
    }

    #[test]
    fn a_backslash_makes_an_escape_string() {
        assert_eq!(quote_literal("a\\'b"), "E'a\\\\''b'");
    }
}
