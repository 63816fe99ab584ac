//! This service's settings.

use chassis::settings::{Database, Http, Log, SessionKeys};
use serde::Deserialize;
use sqlx::migrate::Migrator;

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `[http]`
    #[serde(default)]
    pub http: Http,
    /// `[log]`
    #[serde(default)]
    pub log: Log,
    /// `[session]`
    pub session: SessionKeys,
    /// `[database]`
    pub database: Database,
    /// `[nats]`
    pub nats: bus::Settings,
    /// `[sweep]`
    #[serde(default)]
    pub sweep: Sweep,
}

/// `[sweep]`: how often deadlines are looked at.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sweep {
    /// Seconds between two looks.
    pub every: u64,
}

impl Default for Sweep {
    fn default() -> Self {
        Self { every: 60 }
    }
}

impl chassis::ServiceSettings for Settings {
    fn http(&self) -> &Http {
        &self.http
    }
    fn log(&self) -> &Log {
        &self.log
    }
    fn session(&self) -> &SessionKeys {
        &self.session
    }
    fn database(&self) -> &Database {
        &self.database
    }
    fn migrators() -> Vec<&'static Migrator> {
        vec![&bus::MIGRATIONS, &crate::MIGRATIONS]
    }
}

impl host::HasNats for Settings {
    fn nats(&self) -> &bus::Settings {
        &self.nats
    }
}
