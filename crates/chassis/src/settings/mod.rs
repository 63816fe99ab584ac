//! Settings from one TOML file and from the environment, which takes precedence. Unknown keys are refused, and every
//! error names the place (file, line and column, or variable) and what was expected.
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

/// The sections that every service's settings have.
pub trait ServiceSettings: DeserializeOwned + Send + 'static {
    fn http(&self) -> &Http;
    fn log(&self) -> &Log;
    fn session(&self) -> &SessionKeys;
    fn database(&self) -> &Database;
    /// The migrations that must have run before the service starts.
    fn migrators() -> Vec<&'static Migrator>;
}

/// `[http]`: where the process listens, and its limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port; port 0 takes a free one. An inherited socket (LISTEN_FDS) takes precedence.
    pub listen: SocketAddr,
    /// The largest body of a request, in bytes.
    pub body_limit: usize,
    /// Seconds a request may take, its body included.
    pub request_seconds: u64,
    /// Seconds for which a connection may send nothing, or only part of a request's headers, before it is closed.
    pub header_seconds: u64,
    /// Most open connections; more are closed at once.
    pub max_connections: usize,
    /// Most requests worked on at once; more are refused with 503.
    pub max_in_flight: usize,
    /// What one person may use of it.
    pub person: PersonLimits,
    /// Seconds for which a draining process reports "not ready" and still accepts connections, so that load balancers
    /// notice in time.
    pub not_ready_seconds: u64,
    /// Seconds for which a draining process then waits for open requests, before it ends anyway.
    pub drain_seconds: u64,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            body_limit: 1024 * 1024,
            request_seconds: 30,
            header_seconds: 10,
            max_connections: 2_048,
            max_in_flight: 512,
            person: PersonLimits::default(),
            not_ready_seconds: 0,
            drain_seconds: 20,
        }
    }
}

/// `[http.person]`: what one person who is signed in may use of a process; more is refused with 429.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PersonLimits {
    /// Most requests worked on at once.
    pub max_in_flight: usize,
    /// Requests.
    pub requests: Rate,
    /// Bytes of bodies.
    pub bytes: Rate,
}

/// So much a second in the long run, and so much at once; both at least 1.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, try_from = "RawRate")]
pub struct Rate {
    pub per_second: f64,
    pub burst: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRate {
    per_second: f64,
    burst: f64,
}

impl TryFrom<RawRate> for Rate {
    type Error = &'static str;

    fn try_from(RawRate { per_second, burst }: RawRate) -> Result<Self, Self::Error> {
        let is_usable = |number: f64| number.is_finite() && number >= 1.0;
        if is_usable(per_second) && is_usable(burst) {
            return Ok(Self { per_second, burst });
        }
        Err("per_second and burst: expected numbers of at least 1, or nobody could do anything")
    }
}

impl Default for PersonLimits {
    fn default() -> Self {
        Self {
            max_in_flight: 64,
            requests: Rate { per_second: 100.0, burst: 1_000.0 },
            bytes: Rate { per_second: 1_000_000.0, burst: 50_000_000.0 },
        }
    }
}

/// `[database]`: this service's own database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Address and credentials: `postgres://user:password@host/name`.
    pub url: SecretString,
    /// Most connections of the pool; half of them are opened at the start.
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

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text, coloured where standard error is a terminal.
    People,
    /// One JSON object on each line.
    Json,
}
