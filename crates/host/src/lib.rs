//! What the five services share above the bus: how a process is made from a service, its settings, and how a
//! request becomes a unit of work.
//!
//! - A service describes itself ([`Service`], [`settings!`]), and [`run`] makes the process from it. How a service
//!   starts and stops is the same for all; `run.rs` lists the order.
//! - [`begin`] and [`commit`] are a request's unit of work, [`Idempotent`] makes it happen once.

mod idempotent;
mod rules;
mod run;
mod service;
mod settings;
pub mod sweep;
mod texts;
pub mod ties;
mod work;

pub use idempotent::{IdempotencyKey, Idempotent};
pub use rules::KnownRules;
pub use run::{main, main_with, run, serve, start};
pub use service::{Parts, Service, Task};
pub use settings::HasNats;
pub use texts::{localized, municipalities_by_name};
pub use work::{begin, cause, commit, person, problem};
