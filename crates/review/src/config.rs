//! The settings of this service.

use chassis::ServiceSettings;
use chassis::settings::{Database, Http, Log, SessionKeys};
use serde::Deserialize;
use sqlx::migrate::Migrator;

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How the process is reached.
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
    /// How reviews are organised.
    #[serde(default)]
    pub review: Review,
}

/// `[review]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Review {
    /// Minutes for which a reviewer holds a file; typing in its form begins them anew.
    pub hold_minutes: u16,
    /// Days from the opening of a file after which lists show it as overdue.
    pub due_days: u16,
}

impl Default for Review {
    fn default() -> Self {
        Self { hold_minutes: 120, due_days: 28 }
    }
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
