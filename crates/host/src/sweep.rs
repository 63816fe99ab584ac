//! Sweeps: background work that does, at regular intervals, what has become due.

use std::fmt::Debug;
use std::time::Duration;

use bus::Failure;
use chassis::App;
use sqlx::PgPool;
use tokio::time::{MissedTickBehavior, interval};

use crate::Task;

impl Task {
    /// Runs `sweep` at once and then every `period` until the process drains. What fails is tried again by the next one.
    /// All replicas sweep at the same time: `sweep` must lock what it changes.
    pub fn every<F>(
        name: &'static str,
        process: &App,
        period: Duration,
        sweep: impl Fn() -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<usize, Failure>> + Send,
    {
        let draining = process.draining();
        Self::new(name, async move {
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while draining.run_until_cancelled(ticks.tick()).await.is_some() {
                if let Err(error) = sweep().await {
                    tracing::warn!(%error, sweep = name, "what is due stays until the next look");
                }
            }
            Ok(())
        })
    }
}

/// Calls `act` for each key in `due` and returns how often it did something. A failure is logged and does not stop the
/// others, since the same key would come first in the next sweep, too.
///
/// # Errors
/// Postgres is away.
pub async fn each<K: Clone + Debug, F>(
    db: &PgPool,
    due: Vec<K>,
    act: impl Fn(K) -> F,
) -> Result<usize, Failure>
where
    F: Future<Output = Result<bool, Failure>>,
{
    let mut done = 0;
    for key in due {
        match act(key.clone()).await {
            Ok(something) => done += usize::from(something),
            Err(error) => {
                tracing::error!(%error, ?key, "this one stays as it is until the next look");
                // Without Postgres the others would fail as well.
                drop(db.acquire().await?);
            }
        }
    }
    Ok(done)
}
