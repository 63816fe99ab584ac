//! Review: a file opens when eligibility is confirmed, independent reviewers take it one after the other, and the last
//! review publishes the result.
//!
//! - [`mod@file`] is the state machine, [`scores`] the scoring, [`visibility`] who sees what: all without I/O.
//! - [`on`] consumes facts, [`http`] serves people and programs, [`sweep`] does what is due when time has passed.
//! - [`store`] reads and writes the tables.

pub mod config;
pub mod file;
pub mod http;
pub mod on;
pub mod scores;
mod state;
pub mod store;
pub mod sweep;
pub mod visibility;

use std::sync::Arc;

use axum::Router;
use bus::Subscriptions;
use chassis::{App, StartError};
use host::{KnownRules, Parts, Task};
use pages::Pages;

pub use config::Settings;
pub use http::routes;
pub use state::{AppState, NAME, PREFIX, pages};
pub use store::MIGRATIONS;

impl host::Service for AppState {
    type Settings = Settings;

    const NAME: events::Service = NAME;

    fn compose(parts: Parts, settings: Settings) -> Result<Self, StartError> {
        let Parts { db, bus, clock, .. } = parts;
        Ok(Self { db, bus, rules: KnownRules::default(), clock, pages: pages()?, review: settings.review })
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

    fn tasks(self: Arc<Self>, app: &App) -> Vec<Task> {
        let run = move || {
            let service = self.clone();
            async move { sweep::run(&service).await }
        };
        vec![Task::every("sweep", app, sweep::PERIOD, run)]
    }
}
