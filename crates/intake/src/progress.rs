//! Progress of an application: each fact that another service publishes moves its status and adds a line to its
//! timeline.

use bus::{Failure, Tx};
use events::{ApplicationId, Event, Fact};
use uuid::Uuid;

use crate::store::{applications, timeline};
use crate::timeline::Entry;

/// Adds each fact to the status and the timeline of its application.
///
/// # Errors
/// Parks the fact if intake knows no such application: every fact consumed here answers one that intake has
/// published. Retries while Postgres is unreachable.
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
        moved.extend(entry.status().map(|reported| (id, status.advance_to(reported))));
    }
    let lines = noted().map(|(event, entry)| (event.key, event.id, event.time, entry));
    timeline::note_all(tx, lines, &moved).await?;
    Ok(())
}
