//! It is turned down; the notice says why.

use bus::{Failure, Tx};
use events::{AwardRejected, Event};

use crate::AppState;
use crate::timeline::Entry;

/// Notes it in the timelines.
pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<AwardRejected>]) -> Result<(), Failure> {
    crate::progress::note(tx, events, |_| Entry::Decided).await
}
