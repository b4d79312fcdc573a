//! Whole runs of `dbgen render` against what people would use instead, and against the aims: `cargo bench --bench ratios`.
//!
//! Each pair takes turns, A B A B, and the medians of the processor time (user and system) are compared, because a
//! ratio within one run says more than times on different machines. The peers are `cp`, a Python script (`peers/collector.py`;
//! needs Python 3.11 and jinja2) and a Nix expression (`peers/from-toml.nix`; needs `nix-instantiate`). One that is
//! missing is named and left out. Nothing fails when an aim is missed: it is told, in the last column.
//!
//! Every run is started by a process of its own, this program with `--measure`, which tells what the system charged
//! to its children: processor time, and the peak of resident memory. dbgen's output goes nowhere, that of the peers
//! into a file in the folder for temporary files.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;

mod workload;

/// Turns of a pair; the median of an odd number is a run.
const TURNS: usize = 11;

fn main() -> Result<()> {
    let args: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    if let [first, command @ ..] = args.as_slice()
        && first.as_os_str() == "--measure"
    {
        return measure(command);
    }
    if !args.iter().any(|arg| arg.as_os_str() == "--bench") {
        // `cargo test --all-targets` comes here too, and no test measures time.
        println!("nothing is measured: run `cargo bench --bench ratios`");
        return Ok(());
    }
    let folder = tempfile::tempdir().context("no folder for the declarations")?;
    let bench = Bench {
        folder: folder.path().to_path_buf(),
        here: env::current_exe()?,
    };
    for services in workload::SIZES {
        fs::write(bench.input(services), workload::one_text(services))?;
    }
    bench.run()
}

/// What a process cost.
#[derive(Clone, Copy)]
struct Cost {
    /// Processor time in microseconds.
    time: f64,
    /// Peak of resident memory in KiB.
    peak: f64,
}

/// Runs the repetitions of a command and prints what they cost together.
fn measure(command: &[PathBuf]) -> Result<()> {
    let [times, program, args @ ..] = command else {
        bail!("--measure TIMES PROGRAM ARGS")
    };
    let times: u32 = times.to_string_lossy().parse()?;
    for _ in 0..times {
        let status = Command::new(program)
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        if !status.success() {
            bail!("`{}` ended with {status}", program.display());
        }
    }
    let usage: Usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let time = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    println!("{} {}", time as f64 / f64::from(times), usage.max_rss());
    Ok(())
}

struct Bench {
    folder: PathBuf,
    here: PathBuf,
}

/// A command line.
type Line = Vec<String>;

impl Bench {
    fn input(&self, services: usize) -> PathBuf {
        self.folder.join(format!("{services}.toml"))
    }

    fn shown(&self, services: usize) -> String {
        self.input(services).display().to_string()
    }

    fn output(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn dbgen(&self, services: usize) -> Line {
        let program = env!("CARGO_BIN_EXE_dbgen").to_owned();
        vec![
            program,
            "render".into(),
            self.shown(services),
            "-o".into(),
            "-".into(),
        ]
    }

    fn cp(&self, services: usize) -> Line {
        vec!["cp".into(), self.shown(services), self.output("copy.toml")]
    }

    fn python(&self, services: usize) -> Line {
        vec![
            "python3".into(),
            peer("collector.py"),
            self.shown(services),
            self.output("python.nix"),
        ]
    }

    fn nix(&self, services: usize) -> Line {
        let options = ["--eval", "--strict", "--json", "--argstr", "file"].map(String::from);
        let mut line = vec!["nix-instantiate".to_owned()];
        line.extend(options);
        line.extend([self.shown(services), peer("from-toml.nix")]);
        line
    }

    /// What `times` runs of the command cost, each.
    fn cost(&self, times: u32, line: &Line) -> Result<Cost> {
        let output = Command::new(&self.here)
            .arg("--measure")
            .arg(times.to_string())
            .args(line)
            .output()?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let output = String::from_utf8(output.stdout)?;
        let (time, peak) = output.trim().split_once(' ').context("two numbers")?;
        Ok(Cost {
            time: time.parse()?,
            peak: peak.parse()?,
        })
    }

    /// The medians of two commands that take turns.
    fn pair(&self, times: u32, a: &Line, b: &Line) -> Result<(f64, f64)> {
        let mut costs = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            costs.0.push(self.cost(times, a)?.time);
            costs.1.push(self.cost(times, b)?.time);
        }
        Ok((median(costs.0), median(costs.1)))
    }

    fn run(&self) -> Result<()> {
        println!(
            "{:<44}{:>11}{:>11}{:>9}{:>9}",
            "", "dbgen", "peer", "ratio", "aim"
        );
        self.against("10 services, `cp` of the input", 10, Bench::cp, 10, 2.5);
        self.against(
            "1,000 services, Python script",
            1_000,
            Bench::python,
            1,
            0.10,
        );
        self.against(
            "1,000 services, builtins.fromTOML",
            1_000,
            Bench::nix,
            1,
            0.05,
        );
        self.growth()?;
        let peak = self.cost(1, &self.dbgen(10_000))?.peak / 1024.0;
        row("10,000 services, peak memory (MiB)", "", "", peak, 48.0);
        self.verification()
    }

    fn against(
        &self,
        what: &str,
        services: usize,
        peer: fn(&Bench, usize) -> Line,
        times: u32,
        aim: f64,
    ) {
        let (a, b) = (self.dbgen(services), peer(self, services));
        // A peer that is missing, or that misses something, is no reason to tell nothing of the others.
        match self.cost(1, &b).and_then(|_| self.pair(times, &a, &b)) {
            Ok((dbgen, peer)) => row(what, &millis(dbgen), &millis(peer), dbgen / peer, aim),
            Err(why) => println!(
                "{what:<44}left out, `{}` can't be measured: {why}",
                b.first().map_or("", |it| it)
            ),
        }
    }

    /// (t(10,000) - t(10)) / (t(1,000) - t(10)): 10 is linear.
    fn growth(&self) -> Result<()> {
        let mut times = [10, 1_000, 10_000].map(|services| (services, Vec::new()));
        for _ in 0..TURNS {
            for (services, costs) in &mut times {
                costs.push(self.cost(1, &self.dbgen(*services))?.time);
            }
        }
        let [small, middle, large] = times.map(|(_, costs)| median(costs));
        let (from, to) = (millis(middle), millis(large));
        row(
            "1,000 to 10,000 services, growth",
            &to,
            &from,
            (large - small) / (middle - small),
            11.0,
        );
        Ok(())
    }

    /// The verification's share, in this process: whole runs can't leave it out.
    fn verification(&self) -> Result<()> {
        use dbgen::declaration::load::{Input, load};
        use dbgen::emit::{module, nix::verify::verify};
        let input = Input {
            paths: vec![self.input(1_000)],
            stdin_filename: None,
        };
        let (mut whole, mut part) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            let start = own_time()?;
            let loaded = load(&input)?;
            let mut catalog = loaded.catalog.context("the declarations are right")?;
            let text = module::render(&mut catalog, None)?;
            let end = own_time()?;
            verify(&text).ok().context("the module is right")?;
            part.push(own_time()? - end);
            whole.push(end - start);
        }
        let (whole, part) = (median(whole), median(part));
        row(
            "1,000 services, share of the verification",
            &millis(whole),
            &millis(part),
            part / whole,
            0.35,
        );
        Ok(())
    }
}

/// The processor time of this process, in microseconds.
fn own_time() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok((usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64)
}

fn peer(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("benches/peers")
        .join(name);
    path.display().to_string()
}

fn median(mut costs: Vec<f64>) -> f64 {
    costs.sort_by(f64::total_cmp);
    costs.get(costs.len() / 2).copied().unwrap_or(f64::NAN)
}

fn millis(micros: f64) -> String {
    format!("{:.2} ms", micros / 1000.0)
}

fn row(what: &str, dbgen: &str, peer: &str, ratio: f64, aim: f64) {
    let verdict = if ratio <= aim { "" } else { "  missed" };
    println!("{what:<44}{dbgen:>11}{peer:>11}{ratio:>9.3}{aim:>9}{verdict}");
}
