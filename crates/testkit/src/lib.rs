//! Real servers for tests, cheap enough for every one of them.
//!
//! One Postgres runs for the whole test run (the binary `with-servers` starts it and puts its address into
//! the environment); each test gets databases of its own, copied from a template that is migrated
//! once. Each test that needs a broker or a mailbox starts its own on a free port: a service lets the system choose, a
//! broker draws a number between 15000 and 30000. Tests always wait for a condition, see [`until`].

pub mod amounts;
mod broker;
mod database;
mod logs;
mod postgres;
mod process;
mod round_trips;
pub mod samples;
mod service;
mod until;

pub use broker::{broker, copy_store, nats_program};
pub use database::{TestDatabase, database};
pub use local::{Fault, Mailbox};
pub use logs::Logs;
pub use postgres::postgres_programs;
pub use process::{process, process_with, session_keys};
pub use round_trips::RoundTrips;
pub use service::{Answer, Common, ServiceUnderTest, session};
pub use until::{until, until_some, until_within};

/// The environment variables that `with-servers` sets.
pub mod environment {
    /// Address of the Postgres of this test run, as its superuser.
    pub const POSTGRES: &str = "BESCHEID_TEST_POSTGRES";
    /// Path of the program nats-server.
    pub const NATS_SERVER: &str = "BESCHEID_TEST_NATS_SERVER";
    /// Folder of fetched programs, with a Postgres where the machine has none.
    pub const TOOLS: &str = "BESCHEID_TOOLS";

    /// # Panics
    /// `name` is not set; the text says how tests are run.
    pub fn get(name: &str) -> String {
        std::env::var(name).unwrap_or_else(|_| {
            panic!("{name} is not set: run the tests with `tests/run`, which starts what they need")
        })
    }
}
