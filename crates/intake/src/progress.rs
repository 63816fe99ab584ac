//! How far an application has come: what the other services publish moves its status and adds a line to its timeline.

use bus::{Failure, Tx};
use events::{ApplicationId, Event, Fact};
use uuid::Uuid;

use crate::store::{applications, timeline};
use crate::timeline::Entry;

/// Notes what happened, in the status and in the timeline. Everything consumed here answers something intake has
/// published.
///
/// # Errors
/// The application was never submitted here; Postgres is away.
pub(crate) async fn note<F: Fact<Key = ApplicationId>>(
    tx: &mut Tx,
    events: &[Event<F>],
    entry: impl Fn(&F) -> Entry,
) -> Result<(), Failure> {
    let entries: Vec<Entry> = events.iter().map(|event| entry(&event.data)).collect();
    let noted = || events.iter().zip(&entries);
    let ids: Vec<Uuid> = events.iter().map(|event| event.key.uuid()).collect();
    let statuses = applications::lock_statuses(tx, &ids).await?;
    let mut moved = Vec::new();
    for (event, entry) in noted() {
        let id = event.application();
        let Some(status) = statuses.get(&id) else {
            return Err(Failure::park(format!("the application {id} was never submitted here")));
        };
        moved.extend(entry.status().map(|said| (id, status.heard(said))));
    }
    applications::save_statuses(tx, &moved).await?;
    timeline::note_all(tx, noted().map(|(event, entry)| (event.key, event.id, event.time, entry))).await?;
    Ok(())
}
