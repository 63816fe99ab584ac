//! The periodic check for reviewers whose time has run out, and for ties that have not been published.

use std::time::Duration;

use bus::Failure;
use events::{ApplicationId, Cause, Person};
use host::sweep::each;

use crate::AppState;
use crate::store::{files, queue, ties};

pub const PERIOD: Duration = Duration::from_secs(30);

/// Returns how many files went back to the queue.
pub async fn run(service: &AppState) -> Result<usize, Failure> {
    let overdue = queue::overdue(&mut *service.db.acquire().await?, service.clock.now()).await?;
    let expired = each(&service.db, overdue, |application| expire(service, application)).await?;
    let unpublished = ties::unpublished(&mut *service.db.acquire().await?).await?;
    each(&service.db, unpublished, |(person, reason)| publish_ties(service, person, reason)).await?;
    Ok(expired)
}

async fn expire(service: &AppState, application: ApplicationId) -> Result<bool, Failure> {
    let mut tx = service.bus.begin().await?;
    let Some(file) = files::lock(&mut tx, application).await? else { return Ok(false) };
    let file = file.expired(tx.now());
    files::save(&mut tx, &file, &Cause::default()).await?;
    service.bus.commit(tx).await?;
    Ok(true)
}

async fn publish_ties(service: &AppState, person: Person, reason: String) -> Result<bool, Failure> {
    let mut tx = service.bus.begin().await?;
    ties::publish_for_person(&mut tx, &person, &reason, &Cause::default()).await?;
    service.bus.commit(tx).await?;
    Ok(true)
}
