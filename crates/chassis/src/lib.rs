//! What every process of Bescheid is built on: settings, telemetry, lifecycle, HTTP, health, Postgres,
//! the clock, sessions and problem documents. Nothing in here is about grants.
//!
//! [`main_with`] reads arguments and settings, opens the socket and makes the [`App`]; [`http::serve`] answers until
//! the process has drained.

pub mod api;
mod app;
mod budget;
pub mod clock;
pub mod database;
mod error;
mod fields;
mod health;
pub mod http;
pub mod list;
pub mod problem;
pub mod session;
pub mod settings;
mod start;
pub mod telemetry;

pub use app::{App, Shutdown};
pub use clock::{Clock, TestClock};
pub use error::StartError;
pub use problem::{Problem, ProblemKind};
pub use session::{Role, Session};
pub use settings::ServiceSettings;
pub use start::{end_on_signals, main, main_with};
