//! It is turned down; the notice says why.

use bus::{Failure, Tx};
use events::{AwardRejected, Event};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timelines.
pub async fn handle(_: &Service, tx: &mut Tx, events: &[Event<AwardRejected>]) -> Result<(), Failure> {
    super::note(tx, events, |_| Entry::Decided).await
}
