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
mod state;
mod store;

use std::sync::Arc;

use axum::Router;
use bus::Subscriptions;
use chassis::StartError;
use host::Parts;
use pages::Pages;

pub use config::Settings;
pub use state::{AppState, NAME, PREFIX, pages};
pub use store::MIGRATIONS;

impl host::Service for AppState {
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
        http::routes(self)
    }
}
