//! What every process of Bescheid is built on: settings, telemetry, lifecycle, HTTP, health, Postgres,
//! the clock, sessions and problem documents. Nothing in here is about grants.
//!
//! A service is `fn main() -> ExitCode { chassis::main("award", award::run) }`, and its `run` ends with
//! [`http::serve`].

pub mod api;
pub mod clock;
pub mod database;
mod error;
mod fields;
mod health;
pub mod http;
pub mod list;
pub mod problem;
pub mod process;
pub mod session;
pub mod settings;
mod start;
pub mod telemetry;

pub use clock::{Clock, TestClock};
pub use error::StartError;
pub use problem::{Problem, ProblemKind};
pub use process::{App, Shutdown};
pub use session::{Role, Session};
pub use settings::ServiceSettings;
pub use start::{end_on_signals, main, main_with};
