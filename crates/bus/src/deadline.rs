//! A connection can die in silence: what was sent is never answered, and nobody says so. Postgres ends
//! its side of it by time-outs; this is ours.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::time::timeout;

/// Longer than any of the small units of work here takes.
pub const IO_DEADLINE: Duration = Duration::from_secs(15);

/// The outcome of `work`, or an error of the connection when there is none within `limit`: then the
/// connection is dead, the work is rolled back by Postgres, and may be tried again on another one.
pub async fn with_deadline<T, E: From<sqlx::Error>>(
    limit: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match timeout(limit, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(sqlx::Error::Io(ErrorKind::TimedOut.into()).into()),
    }
}
