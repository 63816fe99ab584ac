//! Settings: one TOML file, then the environment over it. Unknown keys are refused, and every error says
//! where (file, line, column, or the variable) and what was expected.
//!
//! `[database] url` is also `BESCHEID_AWARD__DATABASE__URL`; with `_FILE` appended the variable names a file
//! that holds the value (for secrets). No key may itself end in `_file`.

mod load;
mod secret;
mod value;

use std::net::{Ipv4Addr, SocketAddr};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::migrate::Migrator;

pub use crate::session::SessionKeys;
pub use load::{SettingsError, load, load_from};
pub use secret::Secret;

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
    /// Address and port; port 0 takes a free one. An inherited socket (LISTEN_FDS) goes before.
    pub listen: SocketAddr,
    /// The largest body of a request, in bytes.
    pub body_limit: usize,
    /// Seconds a request may take, its body included.
    pub time_out: u64,
    /// Requests worked on at once; more are turned away with 503.
    pub max_in_flight: usize,
    /// Seconds between "not ready" and the end of accepting, for load balancers that look only now and then.
    pub linger: u64,
    /// Seconds a drain may take before the process ends anyway.
    pub drain_limit: u64,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            body_limit: 1024 * 1024,
            time_out: 30,
            max_in_flight: 512,
            linger: 0,
            drain_limit: 20,
        }
    }
}

/// `[database]`: this service's own database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `postgres://user:password@host/name`
    pub url: Secret,
    /// Connections of the pool at most; half of them are opened at once.
    #[serde(default = "Database::default_max_connections")]
    pub max_connections: u32,
}

impl Database {
    /// The database at `url`, everything else as by default.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: Secret::new(url), max_connections: Self::default_max_connections() }
    }

    fn default_max_connections() -> u32 {
        16
    }
}

/// `[log]`: what is written to standard error.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// As in `RUST_LOG`, which goes before it.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::People, filter: "info".to_owned() }
    }
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Coloured where standard error is a terminal.
    People,
    /// One JSON object a line.
    Json,
}
