//! A person has decided that the application may not be funded.

use bus::{Failure, Tx};
use events::{Event, IneligibilityConfirmed};

use crate::AppState;
use crate::timeline::Entry;

pub async fn handle(
    _: &AppState,
    tx: &mut Tx,
    events: &[Event<IneligibilityConfirmed>],
) -> Result<(), Failure> {
    crate::progress::note(tx, events, |fact| Entry::from(fact)).await
}
