//! Checks whether the applicant is a municipality with the immigration office that the call asks for, and whether the
//! application is formally in order. Clear cases are confirmed; a person decides the others. `README.md` lists what
//! this service consumes, publishes and owns.
//!
//! An application goes through `on/application_submitted.rs` → [`rules`] (with the [`register`]) → [`case`] →
//! `store/cases.rs`; a person's decision through `http/decide.rs` → [`case`] → `store/cases.rs`.

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
use host::{KnownRules, Parts};
use pages::Pages;

pub use config::Settings;
pub use state::{AppState, NAME, PREFIX, pages};
pub use store::MIGRATIONS;

impl host::Service for AppState {
    type Settings = Settings;

    const NAME: events::Service = NAME;

    fn compose(parts: Parts, _: Settings) -> Result<Self, StartError> {
        Ok(Self { db: parts.db, bus: parts.bus, rules: KnownRules::default(), pages: pages()? })
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
