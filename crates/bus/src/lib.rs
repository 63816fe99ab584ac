//! How facts travel: the publisher's event log and outbox, NATS JetStream, and the consumer's inbox
//! with the version gate. The only crate that knows async-nats.
//!
//! What it promises: every fact appended in a committed transaction reaches every consumer, takes
//! effect there once, and in the order in which its publisher numbered the facts of one application.
//! Postgres is the truth; the broker is a cache of the event logs and may lose everything.
//!
//! - [`Tx`] is one unit of work: inbox, state and outbox commit together.
//! - [`outbox::append`] adds a fact to it.
//! - [`Subscriptions`] names the handler of each fact a service consumes.
//! - [`Bus::start`] runs relay, consumer, broker watch and audit until [`Running::drain`].
//! - [`control`] is how services audit each other, and how operators inspect and resolve parked facts.

mod audit;
mod backoff;
mod connection;
mod consumer;
mod context;
pub mod control;
pub mod deadline;
mod failure;
mod gate;
pub mod idempotency;
mod linger;
pub mod outbox;
mod parked;
mod permissions;
mod published;
mod relay;
mod settings;
mod slot;
mod stats;
pub mod step;
mod subscriptions;
mod tx;
mod warm;
mod watch;

pub use backoff::Backoff;
pub use connection::{Bus, BusError, Running};
pub use failure::Failure;
pub use parked::Waiting;
pub use permissions::nats_permissions;
pub use settings::Settings;
pub use stats::Stats;
pub use subscriptions::{BatchHandler, Handler, Subscriptions};
pub use tx::Tx;

/// The tables of this crate, in each service's database. Versions 1 to 999; a service's own
/// migrations have 1000 and above.
pub static MIGRATIONS: sqlx::migrate::Migrator = {
    let mut migrations = sqlx::migrate!("../../migrations/bus");
    migrations.ignore_missing = true;
    migrations
};
