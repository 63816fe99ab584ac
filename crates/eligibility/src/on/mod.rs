//! What this service hears: the only registry.

mod application_submitted;
mod application_withdrawn;
mod call_published;

use bus::Subscriptions;
use events::{ApplicationSubmitted, ApplicationWithdrawn, CallPublished};

use crate::Service;

/// Fact → handler.
pub fn subscriptions() -> Subscriptions<Service> {
    Subscriptions::new()
        .on::<CallPublished, _>(call_published::handle)
        .on::<ApplicationSubmitted, _>(application_submitted::handle)
        .on::<ApplicationWithdrawn, _>(application_withdrawn::handle)
}
