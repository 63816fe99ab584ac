//! The applicant has withdrawn: queues a confirmation. No further progress is reported.

use bus::{Failure, Tx};
use events::{ApplicationWithdrawn, Event};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::queue_emails;
use crate::store::contacts;

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<ApplicationWithdrawn>],
) -> Result<(), Failure> {
    for event in events {
        contacts::withdraw(tx, event.application(), event.data.withdrawn_at).await?;
    }
    queue_emails(service, tx, events, |fact, _| Some(Mail::ApplicationWithdrawn { at: fact.withdrawn_at }))
        .await
}
