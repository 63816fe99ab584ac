//! Withdraws an application.

use bus::{Tx, outbox};
use events::{ApplicationId, Cause, Person};
use pages::parse;

use crate::application::{NotWithdrawn, Status};
use crate::store::{applications, timeline};
use crate::timeline::Entry;

/// Longest reason, in characters.
pub const LONGEST_REASON: usize = 2_000;

/// Cleans and checks a reason; `None` if it is blank. The error is the largest number of characters.
pub fn reason(typed: &str) -> Result<Option<String>, usize> {
    let reason = parse::lines(typed);
    if parse::length(&reason) > LONGEST_REASON {
        return Err(LONGEST_REASON);
    }
    Ok((!reason.is_empty()).then_some(reason))
}

/// Withdraws the application in `tx`: state, timeline and fact. `None` if there is no such application; the inner
/// error says why it can no longer be withdrawn.
pub async fn withdraw(
    tx: &mut Tx,
    id: ApplicationId,
    by: Person,
    reason: Option<String>,
    cause: Cause,
) -> Result<Option<Result<Status, NotWithdrawn>>, sqlx::Error> {
    let Some(status) = applications::lock_status(tx, id).await? else { return Ok(None) };
    let (status, fact) = match status.withdraw(by, reason.clone(), tx.now()) {
        Ok(withdrawn) => withdrawn,
        Err(refused) => return Ok(Some(Err(refused))),
    };
    applications::save_status(tx, id, status).await?;
    let at = fact.withdrawn_at;
    let event = outbox::append(tx, id, fact, cause);
    timeline::note(tx, id, event, at, &Entry::Withdrawn { reason }).await?;
    Ok(Some(Ok(status)))
}
