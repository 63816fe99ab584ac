//! It is turned down; the notice says why.

use bus::{Failure, Tx};
use events::{AwardRejected, Event};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timeline.
pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<AwardRejected>) -> Result<(), Failure> {
    super::note(tx, event, Entry::Decided).await
}
