//! Money is granted; the notice says how much.

use bus::{Failure, Tx};
use events::{AwardGranted, Event};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timeline.
pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<AwardGranted>) -> Result<(), Failure> {
    super::note(tx, event, Entry::Decided).await
}
