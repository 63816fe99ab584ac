//! Award: ranking, budget, the decision by two persons, the notice, and its legal deadlines.
//!
//! - [`award`] is the state machine of a case, [`budget`] the money, [`deadlines`] the legal deadlines: all without I/O.
//! - [`on`] consumes facts, `http/` serves people and programs, [`sweep`] does what is due when time has passed.
//! - [`notice_text`] turns a decision into the data of its notice; the crate `letters` typesets it.

pub mod award;
pub mod budget;
pub mod calendar;
mod config;
pub mod courts;
pub mod deadlines;
mod http;
pub mod notice_text;
pub mod on;
mod printer;
pub mod shares;
mod state;
pub mod store;
pub mod sweep;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bus::Subscriptions;
use chassis::{App, StartError};
use host::{Parts, Task};
use pages::Pages;

pub use config::{Settings, Sweep};
pub use http::{api, routes};
pub use state::{AppState, MESSAGES, NAME, PREFIX};
pub use store::MIGRATIONS;

impl host::Service for AppState {
    type Settings = Settings;

    const NAME: events::Service = NAME;

    fn compose(parts: Parts, settings: Settings) -> Result<Self, StartError> {
        Ok(Self { sweep: settings.sweep, ..Self::new(parts.db, parts.bus, parts.clock)? })
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
        let period = Duration::from_secs(self.sweep.every_seconds.max(1));
        let check = move || {
            let service = self.clone();
            async move { sweep::run(&service).await }
        };
        vec![Task::every("sweep", app, period, check)]
    }
}
