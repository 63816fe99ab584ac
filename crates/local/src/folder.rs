//! A folder that one process at a time uses, and that the user of the servers can reach.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use rand::RngExt;
use tokio::process::Command;

use crate::Progress;

/// Where a server's files go if its user cannot reach the requested folder.
const FALLBACK: &str = "/var/lib/bescheid";

/// The user that runs the servers if we are root, because Postgres refuses to run as root.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub name: &'static str,
    pub uid: u32,
    pub gid: u32,
}

impl User {
    /// `None` if we are not root: then the servers run as ourselves.
    pub async fn for_servers() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (id("-u", name).await?, id("-g", name).await?) {
                return Ok(Some(Self { name, uid, gid }));
            }
        }
        bail!(
            "Postgres does not run as root, and this machine has neither a user postgres nor nobody: add one, or run this as an ordinary user"
        )
    }

    /// Makes `command` run as this user, in a working directory that this user can enter.
    pub fn runs(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid).current_dir("/");
    }

    /// Whether this user can enter `folder` and every folder above it.
    pub async fn reaches(&self, folder: &Path) -> Result<bool> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "cd \"$1\"", "sh"]).arg(folder).stderr(Stdio::null());
        self.runs(&mut command);
        Ok(command.status().await.context("cannot start /bin/sh")?.success())
    }
}

async fn id(flag: &str, name: &str) -> Result<Option<u32>> {
    let output = Command::new("id").args([flag, name]).output().await.context("cannot run `id`")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}

/// Creates `folder`, or a substitute that `user` can reach. A link `elsewhere` in the folder names the substitute;
/// a folder that was deleted therefore gets a new one. Returns where the files really are.
pub(crate) async fn home(folder: &Path, user: Option<&User>, progress: Progress<'_>) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let folder = folder.canonicalize()?;
    let Some(user) = user else { return Ok(folder) };
    let link = folder.join("elsewhere");
    if let Ok(target) = fs::read_link(&link) {
        return Ok(target);
    }
    chown(&folder, Some(user.uid), Some(user.gid))
        .with_context(|| format!("cannot give {} to {}", folder.display(), user.name))?;
    if user.reaches(&folder).await? {
        return Ok(folder);
    }
    let target = fallback_folder(&random_name())
        .with_context(|| format!("the user {} cannot reach {}", user.name, folder.display()))?;
    chown(&target, Some(user.uid), Some(user.gid))?;
    symlink(&target, &link)?;
    progress(&format!(
        "The user {} cannot reach {}: its files are in {}.",
        user.name,
        folder.display(),
        target.display()
    ));
    Ok(target)
}

/// A folder below [`FALLBACK`] that everybody may enter, whatever the umask.
pub(crate) fn fallback_folder(name: &str) -> Result<PathBuf> {
    let folder = Path::new(FALLBACK).join(name);
    let make = || {
        fs::create_dir_all(&folder)?;
        fs::set_permissions(FALLBACK, Permissions::from_mode(0o755))?;
        fs::set_permissions(&folder, Permissions::from_mode(0o755))
    };
    make().with_context(|| format!("cannot make the folder {}", folder.display()))?;
    Ok(folder)
}

/// Twelve random characters, for a name that is not taken.
pub(crate) fn random_name() -> String {
    format!("{:012x}", rand::rng().random_range(0..1_u64 << 48))
}

/// Locks `folder` for this process as long as the returned file is open; the kernel releases it when the process
/// dies.
pub(crate) fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let open = File::options().read(true).append(true).create(true).open(&path);
    let mut file = open.with_context(|| format!("cannot write in {}", folder.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            bail!(
                "{} is in use by process {}: stop it first, or choose another folder",
                folder.display(),
                holder.trim()
            )
        }
        Err(TryLockError::Error(error)) => bail!("cannot lock {}: {error}", path.display()),
    }
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())?;
    Ok(file)
}

/// Creates `folder`, if needed, and closes it to the other users of this machine: what is in it is about people.
///
/// # Errors
/// It cannot be made, or belongs to somebody else.
pub fn private_folder(folder: &Path) -> Result<()> {
    let make = || {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, Permissions::from_mode(0o700))
    };
    make().with_context(|| format!("cannot make the folder {}", folder.display()))
}

/// Creates an empty log file, which only its owner can read; the previous one becomes `.old`.
pub(crate) fn fresh_log(path: &Path) -> Result<File> {
    if path.exists() {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    let create = File::options().write(true).create(true).truncate(true).mode(0o600).open(path);
    create.with_context(|| format!("cannot write {}", path.display()))
}
