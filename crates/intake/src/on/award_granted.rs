//! Money is granted; the notice says how much.

use bus::{Failure, Tx};
use events::{AwardGranted, Event};

use crate::AppState;
use crate::timeline::Entry;

/// Notes it in the timelines.
pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<AwardGranted>]) -> Result<(), Failure> {
    crate::progress::note(tx, events, |_| Entry::Decided).await
}
