//! The lines of an application's timeline.

use chrono::{DateTime, Utc};
use events::{ApplicationId, EventId};
use sqlx::PgConnection;

use super::{read, write};
use crate::timeline::{Entry, Line};

/// Notes what a fact says; noting it again changes nothing.
pub async fn note(
    connection: &mut PgConnection,
    id: ApplicationId,
    event: EventId,
    at: DateTime<Utc>,
    entry: &Entry,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into timeline (application_id, event_id, happened_at, entry) values ($1, $2, $3, $4)
         on conflict (application_id, event_id) do nothing",
        id.uuid(),
        event.uuid(),
        at,
        write(entry)?
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// All lines, oldest first. A decision and its notice are said at one moment: the decision stands first.
pub async fn list(connection: &mut PgConnection, id: ApplicationId) -> Result<Vec<Line>, sqlx::Error> {
    let rows = sqlx::query!(
        "select event_id, happened_at, entry from timeline where application_id = $1 order by happened_at, event_id",
        id.uuid()
    )
    .fetch_all(connection)
    .await?;
    let line = |event: uuid::Uuid, at, entry| Ok(Line { event: event.into(), at, entry: read(entry)? });
    let lines = rows.into_iter().map(|row| line(row.event_id, row.happened_at, row.entry));
    let mut lines = lines.collect::<Result<Vec<_>, sqlx::Error>>()?;
    lines.sort_by_key(|line| (line.at, line.entry == Entry::NoticeIssued));
    Ok(lines)
}
