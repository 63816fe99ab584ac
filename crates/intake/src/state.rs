//! What every handler of this service works with.

use bus::Bus;
use chassis::{Clock, StartError};
use pages::Pages;
use sqlx::PgPool;

use crate::config::Calls;
use crate::store::FileNumbers;

/// Its name in the contract.
pub const NAME: events::Service = events::Service::Intake;

/// Where its pages begin; the API is below `/apply/api`.
pub const PREFIX: &str = "/apply";

/// The state of every handler, of facts and of requests.
pub struct AppState {
    /// Its own database.
    pub db: PgPool,
    /// Facts are published by it.
    pub bus: Bus,
    /// The file numbers it gives.
    pub numbers: FileNumbers,
    /// Its only source of time.
    pub clock: Clock,
    /// The messages and the layout of its pages.
    pub pages: Pages,
    /// The calls it publishes when it starts.
    pub calls: Calls,
}

impl AppState {
    /// The state, without calls to publish.
    ///
    /// # Errors
    /// A message catalogue with a mistake.
    pub fn new(db: PgPool, bus: Bus, clock: Clock) -> Result<Self, StartError> {
        let pages = pages()?;
        Ok(Self { numbers: FileNumbers::of(&db), db, bus, clock, pages, calls: Calls::default() })
    }
}

/// The messages and the layout of its pages.
///
/// # Errors
/// A message catalogue with a mistake.
pub fn pages() -> Result<Pages, StartError> {
    Pages::new(PREFIX, include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))
        .map_err(StartError::other("read the message catalogues"))
}
