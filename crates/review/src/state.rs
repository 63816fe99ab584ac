//! What every handler of this service works with.

use bus::Bus;
use chassis::{Clock, StartError};
use pages::Pages;
use sqlx::PgPool;

use crate::config::Review;

/// Its name in the contract.
pub const NAME: events::Service = events::Service::Review;

/// Where its pages begin; the API is below `/review/api`.
pub const PREFIX: &str = "/review";

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
    /// How reviews are organised.
    pub review: Review,
}

/// The messages and the layout of its pages.
///
/// # Errors
/// A message catalogue with a mistake.
pub fn pages() -> Result<Pages, StartError> {
    Pages::new(PREFIX, include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))
        .map_err(StartError::other("read the message catalogues"))
}
