//! An email about the application was sent.

use bus::{Failure, Tx};
use events::{EmailSent, Event};

use crate::AppState;
use crate::timeline::Entry;

pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<EmailSent>]) -> Result<(), Failure> {
    crate::progress::note(tx, events, |fact| Entry::from(fact)).await
}
