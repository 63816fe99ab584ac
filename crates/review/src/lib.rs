//! The reviewers' table: a file opens when eligibility is confirmed, independent reviewers take it
//! one after the other, and with the last review the result is said.
//!
//! - [`file`] is the state machine, [`scores`] what points are worth, [`sight`] who sees what.
//! - `on` hears facts, [`http`] is for people and programs, [`sweep`] does what time does.
//! - [`store`] are the tables.

pub mod config;
pub mod file;
pub mod http;
pub mod on;
pub mod scores;
pub mod sight;
pub mod store;
pub mod sweep;

use std::sync::Arc;

use axum::Router;
use bus::{Bus, Subscriptions};
use chassis::{Clock, Process, StartError};
use host::{Parts, Task};
use pages::Pages;
use sqlx::PgPool;

pub use config::Settings;
pub use http::routes;

/// What it is called on the bus.
pub const NAME: events::Service = events::Service::Review;

/// The tables of this service; they come after those of the bus.
pub static MIGRATIONS: sqlx::migrate::Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/review");
    migrations.ignore_missing = true;
    migrations
};

/// What every handler of this service has at hand.
pub struct Service {
    /// Its own database.
    pub db: PgPool,
    /// Hears and says facts.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// Its pages.
    pub pages: Pages,
    /// How reviews are organised.
    pub review: config::Review,
}

impl Service {
    /// The pages of this service.
    ///
    /// # Errors
    /// A catalogue with a mistake, which a test would have found.
    pub fn pages() -> Result<Pages, pages::CatalogueError> {
        Pages::new("/review", include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))
    }
}

/// Runs the service until the process is asked to end.
///
/// # Errors
/// What keeps it from starting, and what broke while it ran.
pub async fn run(process: Process, settings: Settings) -> Result<(), StartError> {
    host::run::<Service>(process, settings).await
}

impl host::Service for Service {
    type Settings = Settings;

    const NAME: events::Service = NAME;

    fn compose(parts: Parts, settings: Settings) -> Result<Self, StartError> {
        let Parts { db, bus, clock, .. } = parts;
        let pages = Self::pages().map_err(StartError::other("messages"))?;
        Ok(Self { db, bus, clock, pages, review: settings.review })
    }

    fn subscriptions() -> Subscriptions<Self> {
        on::subscriptions()
    }

    fn pages(&self) -> &Pages {
        &self.pages
    }

    fn routes(self: Arc<Self>) -> Router {
        http::routes(self)
    }

    fn tasks(self: Arc<Self>, process: &Process) -> Vec<Task> {
        vec![Task::new("sweep", sweep::run(self, process.draining()))]
    }
}
