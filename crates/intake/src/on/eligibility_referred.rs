//! A person has to decide whether the application may be funded.

use bus::{Failure, Tx};
use events::{EligibilityReferred, Event};

use crate::AppState;
use crate::timeline::Entry;

pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<EligibilityReferred>]) -> Result<(), Failure> {
    crate::progress::note(tx, events, |fact| Entry::from(fact)).await
}
