//! What every handler of this service works with.

use bus::Bus;
use chassis::StartError;
use pages::Pages;
use sqlx::PgPool;

/// Its name in the contract.
pub const NAME: events::Service = events::Service::Eligibility;

/// Where its pages begin; the API is below `/eligibility/api`.
pub const PREFIX: &str = "/eligibility";

/// The state of every handler, of facts and of requests.
pub struct AppState {
    /// Its own database.
    pub db: PgPool,
    /// Facts are published by it.
    pub bus: Bus,
    /// The messages and the layout of its pages.
    pub pages: Pages,
}

/// The messages and the layout of its pages.
///
/// # Errors
/// A message catalogue with a mistake.
pub fn pages() -> Result<Pages, StartError> {
    Pages::new(PREFIX, include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))
        .map_err(StartError::other("read the message catalogues"))
}
