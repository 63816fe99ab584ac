//! The notice waits in the portal.

use bus::{Failure, Tx};
use events::{Event, NoticeIssued};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timelines.
pub async fn handle(_: &Service, tx: &mut Tx, events: &[Event<NoticeIssued>]) -> Result<(), Failure> {
    super::note(tx, events, |_| Entry::NoticeIssued).await
}
