//! Is the applicant a municipality with the immigration office that the call asks for, and is the application
//! formally in order? What is clear is confirmed; a person decides the rest. `README.md` has the table of what
//! this service hears, says and owns.
//!
//! The way through: `on/application_submitted.rs` → [`rules`] (with the [`register`]) → [`case`] → `store/cases.rs`,
//! and for a person `http/decide.rs` → [`case`] → `store/cases.rs`.

pub mod case;
mod config;
mod http;
pub mod on;
pub mod register;
pub mod rules;
mod store;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use bus::Bus;
use chassis::{Process, ServiceSettings, StartError};
use pages::Pages;
use sqlx::PgPool;

pub use config::Settings;

/// Its name.
pub const NAME: events::Service = events::Service::Eligibility;

/// Where its pages are; the API is below `/eligibility/api`.
pub const PREFIX: &str = "/eligibility";

/// The tables of this service; those of the bus come before.
pub static MIGRATIONS: sqlx::migrate::Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/eligibility");
    migrations.ignore_missing = true;
    migrations
};

/// What handlers of facts and of requests work with.
pub struct Service {
    /// Its own database.
    pub db: PgPool,
    /// How it hears and speaks.
    pub bus: Bus,
    /// Its pages.
    pub pages: Pages,
}

/// Runs the service until the process is told to stop.
///
/// # Errors
/// Anything that keeps it from starting, and a background task that ends by itself.
pub async fn run(process: Process, settings: Settings) -> Result<(), StartError> {
    let db = chassis::database::connect(&settings.database).await?;
    chassis::database::check_schema(&db, &Settings::migrators()).await?;
    let clock = process.clock().clone();
    let bus = Bus::connect(NAME, &settings.nats, db.clone(), move || clock.now())
        .await
        .map_err(StartError::other("connect to NATS"))?;
    let service = Arc::new(Service { db: db.clone(), bus: bus.clone(), pages: pages()? });

    process.health().check("postgres", move || {
        let db = db.clone();
        async move { chassis::database::answers(&db).await }
    });
    let broker = bus.clone();
    process.health().check("nats", move || {
        let seen = broker.broker();
        async move { seen.map(|()| "connected".to_owned()) }
    });

    let stopping = process.stopping();
    let running = bus.start(service.clone(), on::subscriptions());
    process.spawn("bus", running.run_until(async move { stopping.cancelled().await }));
    service.bus.first_look().await;
    chassis::http::serve(process.clone(), service.pages.around(&process, routes(service.clone()))).await
}

/// Its pages and its API.
pub fn routes(service: Arc<Service>) -> Router {
    http::routes().with_state(service)
}

/// Its pages' words.
///
/// # Errors
/// A catalogue with a mistake.
pub fn pages() -> Result<Pages, StartError> {
    Pages::new(PREFIX, include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))
        .map_err(StartError::other("read the message catalogues"))
}
