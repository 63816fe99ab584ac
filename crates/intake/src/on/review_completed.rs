//! The reviewers are done.

use bus::{Failure, Tx};
use events::{Event, ReviewCompleted};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timeline.
pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<ReviewCompleted>) -> Result<(), Failure> {
    super::note(tx, event, Entry::Reviewed).await
}
