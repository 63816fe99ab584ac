//! The applicant has taken it back: confirm that. News that were on their way are not sent any more.

use bus::{Failure, Tx};
use events::{ApplicationWithdrawn, Event};

use super::tell;
use crate::Service;
use crate::mail::Mail;
use crate::store::contacts;

pub async fn handle(
    service: &Service,
    tx: &mut Tx,
    event: &Event<ApplicationWithdrawn>,
) -> Result<(), Failure> {
    let at = event.data.withdrawn_at;
    let contact = contacts::of(tx, event.application()).await?;
    contacts::withdraw(tx, event.application(), at).await?;
    tell(service, tx, event, &contact, Mail::ApplicationWithdrawn { at }).await
}
