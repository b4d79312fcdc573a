//! `dbgen rotate`

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use zeroize::Zeroizing;

use dbgen::catalog::{MAIN, PasswordSource, Role};
use dbgen::diagnostic::phrase;
use dbgen::emit::module;

use super::say::say;
use super::{Global, InputArgs, Outcome, report};

const PROVISION: &str = "dbgen-provision.service";

#[derive(Debug, Args)]
#[command(after_help = "\
For a password that the host made (`generate = true`), on that host, as root. The file
is replaced as a whole and the provisioning starts again, which has the services that
are declared to use it restarted or reloaded.

Without dbgen on the host the same is done by hand:
  rm /var/lib/dbgen/passwords/immich
  systemctl restart dbgen-provision.service

Examples:
  dbgen rotate immich
  dbgen rotate immich services/")]
pub struct RotateArgs {
    /// The role whose password is made anew
    role: String,

    #[command(flatten)]
    input: InputArgs,

    /// Where the host keeps the passwords that it made
    #[arg(long, value_name = "DIR", default_value = module::PASSWORDS)]
    directory: PathBuf,

    /// Leave the provisioning and the services as they are
    #[arg(long)]
    no_restart: bool,
}

pub fn run(args: &RotateArgs, global: &Global) -> Result<Outcome> {
    let Some(catalog) = report::load(&args.input, global)? else {
        return Ok(Outcome::Findings);
    };
    let Some(instance) = catalog.instances.get(MAIN) else {
        bail!("nothing is declared")
    };
    let mut roles = instance.roles.iter();
    let Some((name, role)) = roles.find(|(name, _)| name.as_str() == args.role) else {
        bail!(
            "no enabled service declares the role {}",
            phrase::backticked(&args.role)
        )
    };
    refuse_other_sources(name.as_str(), role)?;
    let path = args.directory.join(module::file_name(name.as_str()));
    replace(&path)?;
    say!(
        "dbgen: the password of {} is a new one, in `{}`",
        phrase::backticked(name.as_str()),
        path.display()
    );
    if args.no_restart {
        tell_of_restart();
        return Ok(Outcome::Fine);
    }
    let restart = ["restart", PROVISION];
    say!("dbgen: systemctl {}", restart.join(" "));
    match Command::new("systemctl").args(restart).status() {
        Ok(status) if status.success() => {}
        Ok(_) => bail!(
            "`systemctl {}` failed; until it succeeds, the server may have the old password",
            restart.join(" ")
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => tell_of_restart(),
        Err(error) => return Err(anyhow!(error).context("can't run systemctl")),
    }
    Ok(Outcome::Fine)
}

fn tell_of_restart() {
    say!(
        "dbgen: the server and the services get it by `systemctl restart {PROVISION}` on the host, as root"
    );
}

fn refuse_other_sources(name: &str, role: &Role) -> Result<()> {
    let name = phrase::backticked(name);
    let then = format!("then `systemctl restart {PROVISION}` brings it to the server");
    match &role.password {
        Some(PasswordSource::Generated) => Ok(()),
        Some(PasswordSource::File(path)) => bail!(
            "the password of {name} is not made by the host: put the new one into `{path}`, {then}"
        ),
        Some(PasswordSource::Sops(secret)) => bail!(
            "the password of {name} is not made by the host: change the secret {} with sops, and switch the host to it",
            phrase::backticked(secret)
        ),
        Some(PasswordSource::Agenix(secret)) => bail!(
            "the password of {name} is not made by the host: change the secret {} with agenix, and switch the host to it",
            phrase::backticked(secret)
        ),
        None => bail!(
            "the role {name} has no password: `password = {{ generate = true }}` lets the host make one"
        ),
    }
}

/// Puts 256 random bits into the file, which keeps its owner, its group and its permissions.
fn replace(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let shown = folder.display();
    let owner = fs::metadata(folder).with_context(|| {
        format!(
            "can't read `{shown}`: is this the host, has it been provisioned, and are you root?"
        )
    })?;
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(random.as_mut()).map_err(|error| anyhow!("no random bytes: {error}"))?;
    let password = Zeroizing::new(URL_SAFE_NO_PAD.encode(random.as_ref()));
    let (uid, gid, mode) = match fs::symlink_metadata(path) {
        Ok(old) if old.is_file() => (old.uid(), old.gid(), old.mode() & 0o7777),
        Ok(_) => bail!("`{}` is no file: dbgen does not touch it", path.display()),
        // The provisioning gives it to the group that is declared.
        Err(error) if error.kind() == ErrorKind::NotFound => (owner.uid(), owner.gid(), 0o400),
        Err(error) => {
            return Err(error).with_context(|| format!("can't read `{}`", path.display()));
        }
    };
    let written = || -> std::io::Result<()> {
        // The provisioning removes what is left of it by a crash.
        let mut new = tempfile::Builder::new()
            .prefix(".new.")
            .permissions(fs::Permissions::from_mode(0o400))
            .tempfile_in(folder)?;
        new.write_all(password.as_bytes())?;
        fchown(new.as_file(), Some(uid), Some(gid))?;
        new.as_file()
            .set_permissions(fs::Permissions::from_mode(mode))?;
        new.as_file().sync_all()?;
        new.persist(path)?;
        File::open(folder)?.sync_all()
    };
    written().with_context(|| format!("can't write `{}`: are you root?", path.display()))
}
