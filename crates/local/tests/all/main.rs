//! Tests with the real servers, in one program so that it is linked only once.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;
mod mailbox;
mod nats;
mod orphans;
mod postgres;
