//! The lines of an application's timeline.

use chrono::{DateTime, Utc};
use events::{ApplicationId, EventId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{read, write};
use crate::application::Status;
use crate::timeline::{Entry, Line};

/// Adds the line of one fact; adding it again changes nothing.
pub async fn note(
    connection: &mut PgConnection,
    id: ApplicationId,
    event: EventId,
    at: DateTime<Utc>,
    entry: &Entry,
) -> Result<(), sqlx::Error> {
    note_all(connection, [(id, event, at, entry)], &[]).await
}

/// Adds the lines of several facts, each about another application, and moves the statuses of some.
pub async fn note_all<'a>(
    connection: &mut PgConnection,
    lines: impl IntoIterator<Item = (ApplicationId, EventId, DateTime<Utc>, &'a Entry)>,
    moved: &[(ApplicationId, Status)],
) -> Result<(), sqlx::Error> {
    let (mut ids, mut events, mut times, mut entries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (id, event, at, entry) in lines {
        ids.push(id.uuid());
        events.push(event.uuid());
        times.push(at);
        entries.push(write(entry)?);
    }
    let (moved, statuses): (Vec<Uuid>, Vec<String>) =
        moved.iter().map(|(id, status)| (id.uuid(), status.name().to_owned())).unzip();
    sqlx::query!(
        "with moved as (
             update applications a set status = n.status from unnest($5::uuid[], $6::text[]) as n (id, status)
             where a.id = n.id and a.status <> n.status
         )
         insert into timeline (application_id, event_id, happened_at, entry)
         select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::jsonb[])
         on conflict (application_id, event_id) do nothing",
        &ids,
        &events,
        &times,
        &entries,
        &moved,
        &statuses
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// All lines, oldest first. Of lines with the same time, the submission comes first, and a decision before its
/// notice.
pub async fn list(connection: &mut PgConnection, id: ApplicationId) -> Result<Vec<Line>, sqlx::Error> {
    let rows = sqlx::query!(
        "select event_id, happened_at, entry from timeline where application_id = $1 order by happened_at, event_id",
        id.uuid()
    )
    .fetch_all(connection)
    .await?;
    let line = |event: Uuid, at, entry| Ok(Line { event: event.into(), at, entry: read(entry)? });
    let lines = rows.into_iter().map(|row| line(row.event_id, row.happened_at, row.entry));
    let mut lines = lines.collect::<Result<Vec<_>, sqlx::Error>>()?;
    let order = |entry: &Entry| match entry {
        Entry::Submitted { .. } => 0,
        Entry::NoticeIssued => 2,
        _ => 1,
    };
    lines.sort_by_key(|line| (line.at, order(&line.entry)));
    Ok(lines)
}
