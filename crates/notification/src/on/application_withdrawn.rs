//! The applicant has taken it back: confirm that. News that were on their way are not sent any more.

use bus::{Failure, Tx};
use events::{ApplicationWithdrawn, Event};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::tell;
use crate::store::contacts;

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<ApplicationWithdrawn>],
) -> Result<(), Failure> {
    for event in events {
        contacts::withdraw(tx, event.application(), event.data.withdrawn_at).await?;
    }
    tell(service, tx, events, |fact, _| Some(Mail::ApplicationWithdrawn { at: fact.withdrawn_at })).await
}
