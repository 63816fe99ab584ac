//! It may be funded, and goes to the reviewers.

use bus::{Failure, Tx};
use events::{EligibilityConfirmed, Event};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timelines.
pub async fn handle(_: &Service, tx: &mut Tx, events: &[Event<EligibilityConfirmed>]) -> Result<(), Failure> {
    super::note(tx, events, |_| Entry::Eligible).await
}
