//! It may not be funded, a person has decided.

use bus::{Failure, Tx};
use events::{Event, IneligibilityConfirmed};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timeline.
pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<IneligibilityConfirmed>) -> Result<(), Failure> {
    super::note(tx, event, Entry::from(&event.data)).await
}
