//! A real Postgres, nats-server and mailbox on this machine, for `bescheid up` and for tests.
//!
//! ```text
//! tools::Search ── finds or downloads ──► postgres, nats-server
//! Postgres, Nats ── each a [`Process`]: its own process group, and a guard that ends it with its parent
//! Mailbox ── a task of this process: receives SMTP, stores files, serves pages
//! ```
//! Everything listens on 127.0.0.1 only. Error messages are single sentences that a person can act on.

mod folder;
mod mailbox;
mod nats;
mod port;
mod postgres;
mod process;
pub mod tools;

pub use folder::private_folder;
pub use mailbox::{Content, Fault, Mailbox, Message};
pub use nats::{Nats, NatsSettings};
pub use port::free_port;
pub use postgres::{Durability, Postgres, PostgresSettings};
pub use process::{Process, Signal};

/// Called with one sentence for each thing that is being done, for a person who waits.
pub type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);
