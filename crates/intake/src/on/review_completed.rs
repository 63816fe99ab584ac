//! All reviews are done.

use bus::{Failure, Tx};
use events::{Event, ReviewCompleted};

use crate::AppState;
use crate::timeline::Entry;

pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<ReviewCompleted>]) -> Result<(), Failure> {
    crate::progress::note(tx, events, |_| Entry::Reviewed).await
}
