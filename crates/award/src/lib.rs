//! Award: ranking, budget, the decision of two persons, the notice, and its legal clocks.
//!
//! - [`award`] is the state machine, [`budget`] the money, [`deadlines`] the clocks: pure.
//! - `on/` hears facts, `http/` serves people and programs, [`sweep`] does what time does.
//! - [`paper`] turns a decision into the data of its notice; the crate `letters` sets it.

pub mod award;
pub mod budget;
pub mod calendar;
mod config;
pub mod courts;
pub mod deadlines;
mod http;
pub mod on;
pub mod paper;
mod printer;
pub mod shares;
pub mod store;
pub mod sweep;

use std::sync::Arc;

use axum::Router;
use bus::{Bus, Subscriptions};
use chassis::{Clock, Process, StartError};
use host::{Parts, Task};
use pages::Pages;
use sqlx::PgPool;
use sqlx::migrate::Migrator;

pub use config::{Settings, Sweep};
pub use http::{api, routes};

use printer::Printer;

/// Who we are.
pub const NAME: events::Service = events::Service::Award;

/// Our tables; versions from 1000 on.
pub static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/award");
    migrations.ignore_missing = true;
    migrations
};

/// The German and the English messages of our pages.
pub const MESSAGES: (&str, &str) = (include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"));

/// What everything in this service works with.
pub struct Service {
    /// Our database.
    pub db: PgPool,
    /// How facts come and go.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// Our pages.
    pub pages: Pages,
    sweep: Sweep,
    printer: Printer,
}

impl Service {
    /// The service on top of these.
    ///
    /// # Errors
    /// A message catalogue with a mistake.
    pub fn new(db: PgPool, bus: Bus, clock: Clock) -> Result<Self, StartError> {
        let pages = Pages::new("/award", MESSAGES.0, MESSAGES.1).map_err(StartError::other("messages"))?;
        Ok(Self { db, bus, clock, pages, sweep: Sweep::default(), printer: Printer::new() })
    }
}

/// Runs the service until its process drains.
///
/// # Errors
/// Postgres refuses, the schema is too old, the bus cannot be opened, a background task ended.
pub async fn run(process: Process, settings: Settings) -> Result<(), StartError> {
    host::run::<Service>(process, settings).await
}

impl host::Service for Service {
    type Settings = Settings;

    const NAME: events::Service = NAME;

    fn compose(parts: Parts, settings: Settings) -> Result<Self, StartError> {
        Ok(Self { sweep: settings.sweep, ..Self::new(parts.db, parts.bus, parts.clock)? })
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
