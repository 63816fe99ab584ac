//! Somebody has a tie to the application: they decide nothing in it, and a review of theirs does not count.

use bus::{Failure, Tx};
use events::{Event, TieDeclared};

use crate::AppState;
use crate::store::cases;
use crate::store::history::{self, HistoryEntry, What};
use host::ties;

/// Hears it.
pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<TieDeclared>) -> Result<(), Failure> {
    let application = event.application();
    let case = cases::lock(tx, application).await?;
    ties::declare(tx, application, &event.data).await?;
    // Before the application is known here, nobody has reviewed it.
    let Some(case) = case.filter(|case| case.has_review_of(&event.data.person.id)) else { return Ok(()) };
    let before = case.state.stage();
    let happened = |what| HistoryEntry::new(event.time, what).by(&event.data.person).because(event.id);
    if before.is_final() {
        return Ok(history::append(tx, application, &happened(What::TiedTooLate)).await?);
    }
    match case.tied(&event.data.person.id) {
        Some(case) => Ok(cases::save(tx, &case, before, &happened(What::Tied)).await?),
        None => Ok(()),
    }
}
