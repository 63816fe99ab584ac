//! The notice can no longer be challenged. Told even after a withdrawal.

use bus::{Failure, Tx};
use events::{Event, NoticeBecameFinal};

use super::tell;
use crate::Service;
use crate::mail::Mail;
use crate::store::contacts;

pub async fn handle(service: &Service, tx: &mut Tx, event: &Event<NoticeBecameFinal>) -> Result<(), Failure> {
    let contact = contacts::of(tx, event.application()).await?;
    tell(service, tx, event, &contact, Mail::NoticeBecameFinal { on: event.data.final_on }).await
}
