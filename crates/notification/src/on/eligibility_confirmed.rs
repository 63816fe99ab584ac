//! The formal check is done: it goes to review. A withdrawal may have been faster.

use bus::{Failure, Tx};
use events::{EligibilityConfirmed, Event};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::{tell, unless_withdrawn};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<EligibilityConfirmed>],
) -> Result<(), Failure> {
    tell(service, tx, events, |_, contact| unless_withdrawn(contact, Mail::EligibilityConfirmed)).await
}
