//! The application may be funded, and goes to the reviewers.

use bus::{Failure, Tx};
use events::{EligibilityConfirmed, Event};

use crate::AppState;
use crate::timeline::Entry;

pub async fn handle(
    _: &AppState,
    tx: &mut Tx,
    events: &[Event<EligibilityConfirmed>],
) -> Result<(), Failure> {
    crate::progress::note(tx, events, |_| Entry::Eligible).await
}
