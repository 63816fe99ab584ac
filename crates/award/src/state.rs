//! The state that every handler of this service shares.

use bus::Bus;
use chassis::{Clock, StartError};
use host::KnownRules;
use pages::Pages;
use sqlx::PgPool;

use crate::config::Sweep;
use crate::printer::Printer;

pub const NAME: events::Service = events::Service::Award;

/// Path prefix of the pages; the API is below `/award/api`.
pub const PREFIX: &str = "/award";

/// The German and English message catalogues.
pub const MESSAGES: (&str, &str) = (include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"));

/// Shared by the handlers of facts and of requests.
pub struct AppState {
    pub db: PgPool,
    pub bus: Bus,
    pub rules: KnownRules,
    pub clock: Clock,
    pub pages: Pages,
    pub(crate) sweep: Sweep,
    pub(crate) printer: Printer,
}

impl AppState {
    /// With default settings.
    ///
    /// # Errors
    /// A message catalogue cannot be parsed.
    pub fn new(db: PgPool, bus: Bus, clock: Clock) -> Result<Self, StartError> {
        let pages = Pages::new(PREFIX, MESSAGES.0, MESSAGES.1)
            .map_err(StartError::other("read the message catalogues"))?;
        Ok(Self {
            db,
            bus,
            rules: KnownRules::default(),
            clock,
            pages,
            sweep: Sweep::default(),
            printer: Printer::new(),
        })
    }
}
