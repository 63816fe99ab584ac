//! A private nats-server with JetStream.

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

use crate::folder;
use crate::process::{self, Process, ServerProcess, Signal};
use crate::tools::NatsProgram;
use crate::{Progress, port};

/// nats-server reads the whole store before it accepts connections, which takes time if the store is large.
const READY_WITHIN: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub struct NatsSettings {
    /// Contains all its files; created if missing.
    pub folder: PathBuf,
    /// Port on 127.0.0.1; 0 chooses a free one.
    pub port: u16,
    /// Additional configuration in nats-server's own syntax (users, permissions, limits); may be empty.
    pub config: String,
}

impl NatsSettings {
    /// On a free port, without users.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), port: 0, config: String::new() }
    }
}

/// A private nats-server, running or stopped. Dropping it asks the server to stop, without waiting.
pub struct Nats {
    program: NatsProgram,
    home: PathBuf,
    chosen_port: u16,
    port: u16,
    process: ServerProcess,
    _lock: File,
}

impl Nats {
    /// Ends a server that an earlier run has left, starts a new one, and waits until it answers on its port with
    /// JetStream enabled.
    ///
    /// # Errors
    /// The folder is in use, the port is taken, or `config` has a mistake. Each error is one sentence, and nothing is
    /// left running.
    pub async fn start(
        program: &NatsProgram,
        settings: NatsSettings,
        progress: Progress<'_>,
    ) -> Result<Self> {
        folder::private_folder(&settings.folder)?;
        let home = folder::home(&settings.folder, None, progress).await?;
        let lock = folder::lock(&home)?;
        let earlier = fs::read_to_string(home.join("nats.pid")).ok().and_then(|id| id.trim().parse().ok());
        if let Some(id) = earlier
            && process::end_orphan(id, &home.join("store"), Signal::TERM).await?
        {
            progress("Stopped a nats-server that an earlier run left behind.");
        }
        // The configuration may contain passwords.
        let mut config = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(home.join("nats.conf"))?;
        std::io::Write::write_all(&mut config, settings.config.as_bytes())?;
        let mut nats = Self {
            program: program.clone(),
            home,
            chosen_port: settings.port,
            port: settings.port,
            process: ServerProcess::default(),
            _lock: lock,
        };
        nats.launch().await?;
        Ok(nats)
    }

    /// Address without user and password.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The port on 127.0.0.1; it stays the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The log file; that of the previous start is beside it as `.log.old`.
    pub fn log(&self) -> PathBuf {
        self.home.join("nats.log")
    }

    /// The folder of JetStream's streams.
    pub fn store(&self) -> PathBuf {
        self.home.join("store")
    }

    /// The process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// Waits until the process ends without having been asked to. Cancel-safe; pending for ever while it is stopped.
    pub async fn exited(&mut self) -> Result<ExitStatus> {
        self.process.exited().await
    }

    /// Shuts down in an orderly way, even if paused. Does nothing if it is stopped already.
    pub async fn stop(&mut self) -> Result<()> {
        self.process.stop(Duration::from_secs(20)).await
    }

    /// Sends SIGKILL, to inject a crash.
    pub async fn kill(&mut self) -> Result<()> {
        self.process.kill().await
    }

    /// Stops it if it is running, and starts it again on the same port with the same store.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        self.chosen_port = self.port;
        self.launch().await
    }

    /// Deletes every stream and consumer; only while it is stopped.
    pub fn wipe(&self) -> Result<()> {
        if self.process.is_running() {
            bail!("stop or kill nats-server before wiping its store");
        }
        fs::remove_dir_all(self.store()).with_context(|| format!("cannot delete {}", self.store().display()))
    }

    /// Sends SIGSTOP: connections stay open and nothing answers.
    pub fn pause(&self) -> Result<()> {
        self.process.signal(Signal::STOP)
    }

    /// Sends SIGCONT: continues after [`Self::pause`].
    pub fn resume(&self) -> Result<()> {
        self.process.signal(Signal::CONT)
    }

    async fn launch(&mut self) -> Result<()> {
        if self.chosen_port != 0 {
            port::ensure_free(self.chosen_port, "nats-server")?;
        }
        loop {
            self.port = if self.chosen_port == 0 { port::free_port()? } else { self.chosen_port };
            let log = folder::fresh_log(&self.log())?;
            // The name is new for each start, so the server that answers on the port is surely this one.
            let name = format!("local-{}", folder::random_name());
            let mut server = Command::new(&self.program.program);
            server
                .args(["-a", "127.0.0.1", "-p", &self.port.to_string(), "-n", &name, "-js", "-sd"])
                .arg(self.store())
                .arg("-P")
                .arg(self.home.join("nats.pid"))
                .arg("-c")
                .arg(self.home.join("nats.conf"))
                .stdout(log.try_clone()?)
                .stderr(log)
                .current_dir(&self.home);
            let mut process = Process::spawn("nats-server", server, Signal::TERM).await?;
            let port = self.port;
            let ready = process::until(Duration::from_millis(10), || async {
                Ok(answers(port, &name).await.then_some(()))
            });
            tokio::select! {
                ready = timeout(READY_WITHIN, ready) => {
                    if ready.is_err() {
                        process.kill().await?;
                        bail!("nats-server is not ready after {} s: see {}", READY_WITHIN.as_secs(), self.log().display());
                    }
                    self.process.set(process);
                    return Ok(());
                }
                status = process.exited() => {
                    status?;
                    let said = fs::read_to_string(self.log()).unwrap_or_default();
                    if !said.contains("address already in use") {
                        return Err(reason(&said).context("nats-server does not start"));
                    } else if self.chosen_port != 0 {
                        bail!("port {port} for nats-server is in use by another program");
                    }
                }
            }
        }
    }
}

/// Whether the server of that name answers on the port, with JetStream enabled.
async fn answers(port: u16, name: &str) -> bool {
    let greeting = async {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        let mut line = String::new();
        BufReader::new(socket).read_line(&mut line).await.map(|_| line)
    };
    matches!(timeout(Duration::from_secs(2), greeting).await,
        Ok(Ok(line)) if line.contains(&format!("\"server_name\":\"{name}\"")) && line.contains("\"jetstream\":true"))
}

/// Picks the line that explains the failure from nats-server's output.
fn reason(said: &str) -> anyhow::Error {
    if said.contains("no space left on device") {
        return anyhow!("no space left on the disk: make room and try again");
    }
    let telling = |line: &&str| ["[FTL]", "[ERR]", "nats-server:"].iter().any(|mark| line.contains(mark));
    let line = said.lines().find(telling).or_else(|| said.lines().last()).unwrap_or("it gave no reason");
    anyhow!("{}", line.trim())
}
