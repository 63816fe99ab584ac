//! A person decides whether it may be funded.

use bus::{Failure, Tx};
use events::{EligibilityReferred, Event};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timeline.
pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<EligibilityReferred>) -> Result<(), Failure> {
    super::note(tx, event, Entry::from(&event.data)).await
}
