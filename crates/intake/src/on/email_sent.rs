//! An email about it went out.

use bus::{Failure, Tx};
use events::{EmailSent, Event};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timeline.
pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<EmailSent>) -> Result<(), Failure> {
    super::note(tx, event, Entry::from(&event.data)).await
}
