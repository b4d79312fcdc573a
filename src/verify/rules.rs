//! The server's own pg_hba.conf and pg_ident.conf, and whether what they say is in force.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ask::{Facts, FileFacts, FileRow};
use crate::postgres::hba::{self, Files, IdentMap, ParseError, Rule};

/// The files, read as the server's version reads them.
pub struct Rules {
    /// The rules.
    pub rules: Vec<Rule>,
    /// The maps.
    pub maps: Vec<IdentMap>,
    /// pg_hba.conf.
    pub hba: Source,
    /// pg_ident.conf.
    pub ident: Source,
    major: u8,
}

/// One of the files.
pub struct Source {
    /// Its name.
    pub path: String,
    /// What the server refuses in it, each with its place.
    pub errors: Vec<String>,
    /// Whether it was changed after the server read it last.
    pub changed: bool,
}

impl Rules {
    /// Reads them; nothing when the role that asks may not.
    pub fn read(facts: &Facts) -> Option<Rules> {
        let major = u8::try_from(facts.version / 10_000).ok()?;
        let files = facts.files.as_ref()?;
        let (hba_file, ident_file) = (facts.hba_file.as_ref()?, facts.ident_file.as_ref()?);
        let (rules, hba_errors) = hba::parse(
            &text(files, hba_file)?,
            major,
            Some(&Beside(files, hba_file)),
        );
        let ident = text(files, ident_file).unwrap_or_default();
        let (maps, ident_errors) =
            hba::parse_ident(&ident, major, Some(&Beside(files, ident_file)));
        let source = |path: &str, rows: Option<&[FileRow]>, own: &[ParseError]| Source {
            path: path.to_owned(),
            errors: match rows {
                Some(rows) => refused(path, rows),
                None => own
                    .iter()
                    .map(|error| {
                        let file = error.file.as_ref().map(|file| format!("{file} "));
                        let file = file.unwrap_or_default();
                        format!("{file}line {}: {}", error.line, error.message)
                    })
                    .collect(),
            },
            changed: files
                .iter()
                .filter(|(name, _)| *name == path || is_included(name, hba_file, ident_file, path))
                .any(|(name, file)| {
                    changed(name, file).is_some_and(|changed| changed > facts.loaded)
                }),
        };
        Some(Rules {
            hba: source(hba_file, facts.hba_rows.as_deref(), &hba_errors),
            ident: source(ident_file, facts.ident_rows.as_deref(), &ident_errors),
            rules,
            maps,
            major,
        })
    }

    /// A rule with its place.
    pub fn shown(&self, index: usize) -> Option<String> {
        let rule = self.rules.get(index)?;
        let text = hba::print(rule, self.major).unwrap_or_else(|error| error.to_string());
        let file = rule.file.as_ref().map(|file| format!("{file} "));
        Some(format!(
            "{}line {}: {text}",
            file.unwrap_or_default(),
            rule.line
        ))
    }

    /// A line of pg_ident.conf with its place.
    pub fn shown_map(&self, index: usize) -> Option<String> {
        let map = self.maps.get(index)?;
        let text = hba::print_ident(map, self.major).unwrap_or_else(|error| error.to_string());
        Some(format!("line {} of pg_ident.conf: {text}", map.line))
    }
}

/// Files that pg_hba.conf includes count as it does.
fn is_included(name: &str, hba_file: &str, ident_file: &str, path: &str) -> bool {
    path == hba_file && name != ident_file
}

fn refused(path: &str, rows: &[FileRow]) -> Vec<String> {
    // A record that can't match here is loaded all the same.
    let refused = rows.iter().filter_map(|row| {
        let error = row.error.as_ref()?;
        (!error.contains("cannot match because")).then_some((row, error))
    });
    let shown = refused.map(|(row, error)| {
        let file = row.file_name.as_ref().filter(|file| *file != path);
        let file = file.map_or(String::new(), |file| format!("{file} "));
        let line = row
            .line_number
            .map_or(String::new(), |line| format!("line {line}: "));
        format!("{file}{line}{error}")
    });
    shown.collect()
}

fn text(files: &BTreeMap<String, FileFacts>, name: &str) -> Option<String> {
    let encoded = files.get(name)?.text.as_ref()?;
    // PostgreSQL breaks base64 into lines.
    let encoded: String = encoded.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(encoded).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// When a file was changed. The server tells whole seconds; where this host has the same file, it knows better.
fn changed(name: &str, file: &FileFacts) -> Option<f64> {
    let told = file.changed?;
    let here = fs::metadata(name).and_then(|metadata| metadata.modified());
    let here = here
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Some(match here.map(|here| here.as_secs_f64()) {
        Some(here) if here.floor() == told.floor() => here,
        _ => told,
    })
}

/// Included files, as the server read them or from this host.
struct Beside<'f>(&'f BTreeMap<String, FileFacts>, &'f str);

impl Beside<'_> {
    fn resolve(&self, name: &str) -> PathBuf {
        Path::new(self.1)
            .parent()
            .unwrap_or(Path::new(""))
            .join(name)
    }
}

impl Files for Beside<'_> {
    fn read(&self, name: &str) -> io::Result<String> {
        let path = self.resolve(name);
        match text(self.0, &path.to_string_lossy()) {
            Some(text) => Ok(text),
            None => fs::read_to_string(path),
        }
    }

    fn list(&self, directory: &str) -> io::Result<Vec<String>> {
        let directory = self.resolve(directory);
        let known: Vec<String> = self
            .0
            .keys()
            .filter(|name| Path::new(name).parent() == Some(&directory))
            .filter_map(|name| Some(Path::new(name).file_name()?.to_string_lossy().into_owned()))
            .collect();
        if !known.is_empty() {
            return Ok(known);
        }
        let entries = fs::read_dir(directory)?;
        entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }
}
