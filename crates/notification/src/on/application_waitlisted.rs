//! The budget is used up: news wait. A withdrawal may have been faster.

use bus::{Failure, Tx};
use events::{ApplicationWaitlisted, Event};

use super::tell;
use crate::Service;
use crate::mail::Mail;
use crate::store::contacts;

pub async fn handle(
    service: &Service,
    tx: &mut Tx,
    event: &Event<ApplicationWaitlisted>,
) -> Result<(), Failure> {
    let contact = contacts::of(tx, event.application()).await?;
    if contact.withdrawn_at.is_some() {
        return Ok(());
    }
    tell(service, tx, event, &contact, Mail::ApplicationWaitlisted).await
}
