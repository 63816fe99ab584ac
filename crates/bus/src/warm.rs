use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};
use tokio::time::Instant;

/// A connection that was kept for longer is given back: the pool checks it before its next use.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// Connections of units of work that have just committed, for the next ones. The pool would roll back and ping each
/// first, which costs a busy service as much as a unit of work does.
#[derive(Default)]
pub(crate) struct Warm(Mutex<Vec<(PoolConnection<Postgres>, Instant)>>);

impl Warm {
    pub(crate) async fn take(&self, pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match kept {
            Some((connection, since)) if since.elapsed() < KEPT_FOR => Ok(connection),
            _ => pool.acquire().await,
        }
    }

    /// `connection`: without an open transaction. A quarter of the pool is kept at most, so that the rest always serves
    /// others.
    pub(crate) fn keep(&self, connection: PoolConnection<Postgres>, pool: &PgPool) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < pool.options().get_max_connections() as usize / 4 {
            kept.push((connection, Instant::now()));
        }
    }

    /// Gives all back to the pool.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
