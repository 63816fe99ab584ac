//! The time for a legal remedy is over.

use bus::{Failure, Tx};
use events::{Event, NoticeBecameFinal};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timeline.
pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<NoticeBecameFinal>) -> Result<(), Failure> {
    super::note(tx, event, Entry::from(&event.data)).await
}
