//! The application is not eligible: queues an email, unless it was withdrawn meanwhile.

use bus::{Failure, Tx};
use events::{Event, IneligibilityConfirmed};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::{queue_emails, unless_withdrawn};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<IneligibilityConfirmed>],
) -> Result<(), Failure> {
    queue_emails(service, tx, events, |_, contact| unless_withdrawn(contact, Mail::IneligibilityConfirmed))
        .await
}
