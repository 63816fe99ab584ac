//! Table `calls`.

use std::collections::{BTreeSet, HashMap};

use events::{Call, CallId};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// The rules of these calls, as far as they are known here.
pub async fn find(
    db: &mut PgConnection,
    ids: &BTreeSet<CallId>,
) -> Result<HashMap<CallId, Call>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(r#"select id, rules as "rules: Json<Call>" from calls where id = any($1)"#, &ids)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.rules.0)).collect())
}

/// Keeps the rules, unless newer ones are known.
pub async fn save(db: &mut PgConnection, call: &Call) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into calls (id, version, rules) values ($1, $2, $3)
         on conflict (id) do update set version = excluded.version, rules = excluded.rules
         where calls.version < excluded.version",
        call.id().uuid(),
        i32::try_from(call.version).unwrap_or(i32::MAX),
        Json(call) as _
    )
    .execute(db)
    .await?;
    Ok(())
}
