use std::error::Error;
use std::net::SocketAddr;

use crate::settings::SettingsError;

/// Why a process could not start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0}")]
    Settings(#[from] SettingsError),
    /// The command line, or a setting that is not bound to one key, cannot be used.
    #[error("{0}")]
    Usage(String),
    #[error("cannot listen on {address}: {}", explain_bind(.source))]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("HTTP server: {0}")]
    Serve(#[source] std::io::Error),
    /// The operating system refused threads, signal handlers or the socket.
    #[error("operating system: {0}")]
    System(#[source] std::io::Error),
    /// Postgres refuses the connection or a statement.
    #[error("Postgres: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration failed, or was changed after it ran.
    #[error("migration: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// The schema is older than this program; these migrations are missing.
    #[error(
        "the database is older than this program: migrations {0} are missing; first run this service with the argument `migrate` and the same settings, as in `bescheid service award migrate --config award.toml`"
    )]
    Schema(String),
    /// A background task ended that should not have.
    #[error("background task {name} ended: {cause}")]
    Task {
        /// As given to [`crate::App::spawn`].
        name: &'static str,
        cause: String,
    },
    /// The drain has taken longer than its limit.
    #[error("still busy at the end of the drain limit: {unfinished}")]
    DrainLimit {
        /// The requests and background tasks that did not end.
        unfinished: String,
    },
    /// A second signal has ended the process before everything was finished.
    #[error("stopped at once")]
    Stopped,
    #[error("{what}: {source}")]
    Other {
        /// What was tried, such as "connect to NATS".
        what: &'static str,
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StartError {
    /// For `map_err`: `.map_err(StartError::other("connect to NATS"))`.
    pub fn other<E: Into<Box<dyn Error + Send + Sync>>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Other { what, source: source.into() }
    }
}

fn explain_bind(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program listens there; stop it, or set another [http] listen".to_owned()
        }
        std::io::ErrorKind::PermissionDenied => "not permitted (ports below 1024 need privileges)".to_owned(),
        _ => error.to_string(),
    }
}
