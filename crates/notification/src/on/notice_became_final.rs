//! A notice has become final: queues an email, even after a withdrawal.

use bus::{Failure, Tx};
use events::{Event, NoticeBecameFinal};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::queue_emails;

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<NoticeBecameFinal>],
) -> Result<(), Failure> {
    queue_emails(service, tx, events, |fact, _| Some(Mail::NoticeBecameFinal { on: fact.final_on })).await
}
