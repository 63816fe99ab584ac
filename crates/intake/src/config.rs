//! Intake's settings.

use std::path::PathBuf;

use chassis::ServiceSettings;
use chassis::settings::{Database, Http, Log, SessionKeys};
use serde::Deserialize;
use sqlx::migrate::Migrator;

/// Intake's settings, by section.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How it is reached.
    #[serde(default)]
    pub http: Http,
    /// What it logs.
    #[serde(default)]
    pub log: Log,
    /// Its database.
    pub database: Database,
    /// The broker.
    pub nats: bus::Settings,
    /// The keys of sessions.
    pub session: SessionKeys,
    /// The calls it publishes.
    #[serde(default)]
    pub calls: Calls,
}

/// `[calls]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Calls {
    /// Call files that are published at each start, if they are new. A file with a mistake ends the start.
    pub publish: Vec<PathBuf>,
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
