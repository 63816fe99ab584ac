//! What time does: who holds a file for too long holds it no longer.

use std::time::Duration;

use bus::Failure;
use events::{ApplicationId, Cause, Person};
use host::sweep::each;

use crate::AppState;
use crate::store::{files, queue, ties};

/// Time between two looks.
pub const PERIOD: Duration = Duration::from_secs(30);

/// One look. Returns how many files went back to the queue.
///
/// # Errors
/// Postgres is away.
pub async fn once(service: &AppState) -> Result<usize, Failure> {
    let overdue = queue::overdue(&mut *service.db.acquire().await?, service.clock.now()).await?;
    let expired = each(&service.db, overdue, |application| expire(service, application)).await?;
    let untold = ties::untold(&mut *service.db.acquire().await?).await?;
    each(&service.db, untold, |(person, reason)| tell(service, person, reason)).await?;
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

async fn tell(service: &AppState, person: Person, reason: String) -> Result<bool, Failure> {
    let mut tx = service.bus.begin().await?;
    ties::tell_of_person(&mut tx, &person, &reason, &Cause::default()).await?;
    service.bus.commit(tx).await?;
    Ok(true)
}
