//! The review service with a real Postgres, NATS and HTTP.
#![expect(clippy::unwrap_used, reason = "what a test cannot have it must not go on without")]

mod consuming;
mod pages;
mod queue;
mod reviewing;
mod stage;
mod store;
mod ties;
