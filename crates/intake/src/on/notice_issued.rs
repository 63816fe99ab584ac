//! The notice waits in the portal.

use bus::{Failure, Tx};
use events::{Event, NoticeIssued};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timeline.
pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<NoticeIssued>) -> Result<(), Failure> {
    super::note(tx, event, Entry::NoticeIssued).await
}
