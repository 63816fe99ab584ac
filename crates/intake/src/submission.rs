//! A draft becomes an application.

use bus::{Tx, outbox};
use events::{ApplicationId, ApplicationSubmitted, Call, Cause, Person};

use crate::FileNumbers;
use crate::application::Ready;
use crate::store::applications;

/// Submits `ready` as `id` when `tx` commits: state, first line of its timeline, the fact. Its draft, if there is
/// one, is gone then. The file number is taken at once.
///
/// # Errors
/// The database's.
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
    let said = outbox::append(tx, id, fact.clone(), cause);
    applications::insert(tx, id, &ags, status, said, &fact).await?;
    Ok(fact)
}
