//! What services share, over a real Postgres.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod idempotent;
