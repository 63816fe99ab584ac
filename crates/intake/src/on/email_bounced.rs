//! An email about the application could not be delivered.

use bus::{Failure, Tx};
use events::{EmailBounced, Event};

use crate::AppState;
use crate::timeline::Entry;

pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<EmailBounced>]) -> Result<(), Failure> {
    crate::progress::note(tx, events, |fact| Entry::from(fact)).await
}
