//! Lines of pg_hba.conf and pg_ident.conf as the server takes them apart (manual, "The pg_hba.conf File"): fields at
//! blanks, tokens at commas, quotes around what is meant literally, two quotes for one. The tokens of a field are sorted.
#![allow(dead_code)]

/// One word, and whether it begins with a quote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    pub text: String,
    pub quoted: bool,
}

/// The words of a line, field by field.
pub type Line = Vec<Vec<Word>>;

/// What must be between quotes.
pub fn quoted(text: &str) -> Word {
    Word {
        text: text.to_owned(),
        quoted: true,
    }
}

/// What must stand bare.
pub fn bare(text: &str) -> Word {
    Word {
        text: text.to_owned(),
        quoted: false,
    }
}

/// The lines of a file that say something.
pub fn lines(text: &str) -> Vec<Line> {
    text.split('\n')
        .map(line)
        .filter(|line| !line.is_empty())
        .collect()
}

fn line(text: &str) -> Line {
    let mut fields: Line = Vec::new();
    let mut field: Vec<Word> = Vec::new();
    let mut word: Option<Word> = None;
    let mut within = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' => {
                // A quote further on, as in +"role", leaves the word what it is.
                let current = word.get_or_insert_with(|| quoted(""));
                if within && characters.peek() == Some(&'"') {
                    characters.next();
                    current.text.push('"');
                } else {
                    within = !within;
                }
            }
            '#' if !within => break,
            ',' if !within => field.extend(word.take()),
            c if !within && c.is_ascii_whitespace() => {
                field.extend(word.take());
                if !field.is_empty() {
                    field.sort();
                    fields.push(std::mem::take(&mut field));
                }
            }
            c => word.get_or_insert_with(|| bare("")).text.push(c),
        }
    }
    field.extend(word);
    field.sort();
    if !field.is_empty() {
        fields.push(field);
    }
    fields
}
