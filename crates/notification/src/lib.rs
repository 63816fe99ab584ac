//! Notification: one email per fact and recipient, in the recipient's language, and its delivery.
//!
//! - [`delivery`]: the state machine of one email to one recipient
//! - [`on`]: consumes facts; most of them queue an email
//! - [`mail`]: the texts of the emails
//! - [`sender`]: sends queued emails
//! - `http/`: pages and API about emails and their delivery
//! - [`store`]: the tables

pub mod config;
pub mod delivery;
mod http;
pub mod mail;
pub mod on;
mod queue;
pub mod sender;
mod state;
pub mod store;

use std::sync::Arc;

use axum::Router;
use bus::Subscriptions;
use chassis::{App, StartError};
use host::{Parts, Task};
use pages::Pages;

use sender::Sender;

pub use config::Settings;
pub use http::routes;
pub use state::{AppState, NAME, PREFIX, pages};
pub use store::MIGRATIONS;

impl host::Service for AppState {
    type Settings = Settings;

    const NAME: events::Service = NAME;

    fn compose(parts: Parts, settings: Settings) -> Result<Self, StartError> {
        let Parts { db, bus, clock, app } = parts;
        let sender = Sender::new(&app, db.clone(), &settings, pages()?)
            .map_err(StartError::other("set up the mail server"))?;
        Ok(Self { db, bus, clock, pages: pages()?, sender: Arc::new(sender), portal: settings.portal.url })
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

    fn tasks(self: Arc<Self>, _: &App) -> Vec<Task> {
        let sending = sender::run(self.sender.clone(), self.bus.clone());
        vec![Task::new("sender", async { sending.await.map_err(StartError::other("send")) })]
    }
}
