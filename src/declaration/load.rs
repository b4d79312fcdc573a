//! The whole way from paths to findings and, when there is no error, the catalog.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Declarations, FileKind, read_file};
use crate::catalog::{self, Catalog, Impossible};
use crate::check::plain_text_password::PLAIN_TEXT_PASSWORD;
use crate::check::relative_secret_path::RELATIVE_SECRET_PATH;
use crate::check::{self, Scope};
use crate::diagnostic::{self, Diagnostic, Severity, phrase};
use crate::source::{self, ReadError, Sources, Span};

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
    /// The files that were read, project files included.
    pub inputs: Vec<PathBuf>,
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
    /// The same, but for modules that dbgen rendered.
    #[error("no declarations in {0}, but modules that dbgen rendered")]
    OnlyRendered(String),
    /// The project file names no file, and declares nothing itself.
    #[error(
        "no declaration file is named by {globs}, the `include` of `{project}`, and no service is declared there: mend `include`, or write a file with `dbgen new SERVICE`"
    )]
    NothingIncluded {
        /// The project file.
        project: String,
        /// Its globs.
        globs: String,
    },
    /// A path argument is a module.
    #[error("`{0}` is a module that dbgen rendered, and holds no declarations")]
    Rendered(String),
    /// A name for nothing.
    #[error("--stdin-filename names what comes on standard input, and no PATH is `-`")]
    NoStdin,
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
    let reads_stdin = input.paths.iter().any(|path| path == Path::new("-"));
    if input.stdin_filename.is_some() && !reads_stdin {
        return Err(LoadError::NoStdin);
    }
    if input.paths.is_empty() {
        let project = project_above()?;
        output = Some(project.clone());
        run.project(&project)?;
    } else {
        // Of a single one no file comes twice.
        run.may_repeat = input.paths.len() > 1;
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
            if run.is_new(&project) {
                run.project(&project)?;
            }
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
        for file in &files {
            if source::is_rendered(file) {
                return Err(LoadError::Rendered(file.display().to_string()));
            }
        }
        let mut rendered = 0;
        for file in source::find(&files)? {
            if run.is_new(&file) && !run.declarations_of(file)? {
                rendered += 1;
            }
        }
        // The module would drop every database: a mistyped folder is likelier.
        if run.sources.iter().next().is_none() {
            let folders = input.paths.iter().map(|path| path.display().to_string());
            let folders = phrase::and_list(folders);
            return Err(match rendered {
                0 => LoadError::NoFiles(folders),
                _ => LoadError::OnlyRendered(folders),
            });
        }
    }
    let output = output.and_then(|project| run.output(&project));
    run.finish(output)
}

/// Whether the project's `include` names the file. One that can't be read names none.
pub fn includes(project: &Path, file: &Path) -> bool {
    let mut run = Run::default();
    let is_read =
        source::load(project, &mut run.sources).map(|loaded| run.add(loaded, FileKind::Project));
    let real = file.canonicalize().ok();
    is_read.is_ok()
        && run.included(project).is_ok_and(|included| {
            included
                .files
                .iter()
                .any(|included| included.canonicalize().ok() == real)
        })
}

/// The project file in the working directory or the nearest folder above it, as a path that a person would write.
///
/// # Errors
/// When there is none.
pub fn project_above() -> Result<PathBuf, LoadError> {
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
    inputs: Vec<PathBuf>,
    /// Whether paths may name a file several times, and which were named.
    may_repeat: bool,
    seen: HashSet<PathBuf>,
}

impl Run {
    /// Whether no other path has led to the file.
    fn is_new(&mut self, file: &Path) -> bool {
        // What can't be found is told by whoever reads it.
        !self.may_repeat
            || file
                .canonicalize()
                .map_or(true, |file| self.seen.insert(file))
    }

    /// What the globs name of the project file, which has been read.
    fn included(&self, project: &Path) -> Result<source::Included, LoadError> {
        let folder = project.parent().unwrap_or(Path::new(""));
        let globs = self.declarations.project.include.iter();
        let globs: Vec<&str> = globs.map(|glob| &*glob.value).collect();
        Ok(source::include(folder, &globs)?)
    }

    /// Reads a file of declarations, unless it is a module that dbgen rendered.
    fn declarations_of(&mut self, file: PathBuf) -> Result<bool, LoadError> {
        let loaded = source::load_declarations(&file, &mut self.sources)?;
        let is_read = loaded.is_some();
        if let Some(loaded) = loaded {
            self.add(loaded, FileKind::Declarations);
            self.inputs.push(file);
        }
        Ok(is_read)
    }

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
        self.inputs.push(path.to_owned());
        let included = self.included(path)?;
        for glob in &self.declarations.project.include {
            let is_among = |globs: &[String]| globs.iter().any(|among| **among == *glob.value);
            if is_among(&included.unmatched) {
                let finding =
                    check::unmatched_include::finding(glob, is_among(&included.other_endings));
                self.findings.push(finding);
            }
        }
        let mut found = false;
        for file in included.files {
            found |= !self.is_new(&file) || self.declarations_of(file)?;
        }
        // As above. Without any glob nothing was mistyped, and what is wrong with the file itself is told instead.
        let is_sound = self
            .findings
            .iter()
            .all(|finding| finding.rule.severity == Severity::Warning);
        let globs = &self.declarations.project.include;
        if !found && !globs.is_empty() && self.declarations.services.is_empty() && is_sound {
            let globs = globs.iter().map(|glob| &glob.value);
            return Err(LoadError::NothingIncluded {
                project: path.display().to_string(),
                globs: phrase::and_list(globs),
            });
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
            let is_secret = |finding: &&Diagnostic| {
                let code = finding.rule.code;
                // What stands where a path belongs may be the password itself.
                let no_path = code == RELATIVE_SECRET_PATH.code
                    && !self.sources.text(finding.primary.span).contains('/');
                code == PLAIN_TEXT_PASSWORD.code || no_path
            };
            let secrets = self.findings.iter().filter(is_secret);
            let secrets: Vec<Span> = secrets.map(|finding| finding.primary.span).collect();
            self.sources.mask(secrets);
        }
        Ok(Loaded {
            sources: self.sources,
            findings: self.findings,
            catalog,
            output,
            inputs: self.inputs,
        })
    }
}
