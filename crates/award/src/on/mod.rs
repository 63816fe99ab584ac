//! The only registry: fact → handler.

mod application_submitted;
mod application_withdrawn;
mod call_published;
mod review_completed;

use bus::Subscriptions;
use events::{ApplicationSubmitted, ApplicationWithdrawn, CallPublished, ReviewCompleted};

use crate::Service;

/// What award hears.
pub fn subscriptions() -> Subscriptions<Service> {
    Subscriptions::new()
        .on::<CallPublished, _>(call_published::handle)
        .on::<ApplicationSubmitted, _>(application_submitted::handle)
        .on::<ApplicationWithdrawn, _>(application_withdrawn::handle)
        .on::<ReviewCompleted, _>(review_completed::handle)
}
