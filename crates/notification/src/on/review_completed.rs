//! All reviews are in: queues an email, unless the application was withdrawn meanwhile.

use bus::{Failure, Tx};
use events::{Event, ReviewCompleted};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::{queue_emails, unless_withdrawn};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<ReviewCompleted>],
) -> Result<(), Failure> {
    queue_emails(service, tx, events, |_, contact| unless_withdrawn(contact, Mail::ReviewCompleted)).await
}
