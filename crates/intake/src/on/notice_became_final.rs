//! The time for a legal remedy is over.

use bus::{Failure, Tx};
use events::{Event, NoticeBecameFinal};

use crate::Service;
use crate::timeline::Entry;

/// Notes it in the timelines.
pub async fn handle(_: &Service, tx: &mut Tx, events: &[Event<NoticeBecameFinal>]) -> Result<(), Failure> {
    super::note(tx, events, |fact| Entry::from(fact)).await
}
