//! A person has decided on the eligibility: a result waits. A withdrawal may have been faster.

use bus::{Failure, Tx};
use events::{Event, IneligibilityConfirmed};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::{tell, unless_withdrawn};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<IneligibilityConfirmed>],
) -> Result<(), Failure> {
    tell(service, tx, events, |_, contact| unless_withdrawn(contact, Mail::IneligibilityConfirmed)).await
}
