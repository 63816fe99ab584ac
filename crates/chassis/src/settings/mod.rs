//! Settings: one TOML file, then the environment over it. Unknown keys are refused, and every error says
//! where (file, line, column, or the variable) and what was expected.
//!
//! `[database] url` is also `BESCHEID_AWARD__DATABASE__URL`; with `_FILE` appended the variable names a file
//! that holds the value (for secrets). No key may itself end in `_file`.

mod load;
mod value;

use std::net::{Ipv4Addr, SocketAddr};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::migrate::Migrator;

pub use crate::session::keys::SessionKeys;
pub use load::{SettingsError, load, load_from};
pub use secrecy::{ExposeSecret, SecretString};

/// What [`crate::main`] needs of a service's settings.
pub trait ServiceSettings: DeserializeOwned + Send + 'static {
    /// `[http]`
    fn http(&self) -> &Http;
    /// `[log]`
    fn log(&self) -> &Log;
    /// `[session]`
    fn session(&self) -> &SessionKeys;
    /// `[database]`
    fn database(&self) -> &Database;
    /// Everything that must be migrated before the service may start, in this order.
    fn migrators() -> Vec<&'static Migrator>;
}

/// `[http]`: how the process is reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port; port 0 takes a free one. An inherited socket (LISTEN_FDS) takes precedence.
    pub listen: SocketAddr,
    /// The largest body of a request, in bytes.
    pub body_limit: usize,
    /// Seconds a request may take, its body included.
    pub request_seconds: u64,
    /// Requests worked on at once; more are turned away with 503.
    pub max_in_flight: usize,
    /// Seconds for which a draining process says "not ready" and still accepts connections, so that load balancers
    /// notice in time.
    pub not_ready_seconds: u64,
    /// Seconds for which a draining process then waits for what is under way, before it ends anyway.
    pub drain_seconds: u64,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            body_limit: 1024 * 1024,
            request_seconds: 30,
            max_in_flight: 512,
            not_ready_seconds: 0,
            drain_seconds: 20,
        }
    }
}

/// `[database]`: this service's own database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Address and credentials: `postgres://user:password@host/name`.
    pub url: SecretString,
    /// Connections of the pool at most; half of them are opened at once.
    #[serde(default = "Database::default_max_connections")]
    pub max_connections: u32,
}

impl Database {
    /// The database at `url`, with the default number of connections.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: SecretString::from(url.into()), max_connections: Self::default_max_connections() }
    }

    fn default_max_connections() -> u32 {
        16
    }
}

/// `[log]`: what is written to standard error.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    pub format: LogFormat,
    /// Which lines are written, in the syntax of `RUST_LOG`; that variable takes precedence.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::People, filter: "info".to_owned() }
    }
}

/// The format of the log.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text, coloured where standard error is a terminal.
    People,
    /// One JSON object on each line.
    Json,
}
