//! `dbgen rotate`

use std::fs::{File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
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
        "the password of {} is a new one, in `{}`",
        phrase::backticked(name.as_str()),
        path.display()
    );
    if args.no_restart {
        tell_of_restart();
        return Ok(Outcome::Fine);
    }
    let restart = ["restart", PROVISION];
    say!("systemctl {}", restart.join(" "));
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
        "the server and the services get it by `systemctl restart {PROVISION}` on the host, as root"
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

/// The folder. What leads there may belong to the server's user, who must not lead root elsewhere: neither it nor the folder above it
/// may be a symbolic link.
fn open_folder(path: &Path) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = |above: BorrowedFd, part: &Path, whole: &Path| {
        fs::openat(above, part, flags, Mode::empty()).map_err(|error| {
            let shown = whole.display();
            // Without following, a symbolic link is no folder or one link too many.
            let is_link = std::fs::symlink_metadata(whole).is_ok_and(|it| it.is_symlink());
            match error {
                Errno::LOOP | Errno::NOTDIR if is_link => anyhow!(
                    "`{shown}` is a symbolic link: dbgen does not follow it; --directory names the folder itself"
                ),
                error => anyhow!(error).context(format!(
                    "can't read `{shown}`: is this the host, has it been provisioned, and are you root?"
                )),
            }
        })
    };
    let Some(name) = path.file_name() else {
        return open(fs::CWD, path, path);
    };
    let above = match path.parent() {
        Some(above) if above != Path::new("") => above,
        _ => Path::new("."),
    };
    let opened = open(fs::CWD, above, above)?;
    open(opened.as_fd(), Path::new(name), path)
}

/// Puts 256 random bits into the file, which keeps its owner, its group and its permissions.
fn replace(path: &Path) -> Result<()> {
    let folder = open_folder(path.parent().unwrap_or(Path::new("/")))?;
    let name = path.file_name().unwrap_or_default();
    let cant_read = || format!("can't read `{}`", path.display());
    let owner = fs::fstat(&folder).with_context(cant_read)?;
    let (uid, gid, mode) = match fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(old) if FileType::from_raw_mode(old.st_mode) != FileType::RegularFile => {
            bail!("`{}` is no file: dbgen does not touch it", path.display())
        }
        Ok(old) if old.st_uid != owner.st_uid => bail!(
            "`{}` belongs to another than its folder: the host did not make it, and dbgen does not touch it",
            path.display()
        ),
        Ok(old) => (old.st_uid, old.st_gid, old.st_mode & 0o777),
        // The provisioning gives it to the group that is declared.
        Err(Errno::NOENT) => (owner.st_uid, owner.st_gid, 0o400),
        Err(error) => return Err(error).with_context(cant_read),
    };
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(random.as_mut()).map_err(|error| anyhow!("no random bytes: {error}"))?;
    let password = Zeroizing::new(URL_SAFE_NO_PAD.encode(random.as_ref()));
    let chance = getrandom::u64().map_err(|error| anyhow!("no random bytes: {error}"))?;
    // The provisioning removes what is left of it by a crash.
    let new = format!(".new.{chance:016x}");
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let written = || -> std::io::Result<()> {
        let file = fs::openat(&folder, &new, flags, Mode::from_raw_mode(0o400))?;
        let filled = || -> std::io::Result<()> {
            let mut file = File::from(file);
            file.write_all(password.as_bytes())?;
            fchown(&file, Some(uid), Some(gid))?;
            file.set_permissions(Permissions::from_mode(mode))?;
            file.sync_all()?;
            Ok(fs::renameat(&folder, &new, &folder, name)?)
        };
        filled().inspect_err(|_| {
            let _ = fs::unlinkat(&folder, &new, AtFlags::empty());
        })?;
        Ok(fs::fsync(&folder)?)
    };
    written().with_context(|| format!("can't write `{}`: are you root?", path.display()))
}
