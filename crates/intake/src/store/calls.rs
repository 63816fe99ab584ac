//! Calls, in the version that is in force.

use chrono::{DateTime, Utc};
use events::{Call, CallId};
use sqlx::PgConnection;

use super::{read, write};

/// The rules in force; `None` if no such call has been published.
pub async fn find(connection: &mut PgConnection, id: CallId) -> Result<Option<Call>, sqlx::Error> {
    let rules = sqlx::query_scalar!("select rules from calls where id = $1", id.uuid());
    rules.fetch_optional(connection).await?.map(read).transpose()
}

/// Like [`find`]; nobody can publish another version until the end of the transaction.
pub async fn lock(connection: &mut PgConnection, id: CallId) -> Result<Option<Call>, sqlx::Error> {
    let rules = sqlx::query_scalar!("select rules from calls where id = $1 for no key update", id.uuid());
    rules.fetch_optional(connection).await?.map(read).transpose()
}

/// All calls, sorted by key.
pub async fn list(connection: &mut PgConnection) -> Result<Vec<Call>, sqlx::Error> {
    let rules = sqlx::query_scalar!("select rules from calls order by key").fetch_all(connection).await?;
    rules.into_iter().map(read).collect()
}

/// The key of the call that has this prefix of file numbers.
pub async fn of_prefix(connection: &mut PgConnection, prefix: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("select key from calls where file_number_prefix = $1", prefix)
        .fetch_optional(connection)
        .await
}

/// Stores a new call. False if it, or another one with its key or prefix, is stored already.
pub async fn insert(
    connection: &mut PgConnection,
    call: &Call,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "insert into calls (id, key, version, file_number_prefix, rules, published_at)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        call.id().uuid(),
        call.key,
        version(call)?,
        call.file_number_prefix,
        write(call)?,
        now
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if inserted == 1 {
        sqlx::query!("insert into file_numbers (call_id, last) values ($1, 0)", call.id().uuid())
            .execute(connection)
            .await?;
    }
    Ok(inserted == 1)
}

/// Replaces a call by a newer version, which must have the same prefix.
pub async fn update(
    connection: &mut PgConnection,
    call: &Call,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update calls set version = $2, rules = $3, published_at = $4 where id = $1",
        call.id().uuid(),
        version(call)?,
        write(call)?,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) fn version(call: &Call) -> Result<i32, sqlx::Error> {
    i32::try_from(call.version).map_err(|error| sqlx::Error::Encode(error.into()))
}
