//! Whatever happens to `dbgen render -o FILE`, the file is the old one or the new one, whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/run.rs"]
mod run;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Instant;

use run::{DBGEN, Folder, Seen};

/// Two inputs whose modules differ all over, and a folder for the module.
struct Two {
    folder: Folder,
    modules: [String; 2],
}

impl Two {
    fn of(services: usize) -> Two {
        let folder = Folder::with(&[("out/kept", "")]);
        for (name, service) in [("a.toml", "apple"), ("b.toml", "banana")] {
            let text: String = (0..services)
                .map(|i| format!("[[services.{service}{i}.databases]]\ntype = \"postgresql\"\nname = \"{service}{i}\"\nuser = \"{service}{i}\"\n"))
                .collect();
            folder.write(name, &text);
        }
        let modules = ["a.toml", "b.toml"].map(|input| folder.run(&["render", input]).out);
        assert!(modules.iter().all(|module| module.len() > 200 * services));
        Two { folder, modules }
    }

    /// Panics unless the file is one of the modules.
    fn assert_whole(&self) {
        let text = self.folder.read("out/postgresql.nix");
        assert!(
            self.modules.contains(&text),
            "neither module but {} bytes",
            text.len()
        );
    }
}

#[test]
fn a_run_that_is_killed_at_any_moment_leaves_the_old_file_or_the_new_one() {
    let two = Two::of(2_000);
    let render = |input: &str| {
        let mut command = two.folder.command(DBGEN);
        command.args(["render", input, "-o", "out/postgresql.nix"]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let started = Instant::now();
    assert!(render("a.toml").status().unwrap().success());
    let whole = started.elapsed().as_secs_f64();
    let (mut killed, mut finished) = (0, 0);
    for round in 0..40 {
        // Past the end too; more often near it, where the file is written.
        let part = 1.15 * (1.0 - (f64::from(round % 20) / 20.0).powi(2));
        let input = ["b.toml", "a.toml"][round as usize % 2];
        let mut command = two.folder.command("timeout");
        command.args(["-s", "KILL", &format!("{:.4}", whole * part), DBGEN]);
        command.args(["render", input, "-o", "out/postgresql.nix"]);
        match command
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .code()
        {
            Some(0) => finished += 1,
            _ => killed += 1,
        }
        two.assert_whole();
    }
    assert!(killed > 0, "none of the runs was killed");
    eprintln!("killed {killed}, finished {finished}");
}

#[test]
fn a_run_that_is_killed_while_it_writes_leaves_the_old_file() {
    let two = Two::of(2_000);
    assert_eq!(
        two.folder
            .run(&["render", "a.toml", "-o", "out/postgresql.nix"])
            .status,
        Some(0)
    );
    let mut caught = 0;
    for _ in 0..10 {
        let mut child = two
            .folder
            .command(DBGEN)
            .args(["render", "b.toml", "-o", "out/postgresql.nix"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Until the temporary file is there, or the file itself is touched, or the run has ended.
        let length =
            || fs::metadata(two.folder.path("out/postgresql.nix")).map_or(0, |of| of.len());
        let old = two.modules[0].len() as u64;
        while two.folder.names("out").len() == 2
            && length() == old
            && child.try_wait().unwrap().is_none()
        {}
        child.kill().unwrap();
        child.wait().unwrap();
        two.assert_whole();
        for name in two
            .folder
            .names("out")
            .iter()
            .filter(|name| name.starts_with(".dbgen-"))
        {
            fs::remove_file(two.folder.path("out").join(name)).unwrap();
            caught += 1;
        }
        let back = two
            .folder
            .run(&["render", "a.toml", "-o", "out/postgresql.nix"]);
        assert_eq!(back.status, Some(0));
    }
    eprintln!("killed {caught} of 10 in the middle of writing");
}

#[test]
fn runs_at_the_same_time_leave_a_whole_file_and_nothing_else() {
    let two = Two::of(200);
    std::thread::scope(|scope| {
        for input in ["a.toml", "b.toml"].repeat(10) {
            let folder = &two.folder;
            scope.spawn(move || {
                let seen = folder.run(&["render", input, "-o", "out/postgresql.nix"]);
                assert_eq!(seen.status, Some(0), "{}", seen.err);
            });
        }
    });
    two.assert_whole();
    assert_eq!(two.folder.names("out"), ["kept", "postgresql.nix"]);
}

/// The old file is whole, no other file is there, and the run says which file it could not write.
fn assert_refused(folder: &Folder, seen: &Seen, old: &str) {
    assert_eq!(
        (seen.status, seen.out.as_str()),
        (Some(2), ""),
        "{}",
        seen.err
    );
    assert!(
        seen.err.contains("can't write `out/postgresql.nix`"),
        "{}",
        seen.err
    );
    assert_eq!(folder.read("out/postgresql.nix"), old);
    assert_eq!(folder.names("out"), ["kept", "postgresql.nix"]);
}

#[test]
fn a_write_that_fails_half_way_leaves_the_old_file_and_nothing_else() {
    let two = Two::of(200);
    two.folder.write("out/postgresql.nix", "# the old one\n");
    // Without the trap the signal would end the run, as any kill does, and its temporary file would stay.
    let seen = two
        .folder
        .sh("trap '' XFSZ; ulimit -f 16; dbgen render a.toml -o out/postgresql.nix");
    assert_refused(&two.folder, &seen, "# the old one\n");
}

#[test]
fn a_full_disk_leaves_the_old_file_and_nothing_else() {
    let test = "a_full_disk_leaves_the_old_file_and_nothing_else";
    let two = Two::of(400);
    if !run::has("unshare", test) {
        return;
    }
    let line = "mount -t tmpfs -o size=64k tmpfs out 2>/dev/null || exit 77
        echo '# the old one' >out/postgresql.nix
        dbgen render a.toml -o out/postgresql.nix; status=$?
        ls -A out; cat out/postgresql.nix; exit $status";
    let seen = run::seen(
        two.folder.command("unshare").args(["-m", "sh", "-c", line]),
        b"",
    );
    if !matches!(seen.status, Some(0..=2)) || seen.err.starts_with("unshare:") {
        eprintln!("skipped: {test}: no mount here: {}", seen.err.trim());
        return;
    }
    assert_eq!(seen.status, Some(2), "{}", seen.err);
    assert!(seen.err.contains("No space left"), "{}", seen.err);
    assert_eq!(seen.out, "postgresql.nix\n# the old one\n");
}

#[test]
fn a_folder_that_may_not_be_written_to_leaves_the_old_file() {
    let two = Two::of(2);
    two.folder.write("out/postgresql.nix", "# the old one\n");
    for (name, mode) in [(".", 0o755), ("out", 0o555), ("out/postgresql.nix", 0o666)] {
        fs::set_permissions(two.folder.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    let render = ["render", "a.toml", "-o", "out/postgresql.nix"];
    let is_root = two.folder.sh("id -u").out == "0\n";
    let seen = if is_root {
        // Nobody needs a way to the binary.
        fs::copy(DBGEN, two.folder.path("dbgen")).unwrap();
        let mut command = two.folder.command("setpriv");
        command
            .args([
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "./dbgen",
            ])
            .args(render);
        run::seen(&mut command, b"")
    } else {
        two.folder.run(&render)
    };
    assert_refused(&two.folder, &seen, "# the old one\n");
    fs::set_permissions(two.folder.path("out"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn standard_output_that_is_full_is_an_error() {
    let two = Two::of(2);
    for command in [
        "render a.toml",
        "check a.toml --output-format json",
        "hba a.toml",
        "schema",
        "explain --all",
        "completions bash",
    ] {
        let seen = two.folder.sh(&format!("dbgen {command} >/dev/full"));
        assert_eq!(seen.status, Some(2), "{command}: {}", seen.err);
        assert!(
            seen.err.contains("No space left"),
            "{command}: {}",
            seen.err
        );
    }
}
