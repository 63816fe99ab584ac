//! Submitted applications.

use std::collections::HashMap;

use chassis::list::Cursor;
use chrono::{DateTime, Utc};
use events::{Ags, ApplicationId, ApplicationSubmitted, Contact, EventId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{parse, read, write};
use crate::application::Status;
use crate::timeline::Entry;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: ApplicationId,
    /// The municipality that applied.
    pub ags: Ags,
    pub status: Status,
    /// As it was submitted, but with the contact as it is now.
    pub submitted: ApplicationSubmitted,
    /// How often the contact was corrected.
    pub contact_changes: i32,
    /// How often the applicant has replied.
    pub replies: i32,
}

fn status(name: &str) -> Result<Status, sqlx::Error> {
    Status::from_name(name).ok_or_else(|| sqlx::Error::Decode(format!("no such status: {name}").into()))
}

/// Stores an application at its submission, with the first line of its timeline, and deletes its draft, in one
/// statement. `event` is the id of the fact that announces it.
pub async fn insert(
    connection: &mut PgConnection,
    id: ApplicationId,
    ags: &Ags,
    status: Status,
    event: EventId,
    fact: &ApplicationSubmitted,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with draft as (
             delete from drafts where id = $1
         ), application as (
             insert into applications (id, call_id, ags, file_number, status, submitted, submitted_at)
             values ($1, $2, $3, $4, $5, $6, $7)
         )
         insert into timeline (application_id, event_id, happened_at, entry) values ($1, $8, $7, $9)",
        id.uuid(),
        fact.call.uuid(),
        ags.as_str(),
        fact.file_number,
        status.name(),
        write(fact)?,
        fact.submitted_at,
        event.uuid(),
        write(&Entry::Submitted { late: fact.late })?
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    ags: String,
    status: String,
    submitted: Value,
    contact: Option<Value>,
    contact_changes: i32,
    replies: i32,
}

impl TryFrom<Row> for Stored {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let mut submitted: ApplicationSubmitted = read(row.submitted)?;
        if let Some(contact) = row.contact {
            submitted.application.contact = read(contact)?;
        }
        Ok(Self {
            id: row.id.into(),
            ags: parse(&row.ags)?,
            status: status(&row.status)?,
            submitted,
            contact_changes: row.contact_changes,
            replies: row.replies,
        })
    }
}

pub async fn find(connection: &mut PgConnection, id: ApplicationId) -> Result<Option<Stored>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, ags, status, submitted, contact, contact_changes, replies from applications where id = $1",
        id.uuid()
    )
    .fetch_optional(connection)
    .await?;
    row.map(Stored::try_from).transpose()
}

/// Reads the application and locks it until the end of the transaction.
pub async fn lock(connection: &mut PgConnection, id: ApplicationId) -> Result<Option<Stored>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, ags, status, submitted, contact, contact_changes, replies
         from applications where id = $1 for no key update",
        id.uuid()
    )
    .fetch_optional(connection)
    .await?;
    row.map(Stored::try_from).transpose()
}

/// Replaces the contact, and counts the correction.
pub async fn save_contact(
    connection: &mut PgConnection,
    id: ApplicationId,
    contact: &Contact,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update applications set contact = $2, contact_changes = contact_changes + 1 where id = $1",
        id.uuid(),
        write(contact)?
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn count_reply(connection: &mut PgConnection, id: ApplicationId) -> Result<(), sqlx::Error> {
    sqlx::query!("update applications set replies = replies + 1 where id = $1", id.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn exists(connection: &mut PgConnection, id: ApplicationId) -> Result<bool, sqlx::Error> {
    let found = sqlx::query_scalar!(r#"select 1 as "one!" from applications where id = $1"#, id.uuid());
    Ok(found.fetch_optional(connection).await?.is_some())
}

/// Reads the status and locks the application until the end of the transaction.
pub async fn lock_status(
    connection: &mut PgConnection,
    id: ApplicationId,
) -> Result<Option<Status>, sqlx::Error> {
    let name =
        sqlx::query_scalar!("select status from applications where id = $1 for no key update", id.uuid())
            .fetch_optional(connection)
            .await?;
    name.map(|name| status(&name)).transpose()
}

/// Like [`lock_status`] for several applications; those that do not exist are left out.
pub async fn lock_statuses(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<HashMap<ApplicationId, Status>, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, status from applications where id = any($1) order by id for no key update",
        ids
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok((row.id.into(), status(&row.status)?))).collect()
}

pub async fn save_status(
    connection: &mut PgConnection,
    id: ApplicationId,
    status: Status,
) -> Result<(), sqlx::Error> {
    sqlx::query!("update applications set status = $2 where id = $1", id.uuid(), status.name())
        .execute(connection)
        .await?;
    Ok(())
}

/// A row of a list of applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: Uuid,
    pub file_number: String,
    pub title: String,
    pub status: Status,
    pub submitted_at: DateTime<Utc>,
}

/// Up to `limit` applications of a municipality, newest first, from after `before`.
pub async fn list(
    connection: &mut PgConnection,
    ags: &Ags,
    before: Cursor,
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, file_number, submitted #>> '{application,title}' as "title!", status, submitted_at
           from applications where ags = $1 and (submitted_at, id) < ($2, $3)
           order by submitted_at desc, id desc limit $4"#,
        ags.as_str(),
        before.at,
        before.id,
        limit
    )
    .fetch_all(connection)
    .await?;
    let listed = rows.into_iter().map(|row| {
        Ok(Listed {
            id: row.id,
            file_number: row.file_number,
            title: row.title,
            status: status(&row.status)?,
            submitted_at: row.submitted_at,
        })
    });
    listed.collect()
}
