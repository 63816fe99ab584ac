//! What every handler of this service works with.

use std::sync::Arc;

use bus::Bus;
use chassis::{Clock, StartError};
use pages::Pages;
use sqlx::PgPool;

use crate::sender::Sender;

/// Its name in the contract.
pub const NAME: events::Service = events::Service::Notification;

/// Where its pages begin; the API is below `/mail/api`.
pub const PREFIX: &str = "/mail";

/// The state of every handler, of facts and of requests.
pub struct AppState {
    /// Its own database.
    pub db: PgPool,
    /// Facts are published by it.
    pub bus: Bus,
    /// Its only source of time.
    pub clock: Clock,
    /// The messages and the layout of its pages, and the texts of the emails.
    pub pages: Pages,
    /// Sends what is queued.
    pub sender: Arc<Sender>,
    /// Address of the portal, as emails name it.
    pub portal: String,
}

/// The messages and the layout of its pages, and the texts of the emails.
///
/// # Errors
/// A message catalogue with a mistake.
pub fn pages() -> Result<Pages, StartError> {
    Pages::new(PREFIX, include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))
        .map_err(StartError::other("read the message catalogues"))
}
