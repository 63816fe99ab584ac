//! The reviewers are done: it goes to the decision. A withdrawal may have been faster.

use bus::{Failure, Tx};
use events::{Event, ReviewCompleted};

use super::tell;
use crate::Service;
use crate::mail::Mail;
use crate::store::contacts;

pub async fn handle(service: &Service, tx: &mut Tx, event: &Event<ReviewCompleted>) -> Result<(), Failure> {
    let contact = contacts::of(tx, event.application()).await?;
    if contact.withdrawn_at.is_some() {
        return Ok(());
    }
    tell(service, tx, event, &contact, Mail::ReviewCompleted).await
}
