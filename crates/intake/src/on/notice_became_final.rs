//! The time limit for legal remedies has passed.

use bus::{Failure, Tx};
use events::{Event, NoticeBecameFinal};

use crate::AppState;
use crate::timeline::Entry;

pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<NoticeBecameFinal>]) -> Result<(), Failure> {
    crate::progress::note(tx, events, |fact| Entry::from(fact)).await
}
