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

use bus::Bus;
use chassis::{Clock, Process, ServiceSettings, StartError, database};
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
    let db = database::connect(&settings.database).await?;
    database::check_schema(&db, &Settings::migrators()).await?;
    let clock = process.clock().clone();
    let now = clock.clone();
    let bus = Bus::connect(NAME, &settings.nats, db.clone(), move || now.now())
        .await
        .map_err(StartError::other("connect to NATS"))?;
    let pages = Service::pages().map_err(StartError::other("messages"))?;
    let service = Arc::new(Service { db, bus, clock, pages, review: settings.review });

    let running = service.bus.start(service.clone(), on::subscriptions());
    // Only when every request is answered: their facts go out, too.
    process.spawn("bus", running.run_until(process.stopping().cancelled_owned()));
    process.spawn("sweep", sweep::run(service.clone(), process.draining()));
    process.health().check("postgres", {
        let service = service.clone();
        move || {
            let db = service.db.clone();
            async move { database::answers(&db).await }
        }
    });
    process.health().check("nats", {
        let service = service.clone();
        move || {
            let answer = service.bus.broker().map(|()| "connected".to_owned());
            async move { answer }
        }
    });
    service.bus.first_look().await;
    let routes = service.pages.around(&process, routes(service.clone()));
    chassis::http::serve(process, routes).await
}
