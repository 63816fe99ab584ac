//! A notice waits in the portal: queues an email, even after a withdrawal, since the notice has legal effect.

use bus::{Failure, Tx};
use events::{Event, NoticeIssued};

use crate::AppState;
use crate::mail::Mail;
use crate::queue::queue_emails;

pub async fn handle(service: &AppState, tx: &mut Tx, events: &[Event<NoticeIssued>]) -> Result<(), Failure> {
    queue_emails(service, tx, events, |_, _| Some(Mail::NoticeIssued)).await
}
