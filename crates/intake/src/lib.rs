//! Intake: calls, drafts, submission and withdrawal of applications, and their status as the applicant sees it.
//!
//! What is typed becomes a [`form::Form`], is read and checked by [`check`], and submitted through
//! [`application::Ready`]. [`on`] consumes the facts of other services and moves [`application::Status`].

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
mod progress;
mod reply;
mod state;
mod store;
pub mod submission;
pub mod timeline;
mod withdrawal;

use std::sync::Arc;

use axum::Router;
use bus::Subscriptions;
use chassis::StartError;
use host::Parts;
use pages::Pages;

pub use config::{Calls, Settings};
pub use state::{AppState, NAME, PREFIX};
pub use store::FileNumbers;
pub use store::MIGRATIONS;

impl host::Service for AppState {
    type Settings = Settings;

    const NAME: events::Service = NAME;

    fn compose(parts: Parts, settings: Settings) -> Result<Self, StartError> {
        Ok(Self { calls: settings.calls, ..Self::new(parts.db, parts.bus, parts.clock)? })
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
        if self.bus.has_lost_data() {
            // Nothing can be published now; whoever only reads is answered all the same.
            return Ok(());
        }
        for file in &self.calls.publish {
            let refuse = |error: &dyn std::fmt::Display| {
                StartError::Usage(format!("call file {}: {error}", file.display()))
            };
            let text = std::fs::read_to_string(file).map_err(|error| refuse(&error))?;
            let call = call_file::read(&text).map_err(|error| refuse(&error))?;
            match calls::publish(&self.bus, call).await {
                Ok(_) => {}
                // After a rollback an older release brings older call files along: the newer rules stay in force.
                Err(older @ calls::PublishError::Older { .. }) => {
                    tracing::warn!(file = %file.display(), "{older}")
                }
                Err(error) => return Err(refuse(&error)),
            }
        }
        Ok(())
    }
}
