//! What time does: who holds a file for too long holds it no longer.

use std::sync::Arc;
use std::time::Duration;

use bus::Failure;
use chassis::StartError;
use events::{ApplicationId, Cause};
use tokio_util::sync::CancellationToken;

use crate::AppState;
use crate::store::{files, queue, ties};

/// Looks twice a minute until the process drains. Every replica may: files are locked one by one.
///
/// # Errors
/// Never: what cannot be done now is done next time.
pub async fn run(service: Arc<AppState>, draining: CancellationToken) -> Result<(), StartError> {
    let mut ticks = tokio::time::interval(Duration::from_secs(30));
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = draining.cancelled() => return Ok(()),
        }
        if let Err(error) = once(&service).await {
            tracing::warn!(%error, "overdue files stay as they are until the next look");
        }
    }
}

/// One look. Returns how many files went back to the queue.
///
/// # Errors
/// Postgres is away.
pub async fn once(service: &AppState) -> Result<usize, Failure> {
    let overdue = queue::overdue(&mut *service.db.acquire().await?, service.clock.now()).await?;
    for application in &overdue {
        expire(service, *application).await?;
    }
    let untold = ties::untold(&mut *service.db.acquire().await?).await?;
    for (person, reason) in untold {
        let mut tx = service.bus.begin().await?;
        ties::tell_of_person(&mut tx, &person, &reason, &Cause::default()).await?;
        service.bus.commit(tx).await?;
    }
    Ok(overdue.len())
}

async fn expire(service: &AppState, application: ApplicationId) -> Result<(), Failure> {
    let mut tx = service.bus.begin().await?;
    if let Some(file) = files::lock(&mut tx, application).await? {
        let file = file.expired(tx.now());
        files::save(&mut tx, &file, &Cause::default()).await?;
        service.bus.commit(tx).await?;
    }
    Ok(())
}
