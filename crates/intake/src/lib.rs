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
use bus::{Bus, Subscriptions};
use chassis::{Clock, Process, StartError};
use host::Parts;
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
    /// The calls it publishes when it starts.
    pub calls: Calls,
}

impl Service {
    /// The service without its tasks.
    ///
    /// # Errors
    /// A message catalogue with a mistake.
    pub fn new(db: PgPool, bus: Bus, clock: Clock) -> Result<Self, pages::CatalogueError> {
        let pages =
            Pages::new(PREFIX, include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))?;
        Ok(Self { numbers: FileNumbers::of(&db), db, bus, clock, pages, calls: Calls::default() })
    }
}

/// Runs the service until it is asked to end.
///
/// # Errors
/// A setting, database or broker it cannot work with; a call file with a mistake.
pub async fn run(process: Process, settings: Settings) -> Result<(), StartError> {
    host::run::<Service>(process, settings).await
}

impl host::Service for Service {
    type Settings = Settings;

    const NAME: events::Service = NAME;

    fn compose(parts: Parts, settings: Settings) -> Result<Self, StartError> {
        let service = Self::new(parts.db, parts.bus, parts.clock).map_err(StartError::other("messages"))?;
        Ok(Self { calls: settings.calls, ..service })
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

    async fn begin(&self) -> Result<(), StartError> {
        for file in &self.calls.publish {
            let refuse = |error: &dyn std::fmt::Display| {
                StartError::Usage(format!("call file {}: {error}", file.display()))
            };
            let text = std::fs::read_to_string(file).map_err(|error| refuse(&error))?;
            let call = call_file::read(&text).map_err(|error| refuse(&error))?;
            match calls::publish(&self.bus, call).await {
                Ok(_) => {}
                // A release that is rolled back brings older files along: the newer rules stay.
                Err(older @ calls::PublishError::Older { .. }) => {
                    tracing::warn!(file = %file.display(), "{older}")
                }
                Err(error) => return Err(refuse(&error)),
            }
        }
        Ok(())
    }
}
