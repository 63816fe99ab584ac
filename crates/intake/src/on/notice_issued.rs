//! The notice can be read in the portal.

use bus::{Failure, Tx};
use events::{Event, NoticeIssued};

use crate::AppState;
use crate::timeline::Entry;

pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<NoticeIssued>]) -> Result<(), Failure> {
    crate::progress::note(tx, events, |_| Entry::NoticeIssued).await
}
