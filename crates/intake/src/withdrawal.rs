//! The applicant takes an application back.

use bus::{Tx, outbox};
use events::{ApplicationId, Cause, Person};
use pages::parse;

use crate::application::{NotWithdrawn, Status};
use crate::store::{applications, timeline};
use crate::timeline::Entry;

/// Longest reason, in characters.
pub const LONGEST_REASON: usize = 2_000;

/// The reason as it is kept; none where nothing was said.
///
/// # Errors
/// Too long; the limit.
pub fn reason(typed: &str) -> Result<Option<String>, usize> {
    let reason = parse::lines(typed);
    if parse::length(&reason) > LONGEST_REASON {
        return Err(LONGEST_REASON);
    }
    Ok((!reason.is_empty()).then_some(reason))
}

/// Withdraws it when `tx` commits: state, timeline, the fact. None: there is no such application.
///
/// # Errors
/// The database's; inside, why it can no longer be withdrawn.
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
    let said = outbox::append(tx, id, fact, cause);
    timeline::note(tx, id, said, at, &Entry::Withdrawn { reason }).await?;
    Ok(Some(Ok(status)))
}
