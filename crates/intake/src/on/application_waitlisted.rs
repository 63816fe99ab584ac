//! Worth funding, and the money is used up.

use bus::{Failure, Tx};
use events::{ApplicationWaitlisted, Event};

use crate::AppState;
use crate::timeline::Entry;

/// Notes it in the timelines.
pub async fn handle(
    _: &AppState,
    tx: &mut Tx,
    events: &[Event<ApplicationWaitlisted>],
) -> Result<(), Failure> {
    crate::progress::note(tx, events, |_| Entry::Waitlisted).await
}
