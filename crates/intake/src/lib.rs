//! Intake: calls, drafts, submission, withdrawal, and what the applicant sees of the rest.
//!
//! The form is typed into a [`form::Form`], read and checked by [`check`], submitted through
//! [`application::Ready`]; what other services say comes in by [`on`] and moves [`application::Status`].

pub mod application;
pub mod call_file;
pub mod calls;
pub mod check;
mod config;
mod contact;
pub mod demo;
pub mod form;
pub mod http;
pub mod on;
mod reply;
#[cfg(test)]
mod samples;
mod store;
pub mod submission;
#[cfg(test)]
mod tests;
pub mod timeline;
mod withdrawal;

use std::sync::Arc;

use axum::Router;
use bus::Bus;
use chassis::{Clock, Process, ServiceSettings, StartError};
use pages::Pages;
use sqlx::PgPool;
use sqlx::migrate::Migrator;

pub use config::{Calls, Settings};
pub use store::FileNumbers;

/// Its name in the contract.
pub const NAME: events::Service = events::Service::Intake;

/// Where its pages begin.
pub const PREFIX: &str = "/apply";

/// Its tables; the versions begin at 1000.
pub static MIGRATIONS: Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/intake");
    migrations.ignore_missing = true;
    migrations
};

/// What every handler of this service works with.
pub struct Service {
    /// Its database.
    pub db: PgPool,
    /// Its way to the others.
    pub bus: Bus,
    /// The file numbers it gives.
    pub numbers: FileNumbers,
    /// Its time.
    pub clock: Clock,
    /// Its pages.
    pub pages: Pages,
}

impl Service {
    /// The service without its tasks.
    ///
    /// # Errors
    /// A message catalogue with a mistake.
    pub fn new(db: PgPool, bus: Bus, clock: Clock) -> Result<Self, pages::CatalogueError> {
        let pages =
            Pages::new(PREFIX, include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))?;
        Ok(Self { numbers: FileNumbers::of(&db), db, bus, clock, pages })
    }
}

/// Its pages and its API.
pub fn routes(service: Arc<Service>) -> Router {
    http::routes(service)
}

/// Runs the service until it is asked to end.
///
/// # Errors
/// A setting, database or broker it cannot work with; a call file with a mistake.
pub async fn run(process: Process, settings: Settings) -> Result<(), StartError> {
    let db = chassis::database::connect(&settings.database).await?;
    chassis::database::check_schema(&db, &Settings::migrators()).await?;
    let clock = process.clock().clone();
    let now = {
        let clock = clock.clone();
        move || clock.now()
    };
    let bus = Bus::connect(NAME, &settings.nats, db.clone(), now)
        .await
        .map_err(StartError::other("connect to NATS"))?;
    for file in &settings.calls.publish {
        let refuse = |error: &dyn std::fmt::Display| {
            StartError::Usage(format!("call file {}: {error}", file.display()))
        };
        let text = std::fs::read_to_string(file).map_err(|error| refuse(&error))?;
        let call = call_file::read(&text).map_err(|error| refuse(&error))?;
        calls::publish(&bus, call).await.map_err(|error| refuse(&error))?;
    }
    let service = Service::new(db.clone(), bus.clone(), clock).map_err(StartError::other("messages"))?;
    let service = Arc::new(service);
    let running = bus.start(service.clone(), on::subscriptions());
    let stopping = process.stopping();
    process.spawn("bus", running.run_until(async move { stopping.cancelled().await }));
    process.health().check("postgres", move || {
        let db = db.clone();
        async move { chassis::database::answers(&db).await }
    });
    process.health().check("nats", move || {
        let bus = bus.clone();
        async move { bus.broker().map(|()| "connected".to_owned()) }
    });
    service.bus.first_look().await;
    let pages = service.pages.clone();
    let routes = pages.around(&process, routes(service));
    chassis::http::serve(process, routes).await
}
