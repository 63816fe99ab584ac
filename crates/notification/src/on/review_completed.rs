//! The reviewers are done: it goes to the decision. A withdrawal may have been faster.

use bus::{Failure, Tx};
use events::{Event, ReviewCompleted};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::{tell, unless_withdrawn};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<ReviewCompleted>],
) -> Result<(), Failure> {
    tell(service, tx, events, |_, contact| unless_withdrawn(contact, Mail::ReviewCompleted)).await
}
