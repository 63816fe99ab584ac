//! The chassis from outside, with real sockets, real files and a real Postgres.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod api;
mod client;
mod database;
mod http;
mod limits;
mod process;
mod sessions;
mod settings;
