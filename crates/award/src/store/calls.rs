//! The rules of each call.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use events::{Call, CallId};
use host::KnownRules;
use sqlx::PgConnection;
use sqlx::types::Json;

/// Stores the rules, in place of an earlier version.
pub async fn save(
    db: &mut PgConnection,
    call: &Call,
    published_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into calls (id, version, published_at, rules) values ($1, $2, $3, $4)
         on conflict (id) do update set version = $2, published_at = $3, rules = $4",
        call.id().uuid(),
        i64::from(call.version),
        published_at,
        Json(call) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn find(db: &mut PgConnection, call: CallId) -> Result<Option<Call>, sqlx::Error> {
    let rules =
        sqlx::query_scalar!(r#"select rules as "rules: Json<Call>" from calls where id = $1"#, call.uuid())
            .fetch_optional(db)
            .await?;
    Ok(rules.map(|Json(rules)| rules))
}

/// As [`find`], without reading rules that are known.
pub async fn newest(
    db: &mut PgConnection,
    known: &KnownRules,
    call: CallId,
) -> Result<Option<Arc<Call>>, sqlx::Error> {
    let version = sqlx::query_scalar!("select version from calls where id = $1", call.uuid());
    let Some(version) = version.fetch_optional(&mut *db).await? else { return Ok(None) };
    if let Some(rules) = u32::try_from(version).ok().and_then(|version| known.get(call, version)) {
        return Ok(Some(rules));
    }
    Ok(find(db, call).await?.map(|rules| known.keep(rules)))
}

/// The newest 100 calls, the newest first.
pub async fn all(db: &mut PgConnection) -> Result<Vec<Call>, sqlx::Error> {
    let rules = sqlx::query_scalar!(
        r#"select rules as "rules: Json<Call>" from calls order by published_at desc, id limit 100"#
    )
    .fetch_all(db)
    .await?;
    Ok(rules.into_iter().map(|Json(rules)| rules).collect())
}
