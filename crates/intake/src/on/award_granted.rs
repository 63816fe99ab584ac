//! A grant was decided; only the notice says how much.

use bus::{Failure, Tx};
use events::{AwardGranted, Event};

use crate::AppState;
use crate::timeline::Entry;

pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<AwardGranted>]) -> Result<(), Failure> {
    crate::progress::note(tx, events, |_| Entry::Decided).await
}
