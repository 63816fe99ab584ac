//! The budget is used up: news wait. A withdrawal may have been faster.

use bus::{Failure, Tx};
use events::{ApplicationWaitlisted, Event};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::{tell, unless_withdrawn};

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<ApplicationWaitlisted>],
) -> Result<(), Failure> {
    tell(service, tx, events, |_, contact| unless_withdrawn(contact, Mail::ApplicationWaitlisted)).await
}
