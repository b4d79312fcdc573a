//! The whole way from paths to findings and, when there is no error, the catalog.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Declarations, FileKind, read_file};
use crate::catalog::Catalog;
use crate::check;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::source::discover::{self, ReadError};
use crate::source::{self, Sources};

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
    #[error("no `dbgen.toml` here or in a folder above; give a PATH, or start a project with `dbgen init`")]
    NoProject,
    /// `-` needs a name.
    #[error("`-` needs --stdin-filename NAME, whose ending (.toml, .json, .nix) tells the format")]
    NoStdinFilename,
}
