//! The application was rejected; only the notice says why.

use bus::{Failure, Tx};
use events::{AwardRejected, Event};

use crate::AppState;
use crate::timeline::Entry;

pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<AwardRejected>]) -> Result<(), Failure> {
    crate::progress::note(tx, events, |_| Entry::Decided).await
}
