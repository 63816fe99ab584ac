//! The real things, one program so that it links once.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;
mod mailbox;
mod nats;
mod orphans;
mod postgres;
