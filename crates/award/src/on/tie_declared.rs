//! A person has declared a tie to an application: they may not act in it, and their review does not count.

use bus::{Failure, Tx};
use events::{Event, TieDeclared};

use crate::AppState;
use crate::store::cases;
use crate::store::history::{self, HistoryEntry, HistoryKind};
use host::ties;

pub async fn handle(_: &AppState, tx: &mut Tx, event: &Event<TieDeclared>) -> Result<(), Failure> {
    let application = event.application();
    let case = cases::lock(tx, application).await?;
    ties::declare(tx, application, &event.data).await?;
    // An application that is not known here yet has no review.
    let Some(case) = case.filter(|case| case.has_review_of(&event.data.person.id)) else { return Ok(()) };
    let before = case.state.stage();
    let happened = |what| HistoryEntry::new(event.time, what).by(&event.data.person).because(event.id);
    if before.is_final() {
        return Ok(history::append(tx, application, &happened(HistoryKind::TiedTooLate)).await?);
    }
    match case.tied(&event.data.person.id) {
        Some(case) => Ok(cases::save(tx, &case, &happened(HistoryKind::Tied)).await?),
        None => Ok(()),
    }
}
