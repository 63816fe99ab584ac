//! The state that every handler of this service works with, for facts and for requests.

use bus::Bus;
use chassis::StartError;
use host::KnownRules;
use pages::Pages;
use sqlx::PgPool;

/// Name of the service in the contract.
pub const NAME: events::Service = events::Service::Eligibility;

/// Path prefix of its pages; the API is below `/eligibility/api`.
pub const PREFIX: &str = "/eligibility";

pub struct AppState {
    pub db: PgPool,
    pub bus: Bus,
    pub rules: KnownRules,
    /// Messages and layout of its pages.
    pub pages: Pages,
}

/// Messages and layout of its pages. Fails if a message catalogue has a mistake.
pub fn pages() -> Result<Pages, StartError> {
    Pages::new(PREFIX, include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))
        .map_err(StartError::other("read the message catalogues"))
}
