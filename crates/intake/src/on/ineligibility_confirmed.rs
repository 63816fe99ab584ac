//! It may not be funded, a person has decided.

use bus::{Failure, Tx};
use events::{Event, IneligibilityConfirmed};

use crate::AppState;
use crate::timeline::Entry;

/// Notes it in the timelines.
pub async fn handle(
    _: &AppState,
    tx: &mut Tx,
    events: &[Event<IneligibilityConfirmed>],
) -> Result<(), Failure> {
    crate::progress::note(tx, events, |fact| Entry::from(fact)).await
}
