//! This service's settings and nobody else's; unknown keys are refused.

use chassis::ServiceSettings;
use chassis::settings::{Database, Http, Log, SessionKeys};
use serde::Deserialize;
use sqlx::migrate::Migrator;

/// The settings file of eligibility; see `chassis::settings` for the environment.
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
}

impl ServiceSettings for Settings {
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
