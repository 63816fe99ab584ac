//! A private Postgres with its own data and its own port.

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
use crate::process::{self, ServerProcess, Signal};
use crate::tools::PostgresPrograms;
use crate::{Progress, port};

const ADMIN: &str = "bescheid";
/// The longest path of a unix socket on every supported system, with its `\0`.
const SOCKET_PATH_LIMIT: usize = 104;

/// What a committed transaction survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Survives a power cut.
    Safe,
    /// Survives `kill -9` of Postgres, but no power cut, because fsync is off. For tests.
    Fast,
}

#[derive(Clone, Debug)]
pub struct PostgresSettings {
    /// Contains all its files; created if missing. If we are root, the user `postgres` must be able to reach it (it
    /// cannot be below a folder of mode 0700); otherwise the files go below `/var/lib/bescheid`, and the progress
    /// says so.
    pub folder: PathBuf,
    /// Port on 127.0.0.1; 0 chooses a free one.
    pub port: u16,
    pub durability: Durability,
    pub max_connections: u16,
    /// In MiB.
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

/// A private Postgres, running or stopped. Dropping it asks the server to stop, without waiting.
pub struct Postgres {
    settings: PostgresSettings,
    programs: PostgresPrograms,
    user: Option<User>,
    home: PathBuf,
    password: String,
    port: u16,
    process: ServerProcess,
    _lock: File,
}

impl Postgres {
    /// Creates the cluster if there is none, ends a server that an earlier run has left, starts a new one, and waits
    /// until it answers. If we are root, it runs as the user `postgres`, or else `nobody`.
    ///
    /// # Errors
    /// The folder is in use, the port is taken, the disk is full, or the data is of another major version. Each error
    /// is one sentence, and nothing is left running.
    pub async fn start(
        programs: &PostgresPrograms,
        settings: PostgresSettings,
        progress: Progress<'_>,
    ) -> Result<Self> {
        let user = User::for_servers().await?;
        let home = folder::home(&settings.folder, user.as_ref(), progress).await?;
        let lock = folder::lock(&home)?;
        let data = home.join("data");
        if let Some(id) = signs::postmaster(&data).map(|(id, _)| id)
            && process::end_orphan(id, &data, Signal::INT).await?
        {
            progress("Stopped a PostgreSQL that an earlier run left behind.");
        }
        let mut postgres = Self {
            port: settings.port,
            settings,
            programs: programs.clone(),
            user,
            password: String::new(),
            home,
            process: ServerProcess::default(),
            _lock: lock,
        };
        if !data.exists() {
            progress("Making the database cluster …");
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

    /// The major version of the data in `folder`, if there is any: the argument of
    /// [`crate::tools::Search::postgres`].
    pub fn major_of(folder: &Path) -> Option<u32> {
        let home = fs::read_link(folder.join("elsewhere")).unwrap_or_else(|_| folder.to_owned());
        fs::read_to_string(home.join("data/PG_VERSION")).ok()?.trim().parse().ok()
    }

    /// The port on 127.0.0.1; it stays the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its files really are: not in [`PostgresSettings::folder`] if its user cannot reach that.
    pub fn folder(&self) -> &Path {
        &self.home
    }

    /// The log file; that of the previous start is beside it as `.log.old`.
    pub fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    /// The folder of its unix socket; `None` if the path would be too long.
    pub fn socket(&self) -> Option<PathBuf> {
        let folder = self.home.join("socket");
        let longest = folder.join(".s.PGSQL.65535.lock");
        (longest.as_os_str().len() < SOCKET_PATH_LIMIT).then_some(folder)
    }

    /// The process id of the postmaster while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// URL of a database for the superuser; the database `postgres` always exists.
    pub fn url(&self, database: &str) -> String {
        self.url_as(ADMIN, &self.password, database)
    }

    /// URL of a database for another user.
    pub fn url_as(&self, user: &str, password: &str, database: &str) -> String {
        format!(
            "postgres://{}:{}@127.0.0.1:{}/{}",
            percent(user),
            percent(password),
            self.port,
            percent(database)
        )
    }

    /// Creates a role with a database of the same name, to which only the role and the superuser can connect. If both
    /// exist, it only sets the password.
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

    /// Waits until the process ends without having been asked to. Cancel-safe; pending for ever while it is stopped.
    pub async fn exited(&mut self) -> Result<ExitStatus> {
        self.process.exited().await
    }

    /// Fast shutdown: open transactions are rolled back, committed ones are on disk. Does nothing if it is stopped
    /// already.
    pub async fn stop(&mut self) -> Result<()> {
        self.process.stop(Duration::from_secs(60)).await
    }

    /// Sends SIGKILL to the postmaster, to inject a crash; its other processes notice and end by themselves.
    pub async fn kill(&mut self) -> Result<()> {
        self.process.kill().await
    }

    /// Stops it if it is running, and starts it again on the same port with the same data.
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

    /// One of its programs, run as its user, without environment variables meant for other servers.
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

/// Percent-encodes a part of a URL.
fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
