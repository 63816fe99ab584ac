//! An email about it could not be delivered.

use bus::{Failure, Tx};
use events::{EmailBounced, Event};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timeline.
pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<EmailBounced>) -> Result<(), Failure> {
    super::note(tx, event, Entry::from(&event.data)).await
}
