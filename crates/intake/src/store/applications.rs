//! Submitted applications.

use chrono::{DateTime, Utc};
use events::{Ags, ApplicationId, ApplicationSubmitted};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{parse, read, write};
use crate::application::Status;

/// A submitted application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: ApplicationId,
    /// The municipality it belongs to.
    pub ags: Ags,
    /// Where it stands.
    pub status: Status,
    /// As it was submitted.
    pub submitted: ApplicationSubmitted,
}

fn status(name: &str) -> Result<Status, sqlx::Error> {
    Status::from_name(name).ok_or_else(|| sqlx::Error::Decode(format!("no such status: {name}").into()))
}

/// Stores an application at the moment of its submission.
pub async fn insert(
    connection: &mut PgConnection,
    id: ApplicationId,
    ags: &Ags,
    status: Status,
    fact: &ApplicationSubmitted,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into applications (id, call_id, ags, file_number, status, submitted, submitted_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id.uuid(),
        fact.call.uuid(),
        ags.as_str(),
        fact.file_number,
        status.name(),
        write(fact)?,
        fact.submitted_at
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
}

impl TryFrom<Row> for Stored {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let Row { id, ags, status: name, submitted } = row;
        Ok(Self { id: id.into(), ags: parse(&ags)?, status: status(&name)?, submitted: read(submitted)? })
    }
}

/// The application, to be read.
pub async fn find(connection: &mut PgConnection, id: ApplicationId) -> Result<Option<Stored>, sqlx::Error> {
    let row =
        sqlx::query_as!(Row, "select id, ags, status, submitted from applications where id = $1", id.uuid())
            .fetch_optional(connection)
            .await?;
    row.map(Stored::try_from).transpose()
}

/// Whether there is one.
pub async fn exists(connection: &mut PgConnection, id: ApplicationId) -> Result<bool, sqlx::Error> {
    let found = sqlx::query_scalar!(r#"select 1 as "one!" from applications where id = $1"#, id.uuid());
    Ok(found.fetch_optional(connection).await?.is_some())
}

/// Where it stands; nobody else moves it until the end of the transaction.
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

/// Moves it.
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

/// An application in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// Its file number.
    pub file_number: String,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
}

/// Up to `limit` applications of a municipality, newest first, after `before`.
pub async fn list(
    connection: &mut PgConnection,
    ags: &Ags,
    before: (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, file_number, submitted #>> '{application,title}' as "title!", status, submitted_at
           from applications where ags = $1 and (submitted_at, id) < ($2, $3)
           order by submitted_at desc, id desc limit $4"#,
        ags.as_str(),
        before.0,
        before.1,
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
