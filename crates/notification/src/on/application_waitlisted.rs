//! The application is on the waiting list: queues an email, unless it was withdrawn meanwhile.

use bus::{Failure, Tx};
use events::{ApplicationWaitlisted, Event};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::{queue_emails, unless_withdrawn};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<ApplicationWaitlisted>],
) -> Result<(), Failure> {
    queue_emails(service, tx, events, |_, contact| unless_withdrawn(contact, Mail::ApplicationWaitlisted))
        .await
}
