//! The rules of each call: the newest version in `calls`, every version in `call_versions`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use events::{Call, CallId};
use host::KnownRules;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// A call and a version of its rules; `None` is the newest version.
pub type CallVersion = (CallId, Option<u32>);

/// The requested rules that are known here. The versions of a call arrive in order, so a version that is missing
/// although a newer one is there was overwritten before every version was kept: the newest stands in for it.
pub async fn find(
    db: &mut PgConnection,
    wanted: &BTreeSet<CallVersion>,
) -> Result<HashMap<CallVersion, Call>, sqlx::Error> {
    let calls: Vec<Uuid> = wanted.iter().map(|(call, _)| call.uuid()).collect();
    let versions: Vec<Option<i32>> = wanted.iter().map(|(_, version)| version.map(column)).collect();
    let rows = sqlx::query!(
        r#"select wanted.call as "call!", wanted.version, found.rules as "rules: Json<Call>"
           from unnest($1::uuid[], $2::int[]) as wanted (call, version)
           cross join lateral (
               select v.rules from call_versions v
               where v.call = wanted.call and v.version >= coalesce(wanted.version, 0)
               order by v.version is not distinct from wanted.version desc, v.version desc limit 1
           ) as found"#,
        &calls,
        &versions as &[Option<i32>]
    )
    .fetch_all(db)
    .await?;
    let version = |version: Option<i32>| version.and_then(|version| u32::try_from(version).ok());
    Ok(rows.into_iter().map(|row| ((row.call.into(), version(row.version)), row.rules.0)).collect())
}

/// As [`find`], without asking for rules that are known.
pub async fn find_unless_known(
    db: &mut PgConnection,
    known: &KnownRules,
    wanted: impl Iterator<Item = CallVersion>,
) -> Result<HashMap<CallVersion, Arc<Call>>, sqlx::Error> {
    let (mut found, mut unknown) = (HashMap::new(), BTreeSet::new());
    for (call, version) in wanted {
        match version.and_then(|version| known.get(call, version)) {
            Some(rules) => drop(found.insert((call, version), rules)),
            None => drop(unknown.insert((call, version))),
        }
    }
    if !unknown.is_empty() {
        let read = find(db, &unknown).await?;
        found.extend(read.into_iter().map(|(wanted, rules)| (wanted, known.keep(rules))));
    }
    Ok(found)
}

fn column(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

/// Stores the rules, unless newer ones are known; a trigger keeps every version in `call_versions`.
pub async fn save(db: &mut PgConnection, call: &Call) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into calls (id, version, rules) values ($1, $2, $3)
         on conflict (id) do update set version = excluded.version, rules = excluded.rules
         where calls.version < excluded.version",
        call.id().uuid(),
        column(call.version),
        Json(call) as _
    )
    .execute(db)
    .await?;
    Ok(())
}
