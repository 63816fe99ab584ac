//! It may be funded, and goes to the reviewers.

use bus::{Failure, Tx};
use events::{EligibilityConfirmed, Event};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timeline.
pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<EligibilityConfirmed>) -> Result<(), Failure> {
    super::note(tx, event, Entry::Eligible).await
}
