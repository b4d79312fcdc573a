//! What each phase of a run costs, at 10 to 10,000 services with two databases each: `cargo bench --bench phases`.
//!
//! The phases are those of `dbgen render`: read (files to texts), parse (texts to trees), declare (trees to
//! declarations), check (every rule), lower (declarations to the catalog), render (catalog to the module's text, with
//! its verification) and verify (that alone).

#![allow(
    clippy::expect_used,
    reason = "a bench that can't be set up has nothing to tell"
)]

use std::fs;
use std::path::{Path, PathBuf};

use dbgen::catalog::{self, Catalog};
use dbgen::check::{self, Scope};
use dbgen::declaration::load::{self, Input};
use dbgen::declaration::{Declarations, FileKind, read_file};
use dbgen::emit::module;
use dbgen::emit::nix::verify::verify;
use dbgen::source::{self, Sources};
use divan::{Bencher, black_box};

mod workload;

fn main() {
    divan::main();
}

/// The declarations on disk, removed at the end.
struct Folder(tempfile::TempDir);

impl Folder {
    fn one_file(services: usize) -> Folder {
        let folder = Folder::new();
        fs::write(
            folder.path().join("services.toml"),
            workload::one_text(services),
        )
        .expect("a file can be written");
        folder
    }

    fn file_each(services: usize) -> Folder {
        let folder = Folder::new();
        workload::write_one_file_each(folder.path(), services).expect("files can be written");
        folder
    }

    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder can be made"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn input(&self) -> Input {
        Input {
            paths: vec![self.path().to_path_buf()],
            stdin_filename: None,
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        source::find(&[self.path().to_path_buf()]).expect("the folder can be read")
    }

    fn sources(&self) -> Sources {
        read(&self.files())
    }
}

fn read(files: &[PathBuf]) -> Sources {
    let mut sources = Sources::default();
    for file in files {
        source::load(file, &mut sources).expect("the file can be read");
    }
    sources
}

fn declare(sources: &Sources) -> Declarations {
    let (mut declarations, mut findings) = (Declarations::default(), Vec::new());
    for (id, file) in sources.iter() {
        let (root, _) = source::read(file, id);
        let root = root.expect("the file is right");
        read_file(
            root,
            id,
            file,
            FileKind::Declarations,
            &mut declarations,
            &mut findings,
        );
    }
    declarations
}

fn catalog(folder: &Folder) -> Catalog {
    let loaded = load::load(&folder.input()).expect("the declarations can be read");
    loaded.catalog.expect("the declarations are right")
}

/// One file with all services.
mod one_file {
    use super::*;

    #[divan::bench(args = workload::SIZES)]
    fn a_read(bencher: Bencher, services: usize) {
        phase::read(bencher, &Folder::one_file(services));
    }

    #[divan::bench(args = workload::SIZES)]
    fn b_parse(bencher: Bencher, services: usize) {
        phase::parse(bencher, &Folder::one_file(services));
    }

    #[divan::bench(args = workload::SIZES)]
    fn c_parse_and_declare(bencher: Bencher, services: usize) {
        phase::declare(bencher, &Folder::one_file(services));
    }

    #[divan::bench(args = workload::SIZES)]
    fn h_whole(bencher: Bencher, services: usize) {
        phase::whole(bencher, &Folder::one_file(services));
    }
}

/// One file for each service.
mod file_each {
    use super::*;

    #[divan::bench(args = workload::SIZES)]
    fn a_read(bencher: Bencher, services: usize) {
        phase::read(bencher, &Folder::file_each(services));
    }

    #[divan::bench(args = workload::SIZES)]
    fn b_parse(bencher: Bencher, services: usize) {
        phase::parse(bencher, &Folder::file_each(services));
    }

    #[divan::bench(args = workload::SIZES)]
    fn c_parse_and_declare(bencher: Bencher, services: usize) {
        phase::declare(bencher, &Folder::file_each(services));
    }

    #[divan::bench(args = workload::SIZES)]
    fn h_whole(bencher: Bencher, services: usize) {
        phase::whole(bencher, &Folder::file_each(services));
    }
}

/// The phases after reading, for which the files are all one.
mod both {
    use super::*;

    #[divan::bench(args = workload::SIZES)]
    fn d_check(bencher: Bencher, services: usize) {
        let sources = Folder::one_file(services).sources();
        let declarations = declare(&sources);
        bencher.bench(|| {
            let mut findings = Vec::new();
            let scope = Scope::new(&declarations, &sources);
            check::check(black_box(&scope), &mut findings);
            findings
        });
    }

    #[divan::bench(args = workload::SIZES)]
    fn e_lower(bencher: Bencher, services: usize) {
        let sources = Folder::one_file(services).sources();
        let declarations = declare(&sources);
        let scope = Scope::new(&declarations, &sources);
        bencher.bench(|| catalog::lower(black_box(&scope)));
    }

    #[divan::bench(args = workload::SIZES)]
    fn f_render(bencher: Bencher, services: usize) {
        let folder = Folder::one_file(services);
        let bencher = bencher.with_inputs(|| catalog(&folder));
        bencher.bench_refs(|catalog| module::render(black_box(catalog), None));
    }

    #[divan::bench(args = workload::SIZES)]
    fn g_verify(bencher: Bencher, services: usize) {
        let mut catalog = catalog(&Folder::one_file(services));
        let text = module::render(&mut catalog, None).expect("the module can be rendered");
        bencher.bench(|| verify(black_box(&text)));
    }
}

mod phase {
    use super::*;

    pub fn read(bencher: Bencher, folder: &Folder) {
        bencher.bench(|| super::read(&folder.files()));
    }

    pub fn parse(bencher: Bencher, folder: &Folder) {
        let sources = folder.sources();
        bencher.bench(|| {
            for (id, file) in sources.iter() {
                black_box(source::read(file, id));
            }
        });
    }

    pub fn declare(bencher: Bencher, folder: &Folder) {
        let sources = folder.sources();
        bencher.bench(|| super::declare(black_box(&sources)));
    }

    pub fn whole(bencher: Bencher, folder: &Folder) {
        bencher.bench(|| module::render(&mut catalog(folder), None));
    }
}
