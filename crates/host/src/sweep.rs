//! What time does: a look at what is due, again and again.

use std::fmt::Debug;
use std::time::Duration;

use bus::Failure;
use chassis::App;
use sqlx::PgPool;
use tokio::time::{MissedTickBehavior, interval};

use crate::Task;

impl Task {
    /// Looks at what is due at once and every `period` until the process drains. What fails now is tried at the next
    /// look. Every replica may look: what it does locks what it does it to.
    pub fn every<F>(
        name: &'static str,
        process: &App,
        period: Duration,
        look: impl Fn() -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<usize, Failure>> + Send,
    {
        let draining = process.draining();
        Self::new(name, async move {
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while draining.run_until_cancelled(ticks.tick()).await.is_some() {
                if let Err(error) = look().await {
                    tracing::warn!(%error, sweep = name, "what is due stays until the next look");
                }
            }
            Ok(())
        })
    }
}

/// Does `act` to each of what is due; returns how often it did something. One that fails is logged, and does not keep
/// the others waiting: it comes first at the next look, too.
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
