//! A person decides whether it may be funded.

use bus::{Failure, Tx};
use events::{EligibilityReferred, Event};

use crate::AppState;
use crate::timeline::Entry;

/// Notes it in the timelines.
pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<EligibilityReferred>]) -> Result<(), Failure> {
    crate::progress::note(tx, events, |fact| Entry::from(fact)).await
}
