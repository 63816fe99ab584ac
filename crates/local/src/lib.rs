//! A real Postgres, nats-server and mailbox on this machine, for `bescheid up` and for tests.
//!
//! ```text
//! tools::Search ── finds or fetches ──► postgres, nats-server
//! Postgres, Nats ── each a [`Process`]: its own process group, and a guard that ends it with its parent
//! Mailbox ── a task of this process: SMTP in, files on disk, pages out
//! ```
//! Everything listens on 127.0.0.1 only. Errors are single sentences a person can act on.

mod folder;
mod mailbox;
mod nats;
mod port;
mod postgres;
mod process;
pub mod tools;

pub use mailbox::{Content, Fault, Mailbox, Message};
pub use nats::{Nats, NatsSettings};
pub use port::free_port;
pub use postgres::{Durability, Postgres, PostgresSettings};
pub use process::{Process, Signal};

/// Hears, in a sentence at a time, what is being done; for a person who waits.
pub type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);
