//! A person has decided on the eligibility: a result waits. A withdrawal may have been faster.

use bus::{Failure, Tx};
use events::{Event, IneligibilityConfirmed};

use super::tell;
use crate::Service;
use crate::mail::Mail;
use crate::store::contacts;

pub async fn handle(
    service: &Service,
    tx: &mut Tx,
    event: &Event<IneligibilityConfirmed>,
) -> Result<(), Failure> {
    let contact = contacts::of(tx, event.application()).await?;
    if contact.withdrawn_at.is_some() {
        return Ok(());
    }
    tell(service, tx, event, &contact, Mail::IneligibilityConfirmed).await
}
