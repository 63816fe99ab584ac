//! Real parts, cheap enough for every test.
//!
//! One Postgres runs for the whole test run (the binary `with-servers` starts it and names it in
//! the environment); each test gets databases of its own, copied from a template that is migrated
//! once. Each test that needs a broker or a mailbox starts its own, on a port that is free (a service takes what the
//! system gives, a broker a number drawn between 15000 and 30000). Waiting is always for a condition, see [`until`].

pub mod amounts;
mod broker;
mod database;
mod logs;
mod postgres;
mod process;
pub mod samples;
mod service;
mod until;

pub use broker::{broker, copy_store, nats_program};
pub use database::{TestDatabase, database};
pub use local::{Fault, Mailbox};
pub use logs::Logs;
pub use postgres::postgres_programs;
pub use process::{process, process_with, session_keys};
pub use service::{Answer, Common, ServiceUnderTest, session};
pub use until::{until, until_some, until_within};

/// Names of the environment that `with-servers` sets.
pub mod environment {
    /// Address of the Postgres of this run, as its owner.
    pub const POSTGRES: &str = "BESCHEID_TEST_POSTGRES";
    /// Path of the nats-server to start.
    pub const NATS_SERVER: &str = "BESCHEID_TEST_NATS_SERVER";
    /// Folder of what had to be fetched, with a Postgres in it where the machine has none.
    pub const TOOLS: &str = "BESCHEID_TOOLS";

    /// The value of `name`, or a panic that says how tests are run.
    pub fn get(name: &str) -> String {
        std::env::var(name).unwrap_or_else(|_| {
            panic!("{name} is not set: run the tests with `tests/run`, which starts what they need")
        })
    }
}
