//! A person must look at it. A withdrawal may have been faster.

use bus::{Failure, Tx};
use events::{EligibilityReferred, Event};

use super::{tell, unless_withdrawn};
use crate::Service;
use crate::mail::Mail;

pub async fn handle(
    service: &Service,
    tx: &mut Tx,
    events: &[Event<EligibilityReferred>],
) -> Result<(), Failure> {
    tell(service, tx, events, |_, contact| unless_withdrawn(contact, Mail::EligibilityReferred)).await
}
