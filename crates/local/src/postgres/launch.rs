//! Starts Postgres and waits until it answers, or finds out why it does not.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use tokio::process::Command;
use tokio::time::timeout;

use super::signs::{postmaster, reason};
use super::{Durability, Postgres};
use crate::process::{self, Process, Signal};
use crate::{folder, port};

/// Recovery after a kill may be slow on a slow disk.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// Why a start has failed.
enum Failure {
    PortTaken,
    /// Processes of a killed predecessor still hold its memory, and will end soon.
    StillEnding,
    Other(anyhow::Error),
}

impl Postgres {
    /// Starts it and waits until it answers.
    pub(super) async fn launch(&mut self) -> Result<()> {
        let chosen = self.port;
        let give_up = Instant::now() + Duration::from_secs(20);
        loop {
            if chosen == 0 {
                self.port = port::free_port()?;
            }
            match self.launch_once().await {
                Ok(process) => {
                    self.process.set(process);
                    return Ok(());
                }
                // A process that a killed Postgres has just forked may hold the port a moment longer.
                Err(Failure::PortTaken) if chosen == 0 || Instant::now() < give_up => {}
                Err(Failure::PortTaken) => {
                    bail!("port {} for PostgreSQL is in use by another program", self.port)
                }
                Err(Failure::StillEnding) if Instant::now() < give_up => {}
                Err(Failure::StillEnding) => bail!(
                    "processes of a killed PostgreSQL in {} do not end: end them by hand",
                    self.home.display()
                ),
                Err(Failure::Other(error)) => return Err(error),
            }
        }
    }

    async fn launch_once(&self) -> Result<Process, Failure> {
        let data = self.home.join("data");
        let prepare = || -> Result<Command> {
            let log = folder::fresh_log(&self.log())?;
            let mut server = self.command("postgres");
            server.arg("-D").arg(&data).arg("-p").arg(self.port.to_string());
            let socket = self.socket();
            if let Some(folder) = &socket {
                fs::create_dir_all(folder)?;
                if let Some(user) = &self.user {
                    chown(folder, Some(user.uid), Some(user.gid))?;
                }
            }
            for (name, value) in self.parameters(socket.as_deref()) {
                server.arg("-c").arg(format!("{name}={value}"));
            }
            server.stdout(log.try_clone()?).stderr(log);
            Ok(server)
        };
        let server = prepare().map_err(Failure::Other)?;
        let mut process = Process::spawn("PostgreSQL", server, Signal::INT).await.map_err(Failure::Other)?;
        let id = process.pid();
        let ready = process::until(Duration::from_millis(10), || async {
            Ok(postmaster(&data).is_some_and(|(pid, ready)| Some(pid) == id && ready).then_some(()))
        });
        tokio::select! {
            answers = timeout(READY_WITHIN, ready) => match answers {
                Ok(_) => Ok(process),
                Err(_) => {
                    process.kill().await.map_err(Failure::Other)?;
                    Err(Failure::Other(anyhow!("PostgreSQL is not ready after {} s: see {}", READY_WITHIN.as_secs(), self.log().display())))
                }
            },
            status = process.exited() => {
                status.map_err(Failure::Other)?;
                let said = fs::read_to_string(self.log()).unwrap_or_default();
                Err(if said.contains("Address already in use") {
                    Failure::PortTaken
                } else if said.contains("pre-existing shared memory block") {
                    Failure::StillEnding
                } else {
                    Failure::Other(reason(&said).context("PostgreSQL does not start"))
                })
            }
        }
    }

    fn parameters(&self, socket: Option<&Path>) -> Vec<(&'static str, String)> {
        let durable = if self.settings.durability == Durability::Safe { "on" } else { "off" };
        vec![
            ("listen_addresses", "127.0.0.1".to_owned()),
            // The value is a list, so a comma or blank in the path needs the quotes.
            (
                "unix_socket_directories",
                socket.map(|folder| format!("\"{}\"", folder.display())).unwrap_or_default(),
            ),
            ("max_connections", self.settings.max_connections.to_string()),
            ("shared_buffers", format!("{}MB", self.settings.shared_buffers)),
            // synchronous_commit stays on: without it a killed Postgres would lose confirmed transactions.
            ("fsync", durable.to_owned()),
            ("full_page_writes", durable.to_owned()),
            ("timezone", "UTC".to_owned()),
            ("log_timezone", "UTC".to_owned()),
            ("lc_messages", "C".to_owned()),
        ]
    }
}
