//! The whole way from paths to findings and, when there is no error, the catalog.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Declarations, FileKind, read_file};
use crate::catalog::{self, Catalog, Impossible};
use crate::check::plain_text_password::PLAIN_TEXT_PASSWORD;
use crate::check::relative_secret_path::RELATIVE_SECRET_PATH;
use crate::check::{self, Scope};
use crate::diagnostic::{self, Diagnostic, Severity, phrase};
use crate::source::{self, ReadError, Sources};

/// What to read.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Files and folders; `-` is standard input. Empty: the project's declarations.
    pub paths: Vec<PathBuf>,
    /// The name of what comes on standard input.
    pub stdin_filename: Option<String>,
}

/// What was read.
#[derive(Debug)]
pub struct Loaded {
    /// The files.
    pub sources: Sources,
    /// Everything that is wrong, sorted by place.
    pub findings: Vec<Diagnostic>,
    /// What it means, when nothing is wrong but for warnings.
    pub catalog: Option<Catalog>,
    /// The project's `output`, when the project's declarations were read.
    pub output: Option<PathBuf>,
}

/// Why nothing could be read.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A file or folder can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No path was given, and there is no project.
    #[error(
        "no `dbgen.toml` here or in a folder above; give a PATH, or start a project with `dbgen init`"
    )]
    NoProject,
    /// A rule is missing.
    #[error(transparent)]
    Impossible(#[from] Impossible),
    /// The folders that were given hold nothing to read.
    #[error("no file in {0} ends in .toml, .json or .nix")]
    NoFiles(String),
    /// `-` needs a name.
    #[error("`-` needs --stdin-filename NAME, whose ending (.toml, .json, .nix) tells the format")]
    NoStdinFilename,
}

/// The project file's name.
pub const PROJECT_FILE: &str = "dbgen.toml";

/// Reads and checks.
///
/// # Errors
/// When a file is missing or unreadable, or when there is nothing to read.
pub fn load(input: &Input) -> Result<Loaded, LoadError> {
    let mut run = Run::default();
    let mut output = None;
    if input.paths.is_empty() {
        let project = project_above()?;
        output = Some(project.clone());
        run.project(&project)?;
    } else {
        let (folders, rest): (Vec<PathBuf>, Vec<PathBuf>) = input
            .paths
            .iter()
            .cloned()
            .partition(|path| path.join(PROJECT_FILE).is_file());
        let (projects, rest): (Vec<PathBuf>, Vec<PathBuf>) = rest
            .into_iter()
            .partition(|path| path.file_name().is_some_and(|name| name == PROJECT_FILE));
        for project in folders
            .iter()
            .map(|folder| folder.join(PROJECT_FILE))
            .chain(projects)
        {
            run.project(&project)?;
        }
        let (stdin, files): (Vec<PathBuf>, Vec<PathBuf>) =
            rest.into_iter().partition(|path| path == Path::new("-"));
        if !stdin.is_empty() {
            let name = input
                .stdin_filename
                .as_ref()
                .ok_or(LoadError::NoStdinFilename)?;
            let loaded = source::load_from(&mut std::io::stdin().lock(), name, &mut run.sources)?;
            run.add(loaded, FileKind::Declarations);
        }
        for file in source::find(&files)? {
            let loaded = source::load(&file, &mut run.sources)?;
            run.add(loaded, FileKind::Declarations);
        }
        // The module would drop every database: a mistyped folder is likelier.
        if run.sources.iter().next().is_none() {
            let folders = input.paths.iter().map(|path| path.display().to_string());
            return Err(LoadError::NoFiles(phrase::and_list(folders)));
        }
    }
    let output = output.and_then(|project| run.output(&project));
    run.finish(output)
}

/// The project file in the working directory or the nearest folder above it, as a path that a person would write.
fn project_above() -> Result<PathBuf, LoadError> {
    let here = std::env::current_dir().map_err(|_| LoadError::NoProject)?;
    let mut shown = PathBuf::new();
    for folder in here.ancestors() {
        if folder.join(PROJECT_FILE).is_file() {
            return Ok(shown.join(PROJECT_FILE));
        }
        shown.push("..");
    }
    Err(LoadError::NoProject)
}

/// What one run gathers.
#[derive(Default)]
struct Run {
    sources: Sources,
    declarations: Declarations,
    findings: Vec<Diagnostic>,
}

impl Run {
    fn add(&mut self, loaded: source::Loaded, kind: FileKind) {
        if let Some(finding) = loaded.not_text {
            self.findings.push(finding);
            return;
        }
        let file = self.sources.file(loaded.id);
        let (root, findings) = source::read(file, loaded.id);
        self.findings.extend(findings);
        if let Some(root) = root {
            read_file(
                root,
                loaded.id,
                file,
                kind,
                &mut self.declarations,
                &mut self.findings,
            );
        }
    }

    fn project(&mut self, path: &Path) -> Result<(), LoadError> {
        let loaded = source::load(path, &mut self.sources)?;
        self.add(loaded, FileKind::Project);
        let folder = path.parent().unwrap_or(Path::new(""));
        let patterns: Vec<&str> = self
            .declarations
            .project
            .include
            .iter()
            .map(|glob| &*glob.value)
            .collect();
        let included = source::include(folder, &patterns)?;
        for glob in &self.declarations.project.include {
            if included
                .unmatched
                .iter()
                .any(|unmatched| **unmatched == *glob.value)
            {
                self.findings.push(check::unmatched_include::finding(glob));
            }
        }
        for file in included.files {
            let loaded = source::load(&file, &mut self.sources)?;
            self.add(loaded, FileKind::Declarations);
        }
        Ok(())
    }

    fn output(&self, project: &Path) -> Option<PathBuf> {
        let output = self.declarations.project.output.as_ref()?;
        Some(
            project
                .parent()
                .unwrap_or(Path::new(""))
                .join(&*output.value),
        )
    }

    fn finish(mut self, output: Option<PathBuf>) -> Result<Loaded, LoadError> {
        let scope = Scope::new(&self.declarations, &self.sources);
        check::check(&scope, &mut self.findings);
        let fine = self
            .findings
            .iter()
            .all(|finding| finding.rule.severity == Severity::Warning);
        let catalog = if fine {
            Some(catalog::lower(&scope)?)
        } else {
            None
        };
        diagnostic::sort(&mut self.findings);
        if !self.findings.is_empty() {
            self.sources.mask_passwords();
            for finding in &self.findings {
                let place = finding.primary.span;
                let code = finding.rule.code;
                // What stands where a path belongs may be the password itself.
                let no_path =
                    code == RELATIVE_SECRET_PATH.code && !self.sources.text(place).contains('/');
                if code == PLAIN_TEXT_PASSWORD.code || no_path {
                    self.sources.mask(place);
                }
            }
        }
        Ok(Loaded {
            sources: self.sources,
            findings: self.findings,
            catalog,
            output,
        })
    }
}
