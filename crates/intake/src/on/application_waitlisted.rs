//! Worth funding, and the money is used up.

use bus::{Failure, Tx};
use events::{ApplicationWaitlisted, Event};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timeline.
pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<ApplicationWaitlisted>) -> Result<(), Failure> {
    super::note(tx, event, Entry::Waitlisted).await
}
