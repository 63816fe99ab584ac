//! The application is worth funding, but no money is left.

use bus::{Failure, Tx};
use events::{ApplicationWaitlisted, Event};

use crate::AppState;
use crate::timeline::Entry;

pub async fn handle(
    _: &AppState,
    tx: &mut Tx,
    events: &[Event<ApplicationWaitlisted>],
) -> Result<(), Failure> {
    crate::progress::note(tx, events, |_| Entry::Waitlisted).await
}
