//! A notice waits in the portal. Told even after a withdrawal: an act was issued.

use bus::{Failure, Tx};
use events::{Event, NoticeIssued};

use super::tell;
use crate::Service;
use crate::mail::Mail;
use crate::store::contacts;

pub async fn handle(service: &Service, tx: &mut Tx, event: &Event<NoticeIssued>) -> Result<(), Failure> {
    let contact = contacts::of(tx, event.application()).await?;
    tell(service, tx, event, &contact, Mail::NoticeIssued).await
}
