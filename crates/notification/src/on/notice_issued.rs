//! A notice waits in the portal. Told even after a withdrawal: an act was issued.

use bus::{Failure, Tx};
use events::{Event, NoticeIssued};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::tell;

pub async fn handle(service: &AppState, tx: &mut Tx, events: &[Event<NoticeIssued>]) -> Result<(), Failure> {
    tell(service, tx, events, |_, _| Some(Mail::NoticeIssued)).await
}
