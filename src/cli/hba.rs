//! `dbgen hba`

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;

use dbgen::catalog::reach::{Answer, DeclaredLogin, Verdict};
use dbgen::catalog::{Catalog, Instance, MAIN};
use dbgen::diagnostic::color::{Paint, Tone};
use dbgen::diagnostic::{self, OutputFormat, phrase};
use dbgen::postgres::Version;
use dbgen::postgres::hba::{self, Files, IdentMap, Rule};

use super::say::{self, print};
use super::{Global, InputArgs, Outcome, report};

#[derive(Debug, Args)]
#[command(after_help = "\
Output formats: human, concise (the same as human) and json. github and sarif
are refused: they show places in declarations.

Exit status: 1 when a login that is declared to get in over a route is refused there.

Examples:
  dbgen hba                                              the rules that dbgen renders
  dbgen hba --pg-hba /etc/pg_hba.conf                    the rules of a running server
  dbgen hba --pg-hba pg_hba.conf --pg-ident pg_ident.conf --output-format json")]
pub struct HbaArgs {
    #[command(flatten)]
    input: InputArgs,

    /// Judge this pg_hba.conf instead of the rendered rules
    #[arg(long, value_name = "FILE")]
    pg_hba: Option<PathBuf>,

    /// The pg_ident.conf that belongs to it
    #[arg(long, value_name = "FILE", requires = "pg_hba")]
    pg_ident: Option<PathBuf>,

    /// The server's major version; default: the declared one, or the newest that dbgen knows
    #[arg(long, value_name = "MAJOR")]
    server_version: Option<i64>,
}

/// Rules and maps, and what they are called.
struct Judged {
    name: String,
    rules: Vec<Rule>,
    maps: Vec<IdentMap>,
}

/// What nixpkgs' module adds after the rules of all modules.
const NIXOS_DEFAULTS: &str = "\
local all postgres peer map=postgres
local all all peer
host all all 127.0.0.1/32 md5
host all all ::1/128 md5
";

pub fn run(args: &HbaArgs, global: &Global) -> Result<Outcome> {
    if matches!(
        global.output_format,
        OutputFormat::Github | OutputFormat::Sarif
    ) {
        bail!("`dbgen hba` has the output formats human, concise and json");
    }
    let Some(catalog) = report::load(&args.input, global)? else {
        return Ok(Outcome::Findings);
    };
    let Some(instance) = catalog.instances.get(MAIN) else {
        return Ok(Outcome::Fine);
    };
    let version = match args.server_version {
        Some(major) => match Version::new(major) {
            Some(version) => version,
            None => bail!(
                "dbgen knows PostgreSQL {} to {}, not {major}",
                Version::OLDEST,
                Version::NEWEST
            ),
        },
        None => instance.version.unwrap_or(Version::NEWEST),
    };
    let judged = judged(args, instance, version)?;
    let mut logins = Vec::new();
    let mut refused = false;
    let by_judged = instance.judge(&judged.rules, &judged.maps);
    let by_declared = instance.judge(&instance.rules, &instance.ident_map);
    for login in Catalog::logins(instance) {
        let declared = by_declared.answers(&login);
        let routes = by_judged.answers(&login).map(|answer| {
            let gets_in =
                |declared: &Answer| declared.route == answer.route && !is_refused(declared.verdict);
            let bad = is_refused(answer.verdict) && declared.iter().any(gets_in);
            refused |= bad;
            (answer, bad)
        });
        logins.push((login, routes));
    }
    match global.output_format {
        OutputFormat::Json => print(&json(&judged, &logins, version))?,
        // Of the others, github and sarif are refused above.
        _ => print(&human(&judged, &logins, version, say::paint(&io::stdout())))?,
    }
    Ok(if refused {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}

fn is_refused(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Refused | Verdict::NoRule)
}

fn judged(args: &HbaArgs, instance: &Instance, version: Version) -> Result<Judged> {
    let major = version.major();
    let Some(path) = &args.pg_hba else {
        let (defaults, _) = hba::parse(NIXOS_DEFAULTS, major, None);
        let rules = instance.rules.iter().cloned().chain(defaults).collect();
        return Ok(Judged {
            name: "the rendered rules, and the defaults of NixOS".into(),
            rules,
            maps: instance.ident_map.clone(),
        });
    };
    let (rules, errors) = hba::parse(&read(path)?, major, Some(&Beside(path)));
    refuse(path, &errors)?;
    let maps = match &args.pg_ident {
        None => Vec::new(),
        Some(path) => {
            let (maps, errors) = hba::parse_ident(&read(path)?, major, Some(&Beside(path)));
            refuse(path, &errors)?;
            maps
        }
    };
    Ok(Judged {
        name: path.display().to_string(),
        rules,
        maps,
    })
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("can't read `{}`", path.display()))
}

fn refuse(path: &Path, errors: &[hba::ParseError]) -> Result<()> {
    let Some(first) = errors.first() else {
        return Ok(());
    };
    let file = first
        .file
        .as_ref()
        .map(|file| format!("{} ", phrase::shown(file)));
    bail!(
        "the server would refuse `{}`, which has {}; {}line {}: {}",
        path.display(),
        phrase::count(errors.len(), "error"),
        file.unwrap_or_default(),
        first.line,
        phrase::shown(&first.message.to_string())
    )
}

/// Included files lie beside the file that names them.
struct Beside<'p>(&'p Path);

impl Beside<'_> {
    fn resolve(&self, name: &str) -> PathBuf {
        self.0.parent().unwrap_or(Path::new("")).join(name)
    }
}

impl Files for Beside<'_> {
    fn read(&self, name: &str) -> io::Result<String> {
        fs::read_to_string(self.resolve(name))
    }

    fn list(&self, directory: &str) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(self.resolve(directory))?;
        entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }
}

type Judgement<'c> = (DeclaredLogin<'c>, [(Answer, bool); 3]);

fn shown_rule(judged: &Judged, index: usize, version: Version) -> String {
    let Some(rule) = judged.rules.get(index) else {
        return String::new();
    };
    let text = hba::print(rule, version.major()).unwrap_or_else(|error| error.to_string());
    let file = rule.file.as_ref().map(|file| format!("{file} "));
    match rule.line {
        0 => format!("rule {}: {text}", index + 1),
        line => format!("{}line {line}: {text}", file.unwrap_or_default()),
    }
}

fn human(judged: &Judged, logins: &[Judgement], version: Version, paint: Paint) -> String {
    let mut out = String::new();
    for (login, routes) in logins {
        let as_whom = login.unix_user.map_or_else(String::new, |user| {
            format!(" (Unix user {})", phrase::backticked(user))
        });
        let heading = format!(
            "{} as {}",
            phrase::backticked(login.database),
            phrase::backticked(login.user)
        );
        let _ = writeln!(out, "{}{as_whom}", paint.text(Tone::Strong, &heading));
        for (answer, bad) in routes {
            let what = match (answer.verdict, answer.method) {
                (Verdict::Admitted, Some(method)) => format!("let in ({})", method.keyword()),
                (Verdict::ProofNeeded, Some(method)) => {
                    format!("asked for proof ({})", method.keyword())
                }
                (Verdict::Refused, Some(method)) => format!("refused ({})", method.keyword()),
                (Verdict::NoRule, _) => "refused: no rule matches".into(),
                _ => "depends on the host".into(),
            };
            let tone = match answer.verdict {
                _ if *bad => Tone::Bad,
                Verdict::Admitted | Verdict::ProofNeeded => Tone::Good,
                Verdict::Refused | Verdict::NoRule => Tone::Quiet,
                Verdict::Undecided => Tone::Warn,
            };
            let what = paint.text(tone, &format!("{what:32}"));
            let mark = match *bad {
                true => format!("  {}", paint.text(Tone::Bad, "<- declared to get in")),
                false => String::new(),
            };
            let perhaps = answer.undecided.map_or("", |_| "perhaps ");
            let rule = answer.undecided.or(answer.rule).map(|index| {
                format!(
                    "{perhaps}{}",
                    phrase::shown(&shown_rule(judged, index, version))
                )
            });
            let _ = writeln!(
                out,
                "  {:9}  {what}  {}{mark}",
                answer.route,
                rule.unwrap_or_default()
            );
        }
    }
    let _ = writeln!(
        out,
        "{} judged by {}",
        phrase::count(logins.len(), "login"),
        judged.name
    );
    out
}

fn json(judged: &Judged, logins: &[Judgement], version: Version) -> String {
    let logins: Vec<_> = logins
        .iter()
        .map(|(login, routes)| {
            let routes: Vec<_> = routes
                .iter()
                .map(|(answer, bad)| {
                    json!({
                        "route": answer.route,
                        "verdict": answer.verdict,
                        "method": answer.method.map(|method| method.keyword()),
                        "rule": answer.rule.map(|index| shown_rule(judged, index, version)),
                        "undecided": answer.undecided.map(|index| shown_rule(judged, index, version)),
                        "contradictsDeclaration": bad,
                    })
                })
                .collect();
            json!({ "database": login.database, "user": login.user, "unixUser": login.unix_user, "routes": routes })
        })
        .collect();
    diagnostic::json_document(&json!({ "version": 1, "judged": judged.name, "logins": logins }))
}
