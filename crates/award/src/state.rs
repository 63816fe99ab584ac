//! What every handler of this service works with.

use bus::Bus;
use chassis::{Clock, StartError};
use pages::Pages;
use sqlx::PgPool;

use crate::config::Sweep;
use crate::printer::Printer;

/// Its name in the contract.
pub const NAME: events::Service = events::Service::Award;

/// Where its pages begin; the API is below `/award/api`.
pub const PREFIX: &str = "/award";

/// The German and the English messages of its pages.
pub const MESSAGES: (&str, &str) = (include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"));

/// The state of every handler, of facts and of requests.
pub struct AppState {
    /// Its own database.
    pub db: PgPool,
    /// Facts are published by it.
    pub bus: Bus,
    /// Its only source of time.
    pub clock: Clock,
    /// The messages and the layout of its pages.
    pub pages: Pages,
    pub(crate) sweep: Sweep,
    pub(crate) printer: Printer,
}

impl AppState {
    /// The state, with the default settings.
    ///
    /// # Errors
    /// A message catalogue with a mistake.
    pub fn new(db: PgPool, bus: Bus, clock: Clock) -> Result<Self, StartError> {
        let pages = Pages::new(PREFIX, MESSAGES.0, MESSAGES.1)
            .map_err(StartError::other("read the message catalogues"))?;
        Ok(Self { db, bus, clock, pages, sweep: Sweep::default(), printer: Printer::new() })
    }
}
