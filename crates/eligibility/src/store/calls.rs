//! Table `calls`.

use events::{Call, CallId};
use sqlx::PgConnection;
use sqlx::types::Json;

/// The rules of a call, if they are known here.
pub async fn find(db: &mut PgConnection, id: CallId) -> Result<Option<Call>, sqlx::Error> {
    let rules =
        sqlx::query_scalar!(r#"select rules as "rules: Json<Call>" from calls where id = $1"#, id.uuid())
            .fetch_optional(db)
            .await?;
    Ok(rules.map(|Json(call)| call))
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
