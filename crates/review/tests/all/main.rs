//! The review service with everything real around it: Postgres, NATS, HTTP.
#![expect(clippy::unwrap_used, reason = "what a test cannot have it must not go on without")]

mod hearing;
mod pages;
mod queue;
mod reviewing;
mod stage;
mod store;
mod ties;
