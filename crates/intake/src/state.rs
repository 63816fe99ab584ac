//! The state that every handler of this service works with, for facts and for requests.

use bus::Bus;
use chassis::{Clock, StartError};
use pages::Pages;
use sqlx::PgPool;

use crate::config::Calls;
use crate::store::FileNumbers;

/// Name of the service in the contract.
pub const NAME: events::Service = events::Service::Intake;

/// Path prefix of its pages; the API is below `/apply/api`.
pub const PREFIX: &str = "/apply";

pub struct AppState {
    pub db: PgPool,
    pub bus: Bus,
    pub numbers: FileNumbers,
    /// The only source of time.
    pub clock: Clock,
    /// Messages and layout of its pages.
    pub pages: Pages,
    /// The calls that are published at the start.
    pub calls: Calls,
}

impl AppState {
    /// The state of a service that publishes no calls. Fails if a message catalogue has a mistake.
    pub fn new(db: PgPool, bus: Bus, clock: Clock) -> Result<Self, StartError> {
        let pages = pages()?;
        Ok(Self { numbers: FileNumbers::of(&db), db, bus, clock, pages, calls: Calls::default() })
    }
}

/// Messages and layout of its pages. Fails if a message catalogue has a mistake.
pub fn pages() -> Result<Pages, StartError> {
    Pages::new(PREFIX, include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))
        .map_err(StartError::other("read the message catalogues"))
}
