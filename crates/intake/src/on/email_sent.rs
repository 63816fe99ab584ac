//! An email about it went out.

use bus::{Failure, Tx};
use events::{EmailSent, Event};

use crate::AppState;
use crate::timeline::Entry;

/// Notes it in the timelines.
pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<EmailSent>]) -> Result<(), Failure> {
    crate::progress::note(tx, events, |fact| Entry::from(fact)).await
}
