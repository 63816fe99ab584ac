//! Ties of reviewers to municipalities (§§ 20, 21 VwVfG).

use bus::Tx;
use chrono::{DateTime, Utc};
use events::{Ags, Person};
use sqlx::PgConnection;
use uuid::Uuid;

use super::unreadable;

/// A tie that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    /// Its id.
    pub id: Uuid,
    /// The municipality, by its official key.
    pub ags: String,
    /// What ties the person to it.
    pub reason: String,
    /// Since when it is known.
    pub declared_at: DateTime<Utc>,
}

/// The ties of a person that hold, oldest first.
pub async fn of(connection: &mut PgConnection, person: &str) -> Result<Vec<Tie>, sqlx::Error> {
    sqlx::query_as!(
        Tie,
        "select id, ags, reason, declared_at from ties
         where person = $1 and ended_at is null order by declared_at, id",
        person
    )
    .fetch_all(connection)
    .await
}

/// The municipalities of those ties.
pub async fn keys(connection: &mut PgConnection, person: &str) -> Result<Vec<Ags>, sqlx::Error> {
    let ties = of(connection, person).await?;
    let keys = ties.iter().map(|tie| tie.ags.parse()).collect::<Result<_, _>>();
    keys.map_err(|_| unreadable("municipality key"))
}

/// Declares a tie; one that holds already stays as it is.
pub async fn declare(
    tx: &mut Tx,
    id: Uuid,
    person: &Person,
    ags: &Ags,
    reason: &str,
) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "insert into ties (id, person, name, ags, reason, declared_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (person, ags) where ended_at is null do nothing",
        id,
        person.id,
        person.name,
        ags.as_str(),
        reason,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends a tie of this person; false where there is none.
pub async fn end(tx: &mut Tx, id: Uuid, person: &str) -> Result<bool, sqlx::Error> {
    let now = tx.now();
    let ended = sqlx::query!(
        "update ties set ended_at = $3 where id = $1 and person = $2 and ended_at is null",
        id,
        person,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(ended.rows_affected() == 1)
}
