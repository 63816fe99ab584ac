//! A draft becomes an application.

use bus::{Tx, outbox};
use events::{ApplicationId, ApplicationSubmitted, Call, Cause, Person};

use crate::application::Ready;
use crate::store::{applications, calls, drafts, timeline};
use crate::timeline::Entry;

/// Submits `ready` as `id` when `tx` commits: file number, state, first line of its timeline, the fact. Its draft,
/// if there is one, is gone then.
///
/// # Errors
/// The database's.
pub async fn submit(
    tx: &mut Tx,
    id: ApplicationId,
    call: &Call,
    ready: Ready,
    by: Person,
    cause: Cause,
) -> Result<ApplicationSubmitted, sqlx::Error> {
    let ags = ready.ags().clone();
    drafts::remove(tx, id).await?;
    let number = calls::next_number(tx, call.id()).await?;
    let (status, fact) = ready.submit(format!("{}-{number:04}", call.file_number_prefix), by);
    applications::insert(tx, id, &ags, status, &fact).await?;
    let said = outbox::append(tx, id, fact.clone(), cause);
    timeline::note(tx, id, said, fact.submitted_at, &Entry::Submitted { late: fact.late }).await?;
    Ok(fact)
}
