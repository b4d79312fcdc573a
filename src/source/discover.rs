//! Which files a run reads, and their text.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{FileId, Format, LARGEST_FILE, SourceFile, Sources, Span};
use crate::check::not_utf_8::NOT_UTF_8;
use crate::diagnostic::Diagnostic;

/// The project file, which is no declaration file of a folder.
const PROJECT_FILE: &str = "dbgen.toml";

/// Why a file could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file or folder is missing or may not be read.
    #[error("cannot read `{path}`")]
    Io {
        /// The path as it was given.
        path: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The name ends in none of the formats.
    #[error("`{path}` has no format that dbgen reads: its name must end in .toml, .json or .nix")]
    UnknownFormat {
        /// The path as it was given.
        path: String,
    },
    /// The file is larger than [`LARGEST_FILE`].
    #[error("`{path}` is larger than {} MiB", LARGEST_FILE >> 20)]
    TooLarge {
        /// The path as it was given.
        path: String,
    },
    /// The pattern is no glob.
    #[error("`{pattern}` is not a valid pattern")]
    Pattern {
        /// The pattern as it was given.
        pattern: String,
        /// Where it goes wrong.
        #[source]
        source: glob::PatternError,
    },
}

/// The files that a project's globs name.
#[derive(Debug, Default)]
pub struct Included {
    /// The files, each once, sorted by path.
    pub files: Vec<PathBuf>,
    /// The globs that name no file.
    pub unmatched: Vec<String>,
}

/// The declaration files of path arguments: a file is itself, a folder every file below it whose name ends in a
/// format, but for hidden ones and `dbgen.toml`. Sorted by path, and no file twice by whichever way it is named.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ReadError> {
    let mut files = Vec::new();
    for path in paths {
        let kind = fs::metadata(path).map_err(|source| io_error(path, source))?;
        if kind.is_dir() {
            let mut above = vec![canonical(path)?];
            walk(path, &mut above, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    once(files)
}

/// The declaration files that `patterns` name, relative to `folder`. A pattern that names a folder means every file
/// below it.
pub fn include(folder: &Path, patterns: &[&str]) -> Result<Included, ReadError> {
    let options = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let mut included = Included::default();
    for pattern in patterns {
        let escaped = glob::Pattern::escape(&folder.to_string_lossy());
        let whole = if escaped.is_empty() {
            (*pattern).to_owned()
        } else {
            format!("{escaped}/{pattern}")
        };
        let matches = glob::glob_with(&whole, options).map_err(|source| ReadError::Pattern {
            pattern: (*pattern).to_owned(),
            source,
        })?;
        let mut paths = Vec::new();
        for path in matches {
            let path = path.map_err(|error| {
                let name = error.path().to_owned();
                io_error(&name, error.into())
            })?;
            if path.is_dir() || format(&path).is_some() {
                paths.push(path);
            }
        }
        let found = find(&paths)?;
        if found.is_empty() {
            included.unmatched.push((*pattern).to_owned());
        }
        included
            .files
            .extend(found.into_iter().filter(|file| !is_project_file(file)));
    }
    included.files = once(std::mem::take(&mut included.files))?;
    Ok(included)
}

/// A file among the sources, and a finding when it is no text.
#[derive(Debug)]
pub struct Loaded {
    /// The file.
    pub id: FileId,
    /// The file is not UTF-8. Its text then has U+FFFD in place of the wrong bytes and is not worth reading further.
    pub not_text: Option<Diagnostic>,
}

/// Reads the file at `path`; its format is told by its name.
pub fn load(path: &Path, sources: &mut Sources) -> Result<Loaded, ReadError> {
    let name = shown(path);
    let Some(format) = format(path) else {
        return Err(ReadError::UnknownFormat { path: name });
    };
    let mut file = File::open(path).map_err(|source| io_error(path, source))?;
    take(&mut file, name, format, sources)
}

/// Reads a stream, such as standard input, as if it were the file `name`.
pub fn load_from(
    stream: &mut dyn Read,
    name: &str,
    sources: &mut Sources,
) -> Result<Loaded, ReadError> {
    let Some(format) = format(Path::new(name)) else {
        return Err(ReadError::UnknownFormat {
            path: name.to_owned(),
        });
    };
    take(stream, name.to_owned(), format, sources)
}

fn take(
    stream: &mut dyn Read,
    name: String,
    format: Format,
    sources: &mut Sources,
) -> Result<Loaded, ReadError> {
    let mut bytes = Vec::new();
    let read = stream.take(LARGEST_FILE as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|source| ReadError::Io {
        path: name.clone(),
        source,
    })?;
    if bytes.len() > LARGEST_FILE {
        return Err(ReadError::TooLarge { path: name });
    }
    let (text, wrong) = match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            let byte = error.as_bytes().get(offset).copied().unwrap_or_default();
            (
                String::from_utf8_lossy(error.as_bytes()).into_owned(),
                Some((offset, byte)),
            )
        }
    };
    let id = sources.add(SourceFile { name, text, format });
    let not_text = wrong.map(|(offset, byte)| {
        let span = Span::new(id, offset, offset + char::REPLACEMENT_CHARACTER.len_utf8());
        Diagnostic::new(
            &NOT_UTF_8,
            span,
            format!("the file is not UTF-8: byte {byte:#04x} at offset {offset}"),
        )
        .help("save the file as UTF-8, for example with `iconv -f ISO-8859-1 -t UTF-8`")
    });
    Ok(Loaded { id, not_text })
}

/// Adds the files below `folder`. `above` are the folders that lead there, so that a link back is seen.
fn walk(
    folder: &Path,
    above: &mut Vec<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> Result<(), ReadError> {
    let wrong = |source| io_error(folder, source);
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        let mut kind = entry.file_type().map_err(wrong)?;
        if kind.is_symlink() {
            // A link to nowhere is nobody's declaration.
            let Ok(target) = fs::metadata(&path) else {
                continue;
            };
            kind = target.file_type();
        }
        if kind.is_dir() {
            let real = canonical(&path)?;
            if !above.contains(&real) {
                above.push(real);
                walk(&path, above, files)?;
                above.pop();
            }
        } else if kind.is_file() && format(&path).is_some() && !is_project_file(&path) {
            files.push(path);
        }
    }
    Ok(())
}

/// Sorted, and each file under the first of its names only.
fn once(mut files: Vec<PathBuf>) -> Result<Vec<PathBuf>, ReadError> {
    files.sort();
    let mut seen = std::collections::HashSet::with_capacity(files.len());
    let mut kept = Vec::with_capacity(files.len());
    for file in files {
        if seen.insert(canonical(&file)?) {
            kept.push(file);
        }
    }
    Ok(kept)
}

fn is_project_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == PROJECT_FILE)
}

fn format(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()? {
        "toml" => Some(Format::Toml),
        "json" => Some(Format::Json),
        "nix" => Some(Format::Nix),
        _ => None,
    }
}

fn canonical(path: &Path) -> Result<PathBuf, ReadError> {
    path.canonicalize().map_err(|source| io_error(path, source))
}

fn io_error(path: &Path, source: io::Error) -> ReadError {
    ReadError::Io {
        path: shown(path),
        source,
    }
}

/// The path as a person would write it: `/` between its parts, and no `./` before them.
fn shown(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    path.to_string_lossy()
        .replace(std::path::MAIN_SEPARATOR, "/")
}
