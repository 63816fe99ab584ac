//! A connection can die silently: what was sent is never answered, and no error comes. Postgres ends
//! its side by time-outs; this ends ours.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::time::timeout;

/// Longer than any small unit of work takes.
pub const IO_DEADLINE: Duration = Duration::from_secs(15);

/// The outcome of `work`, or an I/O error when there is none within `limit`. The connection is taken for dead
/// then; Postgres rolls the work back, and it may be tried again on another connection.
pub async fn with_deadline<T, E: From<sqlx::Error>>(
    limit: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match timeout(limit, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(sqlx::Error::Io(ErrorKind::TimedOut.into()).into()),
    }
}
