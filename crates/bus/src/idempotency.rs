//! Idempotency keys: a request that is repeated with the same key gets the answer of the first time.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{PgConnection, PgPool};

use crate::Tx;

/// The outcome of [`claim`].
#[derive(Debug, PartialEq, Eq)]
pub enum Claim<R> {
    /// The key is new: do the work, then [`finish`] in the same transaction.
    New,
    /// The request was done before, with this answer.
    Done(R),
    /// The key was used for another request.
    Mismatch,
}

/// Claims `key` for a request whose body has the hash `request_hash`. A second request with the same
/// key waits here until the first has committed or rolled back.
pub async fn claim<R: DeserializeOwned>(
    tx: &mut Tx,
    key: &str,
    request_hash: &[u8],
) -> Result<Claim<R>, sqlx::Error> {
    let now = tx.now();
    let claimed = sqlx::query!(
        "insert into bus.idempotency (key, request_hash, created_at) values ($1, $2, $3)
         on conflict (key) do nothing",
        key,
        request_hash,
        now
    )
    .execute(&mut **tx)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(Claim::New);
    }
    let stored =
        sqlx::query!("select request_hash, response from bus.idempotency where key = $1 for update", key)
            .fetch_one(&mut **tx)
            .await?;
    if stored.request_hash != request_hash {
        return Ok(Claim::Mismatch);
    }
    let response = stored.response.unwrap_or_default();
    serde_json::from_value(response).map(Claim::Done).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// Stores the answer that every repetition of `key` will get.
pub async fn finish<R: Serialize>(
    connection: &mut PgConnection,
    key: &str,
    response: &R,
) -> Result<(), sqlx::Error> {
    let response = serde_json::to_value(response).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query!("update bus.idempotency set response = $2 where key = $1", key, response)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes what was claimed before `before` (UTC). Returns how many.
pub async fn prune(db: &PgPool, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let removed =
        sqlx::query!("delete from bus.idempotency where created_at < $1", before).execute(db).await?;
    Ok(removed.rows_affected())
}
