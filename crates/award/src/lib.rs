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

use bus::Bus;
use chassis::{Clock, Process, StartError};
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
    printer: Printer,
}

impl Service {
    /// The service on top of these.
    ///
    /// # Errors
    /// A message catalogue with a mistake.
    pub fn new(db: PgPool, bus: Bus, clock: Clock) -> Result<Self, StartError> {
        let pages = Pages::new("/award", MESSAGES.0, MESSAGES.1).map_err(StartError::other("messages"))?;
        Ok(Self { db, bus, clock, pages, printer: Printer::new() })
    }
}

/// Runs the service until its process drains.
///
/// # Errors
/// Postgres refuses, the schema is too old, the bus cannot be opened, a background task ended.
pub async fn run(process: Process, settings: Settings) -> Result<(), StartError> {
    let db = chassis::database::connect(&settings.database).await?;
    chassis::database::check_schema(&db, &[&bus::MIGRATIONS, &MIGRATIONS]).await?;
    let clock = process.clock().clone();
    let now = {
        let clock = clock.clone();
        move || clock.now()
    };
    let bus = Bus::connect(NAME, &settings.nats, db.clone(), now)
        .await
        .map_err(StartError::other("connect to NATS"))?;
    let service = Arc::new(Service::new(db, bus, clock)?);

    process.health().check("postgres", {
        let db = service.db.clone();
        move || {
            let db = db.clone();
            async move { chassis::database::answers(&db).await }
        }
    });
    process.health().check("nats", {
        let bus = service.bus.clone();
        move || {
            let seen = bus.broker();
            async move { seen.map(|()| "connected".to_owned()) }
        }
    });
    process.spawn("sweep", sweep::run(service.clone(), settings.sweep, process.draining()));
    let running = service.bus.start(service.clone(), on::subscriptions());
    service.bus.first_look().await;
    let routes = service.pages.around(&process, routes(service.clone()));
    let served = chassis::http::serve(process, routes).await;
    running.drain().await;
    served
}
