//! Which files are read.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may stop")]

use std::fs;
use std::path::{Path, PathBuf};

use dbgen::source::{ReadError, Sources, find, include, load};

/// A folder with those files, empty.
fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().expect("a file has a folder"))
            .expect("a folder can be made");
        fs::write(path, "").expect("a file can be written");
    }
    folder
}

fn names(folder: &Path, files: &[PathBuf]) -> Vec<String> {
    let relative = |file: &PathBuf| {
        file.strip_prefix(folder)
            .expect("inside")
            .to_string_lossy()
            .into_owned()
    };
    files.iter().map(relative).collect()
}

#[test]
fn a_folder_means_every_declaration_file_below_it_sorted() {
    let folder = folder(&[
        "b.toml",
        "a.nix",
        "c/d.json",
        "dbgen.toml",
        "README.md",
        ".hidden.toml",
        ".git/x.toml",
    ]);
    let found = find(&[folder.path().to_owned()]).expect("readable");
    assert_eq!(
        names(folder.path(), &found),
        ["a.nix", "b.toml", "c/d.json"]
    );
}

#[test]
fn two_stars_at_the_end_mean_every_file_below() {
    let folder = folder(&["s/a.toml", "s/b/c.toml", "s/b/d.txt", "top.toml", "x.txt"]);
    for (glob, expected) in [
        ("s/**", &["s/a.toml", "s/b/c.toml"][..]),
        ("**", &["s/a.toml", "s/b/c.toml", "top.toml"]),
        ("s/**/*.toml", &["s/a.toml", "s/b/c.toml"]),
        ("s/b/**", &["s/b/c.toml"]),
    ] {
        let included = include(folder.path(), &[glob]).expect("readable");
        let files: Vec<PathBuf> = included
            .files
            .iter()
            .map(|file| file.components().collect())
            .collect();
        assert_eq!(names(folder.path(), &files), expected, "{glob}");
        assert!(included.unmatched.is_empty(), "{glob}");
    }
    let included = include(folder.path(), &["*.txt", "none/**"]).expect("readable");
    assert_eq!(included.unmatched, ["*.txt", "none/**"]);
    assert_eq!(included.other_endings, ["*.txt"]);
}

#[test]
fn a_file_is_read_once_however_it_is_named() {
    let folder = folder(&["a.toml", "b/c.toml"]);
    let paths = [
        folder.path().join("b/../a.toml"),
        folder.path().to_owned(),
        folder.path().join("a.toml"),
    ];
    assert_eq!(
        names(folder.path(), &find(&paths).expect("readable")),
        ["a.toml", "b/c.toml"]
    );
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_back_is_not_followed() {
    let folder = folder(&["a/b.toml"]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop"))
        .expect("a link can be made");
    std::os::unix::fs::symlink("nowhere", folder.path().join("a/broken.toml"))
        .expect("a link can be made");
    assert_eq!(
        names(
            folder.path(),
            &find(&[folder.path().to_owned()]).expect("readable")
        ),
        ["a/b.toml"]
    );
}

#[test]
fn globs_name_files_and_folders_and_tell_when_they_name_none() {
    let folder = folder(&[
        "services/a.toml",
        "services/b.md",
        "hosts/x/db.nix",
        "hosts/y/db.nix",
        "dbgen.toml",
    ]);
    let included = include(
        folder.path(),
        &["services/*", "hosts/**/db.nix", "*.toml", "none/*.json"],
    )
    .expect("readable");
    assert_eq!(
        names(folder.path(), &included.files),
        ["hosts/x/db.nix", "hosts/y/db.nix", "services/a.toml"]
    );
    assert_eq!(included.unmatched, ["none/*.json"]);
    assert_eq!(
        include(folder.path(), &["services"])
            .expect("readable")
            .files
            .len(),
        1
    );
    assert!(matches!(
        include(folder.path(), &["a***"]),
        Err(ReadError::Pattern { .. })
    ));
}

#[test]
fn a_missing_file_and_an_unknown_ending_are_errors() {
    let folder = folder(&["a.yaml"]);
    let mut sources = Sources::default();
    assert!(matches!(
        find(&[folder.path().join("none.toml")]),
        Err(ReadError::Io { .. })
    ));
    assert!(matches!(
        load(&folder.path().join("none.toml"), &mut sources),
        Err(ReadError::Io { .. })
    ));
    let error =
        load(&folder.path().join("a.yaml"), &mut sources).expect_err("a.yaml has no format");
    assert!(
        error
            .to_string()
            .ends_with("its name must end in .toml, .json or .nix"),
        "{error}"
    );
}
