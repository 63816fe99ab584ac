//! The reviewers are done.

use bus::{Failure, Tx};
use events::{Event, ReviewCompleted};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timelines.
pub async fn handle(_: &Service, tx: &mut Tx, events: &[Event<ReviewCompleted>]) -> Result<(), Failure> {
    super::note(tx, events, |_| Entry::Reviewed).await
}
