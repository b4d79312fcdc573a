//! The project's own Nix files are what nixfmt would write.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn every_nix_file_is_formatted() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![project.join("flake.nix")];
    nix_files(&project.join("nix"), &mut files);
    nix_files(&project.join("tests/nix"), &mut files);
    let unformatted: Vec<_> = files
        .iter()
        .filter(|file| {
            let text = fs::read_to_string(file).unwrap();
            nixfmt_rs::format(&text).ok() != Some(text)
        })
        .collect();
    assert!(unformatted.is_empty(), "run nixfmt: {unformatted:?}");
}

fn nix_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            nix_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "nix") {
            found.push(path);
        }
    }
}
