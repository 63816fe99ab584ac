//! The state that every handler of this service shares.

use bus::Bus;
use chassis::{Clock, StartError};
use host::KnownRules;
use pages::Pages;
use sqlx::PgPool;

use crate::config::Review;

pub const NAME: events::Service = events::Service::Review;

/// Path prefix of the pages; the API is below `/review/api`.
pub const PREFIX: &str = "/review";

/// Shared by the handlers of facts and of requests.
pub struct AppState {
    pub db: PgPool,
    pub bus: Bus,
    pub rules: KnownRules,
    pub clock: Clock,
    pub pages: Pages,
    pub review: Review,
}

/// Message catalogues and layout of the pages.
///
/// # Errors
/// A message catalogue cannot be parsed.
pub fn pages() -> Result<Pages, StartError> {
    Pages::new(PREFIX, include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))
        .map_err(StartError::other("read the message catalogues"))
}
