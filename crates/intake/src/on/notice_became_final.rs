//! The time for a legal remedy is over.

use bus::{Failure, Tx};
use events::{Event, NoticeBecameFinal};

use crate::AppState;
use crate::timeline::Entry;

/// Notes it in the timelines.
pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<NoticeBecameFinal>]) -> Result<(), Failure> {
    crate::progress::note(tx, events, |fact| Entry::from(fact)).await
}
