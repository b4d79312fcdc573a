//! Writing a file so that a run that fails leaves the old one whole.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::say;

/// How a file on disk compares with what it should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It holds exactly that.
    Current,
    /// It holds something else.
    Stale,
    /// There is no such file.
    Missing,
    /// It is a device, a pipe or a socket, which holds nothing that could be compared, or a stream of this process.
    Stream,
}

/// Compares a file with a text. Reads it piece by piece, and only when it is as long as the text.
pub fn state(path: &Path, text: &str) -> Result<State> {
    // Asked before the file is opened: that alone would wait for the other end of a pipe.
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(State::Missing),
        Err(error) => {
            return Err(error).with_context(|| format!("can't read `{}`", path.display()));
        }
    };
    if metadata.is_dir() {
        bail!("`{}` is a folder, not a file", path.display());
    }
    if !metadata.is_file() || descriptor(path).is_some() {
        return Ok(State::Stream);
    }
    let mut file = File::open(path).with_context(|| format!("can't read `{}`", path.display()))?;
    if metadata.len() != text.len() as u64 {
        return Ok(State::Stale);
    }
    let mut rest = text.as_bytes();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file
            .read(&mut buffer)
            .with_context(|| format!("can't read `{}`", path.display()))?;
        match rest.strip_prefix(&buffer[..read]) {
            Some(_) if read == 0 => {
                return Ok(if rest.is_empty() {
                    State::Current
                } else {
                    State::Stale
                });
            }
            Some(remaining) => rest = remaining,
            None => return Ok(State::Stale),
        }
    }
}

/// Puts the text into the file, by a temporary file beside it and a rename. A symbolic link stays, and what it points
/// to is replaced. A device, a pipe, and what is open as `/dev/stdout` or `/dev/fd/3`, be it a file, is written to.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let descriptor = descriptor(path);
    let is_stream = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
    let written = match descriptor.as_deref() {
        // Opened anew, a file would be written from its beginning.
        Some("1") => say::print(text),
        Some("2") => {
            say::stderr(format_args!("{text}"));
            Ok(())
        }
        Some(_) => into_stream(path, text),
        None if is_stream => into_stream(path, text),
        None => replace(&target(path), text),
    };
    written.with_context(|| format!("can't write `{}`", path.display()))
}

/// Writes behind what is there. A reader that has had enough is no failure.
fn into_stream(path: &Path, text: &str) -> Result<()> {
    let opened = File::options().append(true).open(path);
    match opened.and_then(|mut stream| stream.write_all(text.as_bytes())) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Which of this process's open files the path means, by whatever links: `/dev/stdout` is `1`.
fn descriptor(path: &Path) -> Option<String> {
    let own = fs::canonicalize("/proc/self/fd").ok()?;
    for step in steps(path) {
        let folder = match step.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        if fs::canonicalize(folder).ok()? == own {
            return Some(step.file_name()?.to_str()?.to_owned());
        }
    }
    None
}

/// Where the symbolic links lead, be there a file or not; Linux follows 40 at most.
pub fn target(path: &Path) -> PathBuf {
    steps(path).last().unwrap_or_else(|| path.to_path_buf())
}

/// The path, and where each of the links leads.
fn steps(path: &Path) -> impl Iterator<Item = PathBuf> {
    std::iter::successors(Some(path.to_path_buf()), |step| {
        let next = fs::read_link(step).ok()?;
        Some(step.parent().unwrap_or(Path::new("")).join(next))
    })
    .take(41)
}

fn replace(target: &Path, text: &str) -> Result<()> {
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    if !folder.is_dir() {
        bail!("there is no folder `{}`", folder.display());
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".dbgen-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What the process's umask makes of it, as for any file that a program creates.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder)?;
    if let Ok(metadata) = fs::metadata(target) {
        temporary
            .as_file()
            .set_permissions(metadata.permissions())?;
    }
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    temporary.persist(target)?;
    Ok(())
}
