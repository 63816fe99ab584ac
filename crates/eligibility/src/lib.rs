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
use bus::{Bus, Subscriptions};
use chassis::{Process, StartError};
use host::Parts;
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
    host::run::<Service>(process, settings).await
}

impl host::Service for Service {
    type Settings = Settings;

    const NAME: events::Service = NAME;

    fn compose(parts: Parts, _: Settings) -> Result<Self, StartError> {
        Ok(Self { db: parts.db, bus: parts.bus, pages: pages()? })
    }

    fn subscriptions() -> Subscriptions<Self> {
        on::subscriptions()
    }

    fn pages(&self) -> &Pages {
        &self.pages
    }

    fn routes(self: Arc<Self>) -> Router {
        http::routes().with_state(self)
    }
}

/// Its pages' words.
///
/// # Errors
/// A catalogue with a mistake.
pub fn pages() -> Result<Pages, StartError> {
    Pages::new(PREFIX, include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))
        .map_err(StartError::other("read the message catalogues"))
}
