//! Idempotency keys: a request that is repeated with the same key gets the answer of the first time.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgPool;

use crate::tx::{bytes, moment, text};
use crate::{Bus, Failure, Tx};

/// The outcome of [`begin`].
#[derive(Debug, PartialEq, Eq)]
pub enum Claim<R> {
    /// The key is new: do the work, then [`finish`] in the same transaction.
    New,
    /// The request was done before, with this answer.
    Done(R),
    /// The key was used for another request.
    Mismatch,
}

/// Begins a unit of work that claims `key` for a request whose body has the hash `request_hash`, in one message. A
/// second request with the same key waits here until the first has committed or rolled back.
///
/// # Errors
/// As [`Bus::begin`].
pub async fn begin<R: DeserializeOwned>(
    bus: &Bus,
    key: &str,
    request_hash: &[u8],
) -> Result<(Tx, Claim<R>), Failure> {
    let claim = |now| {
        format!(
            "insert into bus.idempotency (key, request_hash, created_at) values ({}, {}, {})
             on conflict (key) do nothing returning 1",
            text(key),
            bytes(request_hash),
            moment(now)
        )
    };
    let (mut tx, claimed) = bus.begin_with(claim).await?;
    if !claimed.is_empty() {
        return Ok((tx, Claim::New));
    }
    let stored =
        sqlx::query!("select request_hash, response from bus.idempotency where key = $1 for update", key)
            .fetch_one(&mut *tx)
            .await?;
    if stored.request_hash != request_hash {
        return Ok((tx, Claim::Mismatch));
    }
    let response = serde_json::from_value(stored.response.unwrap_or_default());
    Ok((tx, Claim::Done(response.map_err(|error| sqlx::Error::Decode(error.into()))?)))
}

/// Stores the answer that every repetition of `key` will get; it goes with the commit.
///
/// # Errors
/// The response cannot be written as JSON.
pub fn finish<R: Serialize>(tx: &mut Tx, key: &str, response: &R) -> Result<(), serde_json::Error> {
    let response = text(&serde_json::to_string(response)?);
    tx.before_commit(format!(
        "update bus.idempotency set response = {response}::jsonb where key = {}",
        text(key)
    ));
    Ok(())
}

/// Removes what was claimed before `before` (UTC). Returns how many.
pub async fn prune(db: &PgPool, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let removed =
        sqlx::query!("delete from bus.idempotency where created_at < $1", before).execute(db).await?;
    Ok(removed.rows_affected())
}
