//! All reviews are in: the case is ready for a proposal.

use bus::{Failure, Tx};
use events::{Event, ReviewCompleted};
use uuid::Uuid;

use crate::AppState;
use crate::store::cases::{self, Transition};
use crate::store::history::{HistoryEntry, HistoryKind};

pub async fn handle(_: &AppState, tx: &mut Tx, events: &[Event<ReviewCompleted>]) -> Result<(), Failure> {
    let applications: Vec<Uuid> = events.iter().map(|event| event.key.uuid()).collect();
    let mut locked = cases::lock_all(tx, &applications).await?;
    let mut moved = Vec::with_capacity(events.len());
    for event in events {
        let Some(case) = locked.remove(&event.key) else {
            return Err(Failure::not_yet(format!("the application {}", event.key)));
        };
        // A review can be completed after the withdrawal.
        let Some(case) = case.reviewed(event.data.clone()) else { continue };
        let happened = HistoryEntry::new(event.time, HistoryKind::Reviewed).because(event.id);
        moved.push(Transition { case, happened });
    }
    Ok(cases::save_all(tx, &moved).await?)
}
