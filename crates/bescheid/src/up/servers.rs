//! Postgres and nats-server of the set; one that dies is started again.

use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result};
use events::Service;
use local::tools::Search;
use local::{Nats, NatsSettings, Postgres, PostgresSettings};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::folder::{Folder, Secrets};
use crate::front::Soon;

/// Both servers, each watched by a task.
pub struct Servers {
    stop: CancellationToken,
    watchers: Mutex<Vec<JoinHandle<()>>>,
    postgres_port: u16,
    nats_url: String,
}

impl Servers {
    /// Finds or fetches the programs, and starts both.
    pub async fn start(
        folder: &Folder,
        secrets: &Secrets,
        search: &Search,
        tell: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<Self> {
        let home = folder.at("postgres");
        // Both programs first: what is missing is said before anything runs.
        let (programs, program) =
            tokio::try_join!(search.postgres(Postgres::major_of(&home), tell), search.nats(tell))?;
        let (postgres, nats) = tokio::try_join!(
            async {
                tell(&format!("Starting PostgreSQL {} …", programs.major));
                Postgres::start(&programs, PostgresSettings::new(&home), tell).await
            },
            async {
                tell(&format!("Starting nats-server {} …", program.version));
                let settings =
                    NatsSettings { config: nats_config(secrets), ..NatsSettings::new(folder.at("nats")) };
                Nats::start(&program, settings, tell).await
            }
        )?;
        for service in Service::ALL {
            postgres
                .create_role_and_database(service.name(), &secrets.services)
                .await
                .with_context(|| format!("cannot make the database of {service}"))?;
        }
        let stop = CancellationToken::new();
        let (postgres_port, nats_url) = (postgres.port(), nats.url());
        let watchers =
            vec![tokio::spawn(keep(postgres, stop.clone())), tokio::spawn(keep(nats, stop.clone()))];
        Ok(Self { stop, watchers: Mutex::new(watchers), postgres_port, nats_url })
    }

    /// Address of a service's database, as that service.
    pub fn database(&self, service: Service, secrets: &Secrets) -> String {
        let (name, password) = (service.name(), &secrets.services);
        format!("postgres://{name}:{password}@127.0.0.1:{}/{name}", self.postgres_port)
    }

    /// Address of the broker.
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

/// The generated permissions, with the password of this set for each service.
fn nats_config(secrets: &Secrets) -> String {
    let mut config = format!("BESCHEID_OPERATOR_PASSWORD = \"{}\"\n", secrets.operator);
    for service in Service::ALL {
        let name = service.name().to_uppercase();
        config.push_str(&format!("BESCHEID_{name}_PASSWORD = \"{}\"\n", secrets.services));
    }
    // A client that has gone in silence must not be given questions for minutes.
    config.push_str("ping_interval: \"10s\"\n");
    config + &events::contract::nats_permissions()
}

/// A server that can be watched.
trait Server: Send + 'static {
    const WHAT: &'static str;
    fn exited(&mut self) -> Soon<'_, Result<ExitStatus>>;
    fn restart(&mut self) -> Soon<'_, Result<()>>;
    fn stop(&mut self) -> Soon<'_, Result<()>>;
}

macro_rules! server {
    ($server:ty, $what:literal) => {
        impl Server for $server {
            const WHAT: &'static str = $what;
            fn exited(&mut self) -> Soon<'_, Result<ExitStatus>> {
                Box::pin(self.exited())
            }
            fn restart(&mut self) -> Soon<'_, Result<()>> {
                Box::pin(self.restart())
            }
            fn stop(&mut self) -> Soon<'_, Result<()>> {
                Box::pin(self.stop())
            }
        }
    };
}

server!(Postgres, "PostgreSQL");
server!(Nats, "nats-server");

/// Keeps a server running until it is to stop.
async fn keep<S: Server>(mut server: S, stopping: CancellationToken) {
    loop {
        let status = tokio::select! {
            () = stopping.cancelled() => None,
            status = server.exited() => Some(status),
        };
        let Some(status) = status else {
            if let Err(error) = server.stop().await {
                tracing::error!(%error, "cannot stop {}", S::WHAT);
            }
            return;
        };
        tracing::warn!(?status, "{} ended by itself; starting it again", S::WHAT);
        while let Err(error) = server.restart().await {
            tracing::error!(%error, "cannot start {}", S::WHAT);
            if timeout_or(&stopping).await {
                return;
            }
        }
    }
}

/// Half a second, or true when the set is to stop.
async fn timeout_or(stopping: &CancellationToken) -> bool {
    tokio::time::timeout(Duration::from_millis(500), stopping.cancelled()).await.is_ok()
}
