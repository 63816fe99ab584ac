//! Postgres and nats-server of the set, restarted when they end unexpectedly.

use std::time::Duration;

use anyhow::{Context, Result};
use bus::Backoff;
use events::Service;
use local::tools::Search;
use local::{Nats, NatsSettings, Postgres, PostgresSettings, Progress};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::folder::{Folder, Secrets};
use crate::settings;

/// Spawns a task that restarts a server until it is told to stop.
macro_rules! keep {
    ($server:ident, $what:literal, $stopping:expr) => {{
        let (mut server, stopping) = ($server, $stopping);
        tokio::spawn(async move {
            while let Some(status) = stopping.run_until_cancelled(server.exited()).await {
                tracing::warn!(?status, concat!($what, " ended by itself; starting it again"));
                let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(5));
                while let Err(error) = server.restart().await {
                    tracing::error!(%error, concat!("cannot start ", $what));
                    if timeout(backoff.next(), stopping.cancelled()).await.is_ok() {
                        return;
                    }
                }
            }
            if let Err(error) = server.stop().await {
                tracing::error!(%error, concat!("cannot stop ", $what));
            }
        })
    }};
}

/// Both servers, each with its watching task.
pub struct Servers {
    stop: CancellationToken,
    watchers: Mutex<Vec<JoinHandle<()>>>,
    postgres_port: u16,
    nats_url: String,
}

impl Servers {
    /// Finds or downloads the programs, and starts both.
    pub async fn start(
        folder: &Folder,
        secrets: &Secrets,
        search: &Search,
        progress: Progress<'_>,
    ) -> Result<Self> {
        let home = folder.at("postgres");
        // Both programs first, so that a missing one is reported before anything runs.
        let (programs, program) =
            tokio::try_join!(search.postgres(Postgres::major_of(&home), progress), search.nats(progress))?;
        let (postgres, nats) = tokio::try_join!(
            async {
                progress(&format!("Starting PostgreSQL {} …", programs.major));
                Postgres::start(&programs, PostgresSettings::new(&home), progress).await
            },
            async {
                progress(&format!("Starting nats-server {} …", program.version));
                let config = settings::broker(|service| secrets.nats(service), &secrets.operator);
                let settings = NatsSettings { config, ..NatsSettings::new(folder.at("nats")) };
                Nats::start(&program, settings, progress).await
            }
        )?;
        for service in Service::ALL {
            postgres
                .create_role_and_database(service.name(), secrets.postgres(service))
                .await
                .with_context(|| format!("cannot make the database of {service}"))?;
        }
        let stop = CancellationToken::new();
        let (postgres_port, nats_url) = (postgres.port(), nats.url());
        let watchers =
            vec![keep!(postgres, "PostgreSQL", stop.clone()), keep!(nats, "nats-server", stop.clone())];
        Ok(Self { stop, watchers: Mutex::new(watchers), postgres_port, nats_url })
    }

    /// URL of a service's database, with its user and password.
    pub fn database(&self, service: Service, secrets: &Secrets) -> String {
        let (name, password) = (service.name(), secrets.postgres(service));
        format!("postgres://{name}:{password}@127.0.0.1:{}/{name}", self.postgres_port)
    }

    pub fn nats_url(&self) -> String {
        self.nats_url.clone()
    }

    /// Stops both and waits.
    pub async fn stop(&self) {
        self.stop.cancel();
        for watcher in self.watchers.lock().await.drain(..) {
            if let Err(error) = watcher.await {
                tracing::error!(%error, "a watcher ended badly");
            }
        }
    }
}
