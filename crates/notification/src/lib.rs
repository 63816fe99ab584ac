//! Notification: one email per (fact, recipient), in the recipient's language, and its fate.
//!
//! - [`delivery`] one email on its way, as a state machine
//! - `on/` the facts heard; each queues an email
//! - [`mail`] what the emails say
//! - [`sender`] sends what is queued
//! - `http/` the list of emails and their fate
//! - `store/` the tables

pub mod config;
pub mod delivery;
mod http;
pub mod mail;
pub mod on;
pub mod sender;
pub mod store;

use std::sync::Arc;

use axum::Router;
use bus::{Bus, Subscriptions};
use chassis::{Clock, Process, StartError};
use host::{Parts, Task};
use pages::Pages;
use sqlx::PgPool;

pub use config::Settings;
pub use http::routes;

use sender::Sender;

/// What it is called.
pub const NAME: events::Service = events::Service::Notification;

/// The tables of this service, from version 1000.
pub static MIGRATIONS: sqlx::migrate::Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/notification");
    migrations.ignore_missing = true;
    migrations
};

/// What handlers and pages work with.
pub struct Service {
    /// The database.
    pub db: PgPool,
    /// The bus.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// Messages and layout.
    pub pages: Pages,
    /// Sends emails.
    pub sender: Arc<Sender>,
    /// Address of the portal.
    pub portal: String,
}

/// The pages' messages, and the texts of the emails.
///
/// # Errors
/// A catalogue with a mistake.
pub fn messages() -> Result<Pages, pages::CatalogueError> {
    Pages::new("/mail", include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))
}

/// Runs until the process has drained.
///
/// # Errors
/// What the process cannot start, or go on, without.
pub async fn run(process: Process, settings: Settings) -> Result<(), StartError> {
    host::run::<Service>(process, settings).await
}

impl host::Service for Service {
    type Settings = Settings;

    const NAME: events::Service = NAME;

    fn compose(parts: Parts, settings: Settings) -> Result<Self, StartError> {
        let Parts { db, bus, clock, process } = parts;
        let sender = Sender::new(&process, db.clone(), &settings)
            .map_err(StartError::other("set up the mail server"))?;
        let pages = messages().map_err(StartError::other("messages"))?;
        Ok(Self { db, bus, clock, pages, sender: Arc::new(sender), portal: settings.portal.url })
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

    fn tasks(self: Arc<Self>, _: &Process) -> Vec<Task> {
        let sending = self.sender.clone().run(self.bus.clone());
        vec![Task::new("sender", async { sending.await.map_err(StartError::other("send")) })]
    }
}
