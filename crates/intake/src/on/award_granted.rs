//! Money is granted; the notice says how much.

use bus::{Failure, Tx};
use events::{AwardGranted, Event};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timelines.
pub async fn handle(_: &Service, tx: &mut Tx, events: &[Event<AwardGranted>]) -> Result<(), Failure> {
    super::note(tx, events, |_| Entry::Decided).await
}
