//! A private Postgres: its own data, its own port, nobody else's.

mod cluster;
mod launch;
mod signs;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::folder::{self, User};
use crate::process::{self, Process, Signal};
use crate::tools::PostgresPrograms;
use crate::{Progress, port};

/// The superuser of the cluster.
const ADMIN: &str = "bescheid";
/// The longest path of a socket that every system takes, with its `\0`.
const SOCKET_PATH_LIMIT: usize = 104;

/// What survives what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A committed transaction survives a power cut.
    Safe,
    /// A committed transaction survives `kill -9` of Postgres, not a power cut: no fsync. For tests.
    Fast,
}

/// How to run it. Start from [`PostgresSettings::new`].
#[derive(Clone, Debug)]
pub struct PostgresSettings {
    /// Holds everything of it; made when missing. As root: one that the user `postgres` can reach
    /// (not below a folder of mode 0700), or the files go below `/var/lib/bescheid`, as is told.
    pub folder: PathBuf,
    /// On 127.0.0.1; 0 chooses a free one.
    pub port: u16,
    /// [`Durability::Safe`] unless said otherwise.
    pub durability: Durability,
    /// 200 unless said otherwise.
    pub max_connections: u16,
    /// Shared buffers in MiB; 128 unless said otherwise.
    pub shared_buffers: u32,
}

impl PostgresSettings {
    /// Safe, on a free port, 200 connections, 128 MiB of shared buffers.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            port: 0,
            durability: Durability::Safe,
            max_connections: 200,
            shared_buffers: 128,
        }
    }
}

/// A running (or stopped) private Postgres. Dropped, it is asked to stop, without waiting.
pub struct Postgres {
    settings: PostgresSettings,
    programs: PostgresPrograms,
    user: Option<User>,
    home: PathBuf,
    password: String,
    port: u16,
    process: Option<Process>,
    _lock: File,
}

impl Postgres {
    /// Makes the cluster when there is none, ends one left over by an earlier run, starts it, waits until it answers.
    ///
    /// As root it runs as the user `postgres` (else `nobody`). Errors: the folder is in use, the port is taken,
    /// no space, data of another major version; each one sentence, with nothing left running.
    pub async fn start(
        programs: &PostgresPrograms,
        settings: PostgresSettings,
        tell: Progress<'_>,
    ) -> Result<Self> {
        let user = User::for_servers().await?;
        let home = folder::home(&settings.folder, user.as_ref(), tell).await?;
        let lock = folder::lock(&home)?;
        let data = home.join("data");
        if let Some(id) = signs::postmaster(&data).map(|(id, _)| id)
            && process::end_orphan(id, &data, Signal::INT).await?
        {
            tell("Stopped a PostgreSQL that an earlier run left behind.");
        }
        let mut postgres = Self {
            port: settings.port,
            settings,
            programs: programs.clone(),
            user,
            password: String::new(),
            home,
            process: None,
            _lock: lock,
        };
        if !data.exists() {
            tell("Making the database cluster …");
            postgres.make_cluster(&data).await.context("cannot make the database cluster")?;
        }
        postgres.check_version(&data)?;
        postgres.password = fs::read_to_string(data.join("bescheid.password"))
            .context("the cluster has lost its password file")?;
        if postgres.port != 0 {
            port::ensure_free(postgres.port, "PostgreSQL")?;
        }
        postgres.launch().await?;
        Ok(postgres)
    }

    /// The major version that made the data in `folder`, if there is any: the argument of [`crate::tools::Search::postgres`].
    pub fn major_of(folder: &Path) -> Option<u32> {
        let home = fs::read_link(folder.join("elsewhere")).unwrap_or_else(|_| folder.to_owned());
        fs::read_to_string(home.join("data/PG_VERSION")).ok()?.trim().parse().ok()
    }

    /// The port it listens on, on 127.0.0.1; the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its files really are (see [`PostgresSettings::folder`]; elsewhere if its user cannot reach that).
    pub fn folder(&self) -> &Path {
        &self.home
    }

    /// What it says; the log of the start before is beside it as `.log.old`.
    pub fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    /// The folder of its unix socket; `None` where the path would be too long for one.
    pub fn socket(&self) -> Option<PathBuf> {
        let folder = self.home.join("socket");
        let longest = folder.join(".s.PGSQL.65535.lock");
        (longest.as_os_str().len() < SOCKET_PATH_LIMIT).then_some(folder)
    }

    /// The process id of the postmaster while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().and_then(Process::pid)
    }

    /// Address of a database as the superuser; `postgres` always exists.
    pub fn url(&self, database: &str) -> String {
        self.url_as(ADMIN, &self.password, database)
    }

    /// Address of a database as somebody else.
    pub fn url_as(&self, user: &str, password: &str, database: &str) -> String {
        format!(
            "postgres://{}:{}@127.0.0.1:{}/{}",
            percent(user),
            percent(password),
            self.port,
            percent(database)
        )
    }

    /// A role with its own database of the same name, which only the role (and the superuser) may enter.
    /// May be repeated: then it sets the password anew.
    pub async fn create_role_and_database(&self, name: &str, password: &str) -> Result<()> {
        const SCRIPT: &str = r"
            \getenv name BESCHEID_NAME
            \getenv password BESCHEID_PASSWORD
            select format('create role %I', :'name') where not exists (select from pg_roles where rolname = :'name') \gexec
            select format('alter role %I login password %L', :'name', :'password') \gexec
            select format('create database %I owner %I', :'name', :'name')
             where not exists (select from pg_database where datname = :'name') \gexec
            select format('revoke all on database %I from public', :'name') \gexec
        ";
        let mut psql = self.command("psql");
        psql.args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-U",
            ADMIN,
            "-d",
            "postgres",
            "-p",
        ])
        .arg(self.port.to_string())
        .env("PGPASSWORD", &self.password)
        .env("BESCHEID_NAME", name)
        .env("BESCHEID_PASSWORD", password)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
        let mut running = psql.spawn().context("cannot start psql")?;
        running.stdin.take().context("psql's input is piped")?.write_all(SCRIPT.as_bytes()).await?;
        let output = running.wait_with_output().await?;
        if !output.status.success() {
            bail!(
                "cannot make the role and database {name}: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(())
    }

    /// Waits until it ends unasked. Cancel-safe, for `select!`; pending for ever while it is stopped.
    pub async fn exited(&mut self) -> Result<ExitStatus> {
        match &mut self.process {
            Some(process) => {
                let status = process.exited().await;
                self.process = None;
                status
            }
            None => std::future::pending().await,
        }
    }

    /// Fast shutdown: open transactions are rolled back, what was committed is on disk. Nothing to do when stopped.
    pub async fn stop(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.stop(Duration::from_secs(60)).await?;
        }
        Ok(())
    }

    /// SIGKILL of the postmaster, as a fault; its other processes notice and end by themselves.
    pub async fn kill(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.kill().await?;
        }
        Ok(())
    }

    /// Stops it if it runs, and starts it again on the same port with the same data.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        self.launch().await
    }

    fn check_version(&self, data: &Path) -> Result<()> {
        let made_by = Self::major_of(&self.home).with_context(|| {
            format!("{} is not a database cluster: move it away to begin anew", data.display())
        })?;
        if made_by != self.programs.major {
            bail!(
                "the data in {} was made by PostgreSQL {made_by}, found was {}: install {made_by}, or move the data away to begin anew",
                data.display(),
                self.programs.major,
            );
        }
        Ok(())
    }

    /// One of its programs, as its user, deaf to settings meant for other servers.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.bin.join(program));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").current_dir("/");
        if let Some(user) = &self.user {
            user.runs(&mut command);
        }
        command
    }
}

/// Percent-encoded for a part of a URL.
fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
