//! The state that every handler of this service shares.

use std::sync::Arc;

use bus::Bus;
use chassis::{Clock, StartError};
use pages::Pages;
use sqlx::PgPool;

use crate::sender::Sender;

pub const NAME: events::Service = events::Service::Notification;

/// Path prefix of the pages; the API is below `/mail/api`.
pub const PREFIX: &str = "/mail";

/// Shared by the handlers of facts and of requests.
pub struct AppState {
    pub db: PgPool,
    pub bus: Bus,
    pub clock: Clock,
    pub pages: Pages,
    pub sender: Arc<Sender>,
    /// URL of the portal, for links in emails.
    pub portal: String,
}

/// Message catalogues, which include the texts of the emails, and layout of the pages.
///
/// # Errors
/// A message catalogue cannot be parsed.
pub fn pages() -> Result<Pages, StartError> {
    Pages::new(PREFIX, include_str!("../messages/de.ftl"), include_str!("../messages/en.ftl"))
        .map_err(StartError::other("read the message catalogues"))
}
