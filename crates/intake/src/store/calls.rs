//! Calls, and the file numbers given in them.

use chrono::{DateTime, Utc};
use events::{Call, CallId};
use sqlx::PgConnection;

use super::{read, write};

/// The rules in force; none where no such call has been published.
pub async fn find(connection: &mut PgConnection, id: CallId) -> Result<Option<Call>, sqlx::Error> {
    let rules = sqlx::query_scalar!("select rules from calls where id = $1", id.uuid());
    rules.fetch_optional(connection).await?.map(read).transpose()
}

/// As [`find`], and nobody publishes another version meanwhile.
pub async fn lock(connection: &mut PgConnection, id: CallId) -> Result<Option<Call>, sqlx::Error> {
    let rules = sqlx::query_scalar!("select rules from calls where id = $1 for no key update", id.uuid());
    rules.fetch_optional(connection).await?.map(read).transpose()
}

/// All calls, by key.
pub async fn list(connection: &mut PgConnection) -> Result<Vec<Call>, sqlx::Error> {
    let rules = sqlx::query_scalar!("select rules from calls order by key").fetch_all(connection).await?;
    rules.into_iter().map(read).collect()
}

/// The key of the call that gives file numbers with this prefix.
pub async fn of_prefix(connection: &mut PgConnection, prefix: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("select key from calls where file_number_prefix = $1", prefix)
        .fetch_optional(connection)
        .await
}

/// Stores a call that is new. False: it, or another with its key or prefix, is stored already.
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

/// Puts a newer version in the place of an older one; its prefix is the same.
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

fn version(call: &Call) -> Result<i32, sqlx::Error> {
    i32::try_from(call.version).map_err(|error| sqlx::Error::Encode(error.into()))
}
