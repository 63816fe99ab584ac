//! Submits an application.

use bus::{Tx, outbox};
use events::{ApplicationId, ApplicationSubmitted, Call, Cause, Person};

use crate::FileNumbers;
use crate::application::Ready;
use crate::store::applications;

/// Submits `ready` as `id` in `tx`: state, first line of the timeline and fact; the draft, if there is one, is
/// deleted. The file number is taken at once, even if `tx` is rolled back.
pub async fn submit(
    tx: &mut Tx,
    numbers: &FileNumbers,
    id: ApplicationId,
    call: &Call,
    ready: Ready,
    by: Person,
    cause: Cause,
) -> Result<ApplicationSubmitted, sqlx::Error> {
    let ags = ready.ags().clone();
    let number = numbers.next(call.id()).await?;
    let (status, fact) = ready.submit(format!("{}-{number:04}", call.file_number_prefix), by);
    let event = outbox::append(tx, id, fact.clone(), cause);
    applications::insert(tx, id, &ags, status, event, &fact).await?;
    Ok(fact)
}
