//! Fields and tokens, exactly as the server splits them (manual, "The pg_hba.conf File"), inclusions followed.

use std::io;

use super::REGEX_SINCE;
use super::lines;

/// The server's buffer for one token until 15, in bytes.
pub(super) const TOKEN_BUFFER: usize = 10_240;
/// How deep inclusions nest: the server's own limit from 16 (`CONF_FILE_MAX_DEPTH`); earlier ones have none.
const DEEPEST: u32 = 10;
/// How many files one parse reads; a file that includes itself twice would otherwise be read 2^10 times.
const MOST_FILES: u32 = 256;

/// Where included files come from. A name is absolute, or relative to the directory of the main file.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// `NotFound` where there is none (`include_if_exists` passes over it), any other for what cannot be read.
    fn read(&self, name: &str) -> io::Result<String>;

    /// The names of the files in a directory, without the directory, in any order.
    ///
    /// # Errors
    /// For a directory that cannot be read.
    fn list(&self, directory: &str) -> io::Result<Vec<String>>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    /// A quote came before the first character.
    pub(super) quoted: bool,
    /// `@text`, and nobody to read it.
    pub(super) unfollowed: bool,
}

pub(super) type Field = Vec<Token>;

#[derive(Debug)]
pub(super) struct Record {
    pub(super) file: Option<String>,
    pub(super) line: u32,
    pub(super) fields: Result<Vec<Field>, String>,
}

pub(super) fn tokenize(text: &str, version: u8, files: Option<&dyn Files>) -> Vec<Record> {
    let mut reader = Reader {
        version,
        files,
        read: 0,
    };
    let mut records = Vec::new();
    reader.file(text, None, 0, &mut records);
    records
}

struct Reader<'a> {
    version: u8,
    files: Option<&'a dyn Files>,
    read: u32,
}

impl Reader<'_> {
    fn file(&mut self, text: &str, name: Option<&str>, depth: u32, records: &mut Vec<Record>) {
        for line in lines::logical(text) {
            let fields = self.fields(&line.text, name, depth);
            let fields = match fields {
                Ok(fields) if fields.is_empty() => continue,
                Ok(fields) => match self.directive(&fields, name, depth, records) {
                    Some(Ok(())) => continue,
                    Some(Err(message)) => Err(message),
                    None => Ok(fields),
                },
                Err(message) => Err(message),
            };
            records.push(Record {
                file: name.map(str::to_owned),
                line: line.number,
                fields,
            });
        }
    }

    fn fields(&mut self, line: &str, name: Option<&str>, depth: u32) -> Result<Vec<Field>, String> {
        let mut rest = line;
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let mut field = Vec::new();
            while let Some(found) = next_token(&mut rest, self.version)? {
                match found.text.strip_prefix('@') {
                    Some(file) if !found.quoted && !file.is_empty() => {
                        self.expand(file, name, depth, &mut field)?
                    }
                    _ => field.push(Token {
                        text: found.text,
                        quoted: found.quoted,
                        unfollowed: false,
                    }),
                }
                if !found.comma {
                    break;
                }
            }
            if !field.is_empty() {
                fields.push(field);
            }
        }
        Ok(fields)
    }

    /// The tokens of `@file`, without its lines.
    fn expand(
        &mut self,
        file: &str,
        from: Option<&str>,
        depth: u32,
        field: &mut Field,
    ) -> Result<(), String> {
        let name = beside(from, file);
        if self.files.is_none() {
            field.push(Token {
                text: name,
                quoted: false,
                unfollowed: true,
            });
            return Ok(());
        }
        let text = self
            .open(&name, depth + 1)?
            .map_err(|error| format!("cannot read `{name}`: {error}"))?;
        let mut records = Vec::new();
        self.file(&text, Some(&name), depth + 1, &mut records);
        for record in records {
            field.extend(record.fields?.into_iter().flatten());
        }
        Ok(())
    }

    /// What an inclusion record brings; nothing for any other record.
    fn directive(
        &mut self,
        fields: &[Field],
        from: Option<&str>,
        depth: u32,
        records: &mut Vec<Record>,
    ) -> Option<Result<(), String>> {
        let [first, second] = fields else { return None };
        let (word, target) = (&first.first()?.text, &second.first()?.text);
        if self.version < REGEX_SINCE
            || !matches!(
                word.as_str(),
                "include" | "include_if_exists" | "include_dir"
            )
        {
            return None;
        }
        let name = beside(from, target);
        let Some(files) = self.files else {
            return Some(Err(format!("`{word} {name}` is not followed")));
        };
        if word != "include_dir" {
            return Some(self.include(&name, word == "include_if_exists", depth, records));
        }
        let mut names = match files.list(&name) {
            Ok(names) => names,
            Err(error) => return Some(Err(format!("cannot read the directory `{name}`: {error}"))),
        };
        names.retain(|entry| entry.ends_with(".conf") && !entry.starts_with('.'));
        names.sort();
        let within = name.trim_end_matches('/');
        let problems: Vec<String> = names
            .iter()
            .filter_map(|entry| {
                self.include(&format!("{within}/{entry}"), false, depth, records)
                    .err()
            })
            .collect();
        Some(if problems.is_empty() {
            Ok(())
        } else {
            Err(problems.join("; "))
        })
    }

    fn include(
        &mut self,
        name: &str,
        optional: bool,
        depth: u32,
        records: &mut Vec<Record>,
    ) -> Result<(), String> {
        match self.open(name, depth + 1)? {
            Ok(text) => self.file(&text, Some(name), depth + 1, records),
            Err(error) if optional && error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("cannot read `{name}`: {error}")),
        }
        Ok(())
    }

    fn open(&mut self, name: &str, depth: u32) -> Result<io::Result<String>, String> {
        if depth > DEEPEST {
            return Err(format!(
                "`{name}` is included more than {DEEPEST} files deep"
            ));
        }
        self.read += 1;
        if self.read > MOST_FILES {
            return Err(format!("more than {MOST_FILES} files are included"));
        }
        match self.files {
            Some(files) => Ok(files.read(name)),
            None => Err(format!("`{name}` is not followed")),
        }
    }
}

/// A relative name counts from the directory of the file that mentions it; slashes at the end mean nothing to the server.
fn beside(from: Option<&str>, name: &str) -> String {
    let name = match name.trim_end_matches('/') {
        "" => name,
        trimmed => trimmed,
    };
    match from.and_then(|from| from.rsplit_once('/')) {
        Some((directory, _)) if !name.starts_with('/') => format!("{directory}/{name}"),
        _ => name.to_owned(),
    }
}

struct Found {
    text: String,
    quoted: bool,
    comma: bool,
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r')
}

/// The next token of `rest`, which then begins at the character that ended it.
fn next_token(rest: &mut &str, version: u8) -> Result<Option<Found>, String> {
    let line = rest.trim_start_matches(|character| is_blank(character) || character == ',');
    let mut found = Found {
        text: String::new(),
        quoted: false,
        comma: false,
    };
    let (mut in_quote, mut was_quote, mut saw_quote) = (false, false, false);
    let mut end = line.len();
    for (at, character) in line.char_indices() {
        if !in_quote && is_blank(character) {
            end = at;
            break;
        }
        if !in_quote && character == '#' {
            break;
        }
        if version < REGEX_SINCE && found.text.len() >= TOKEN_BUFFER - 1 {
            return Err(format!(
                "a token is longer than the {} bytes that this server reads",
                TOKEN_BUFFER - 1
            ));
        }
        if !in_quote && character == ',' {
            (found.comma, end) = (true, at);
            break;
        }
        if character != '"' || was_quote {
            found.text.push(character);
        }
        was_quote = in_quote && character == '"' && !was_quote;
        if character == '"' {
            in_quote = !in_quote;
            saw_quote = true;
            found.quoted |= found.text.is_empty();
        }
    }
    *rest = &line[end..];
    Ok((saw_quote || !found.text.is_empty()).then_some(found))
}
