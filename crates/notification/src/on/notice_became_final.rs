//! The notice can no longer be challenged. Told even after a withdrawal.

use bus::{Failure, Tx};
use events::{Event, NoticeBecameFinal};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::tell;

pub async fn handle(
    service: &AppState,
    tx: &mut Tx,
    events: &[Event<NoticeBecameFinal>],
) -> Result<(), Failure> {
    tell(service, tx, events, |fact, _| Some(Mail::NoticeBecameFinal { on: fact.final_on })).await
}
