//! The reviewers are done: somebody may propose.

use bus::{Failure, Tx};
use events::{Event, ReviewCompleted};

use crate::Service;
use crate::store::cases;
use crate::store::history::Happened;

/// Hears it.
pub async fn handle(_: &Service, tx: &mut Tx, event: &Event<ReviewCompleted>) -> Result<(), Failure> {
    let Some(case) = cases::lock(tx, event.application()).await? else {
        return Err(Failure::not_yet(format!("the application {}", event.application())));
    };
    let before = case.state.stage();
    // A review may well end after a withdrawal.
    let Some(case) = case.reviewed(event.data.clone()) else { return Ok(()) };
    let happened = Happened::new(event.time, "reviewed").because(event.id);
    Ok(cases::save(tx, &case, before, &happened).await?)
}
