//! The formal check is done: it goes to review. A withdrawal may have been faster.

use bus::{Failure, Tx};
use events::{EligibilityConfirmed, Event};

use super::tell;
use crate::Service;
use crate::mail::Mail;
use crate::store::contacts;

pub async fn handle(
    service: &Service,
    tx: &mut Tx,
    event: &Event<EligibilityConfirmed>,
) -> Result<(), Failure> {
    let contact = contacts::of(tx, event.application()).await?;
    if contact.withdrawn_at.is_some() {
        return Ok(());
    }
    tell(service, tx, event, &contact, Mail::EligibilityConfirmed).await
}
