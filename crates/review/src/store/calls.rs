//! The rules of each call, in every version.

use std::sync::Arc;

use events::{Call, CallId};
use host::KnownRules;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::unreadable;

/// Stores this version of the rules; one that is stored already is not changed.
pub async fn save(connection: &mut PgConnection, call: CallId, rules: &Call) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into calls (call, version, rules) values ($1, $2, $3) on conflict do nothing",
        call.uuid(),
        version_column(rules.version)?,
        Json(rules) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn rules(
    connection: &mut PgConnection,
    call: CallId,
    version: u32,
) -> Result<Option<Call>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        r#"select rules as "rules: Json<Call>" from calls where call = $1 and version = $2"#,
        call.uuid(),
        version_column(version)?
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|Json(rules)| rules))
}

/// As [`rules`], without asking for rules that are known.
pub async fn rules_unless_known(
    connection: &mut PgConnection,
    known: &KnownRules,
    call: CallId,
    version: u32,
) -> Result<Option<Arc<Call>>, sqlx::Error> {
    if let Some(found) = known.get(call, version) {
        return Ok(Some(found));
    }
    Ok(rules(connection, call, version).await?.map(|rules| known.keep(rules)))
}

pub(super) fn version_column(version: u32) -> Result<i32, sqlx::Error> {
    i32::try_from(version).map_err(|_| unreadable("version of rules"))
}
