use chassis::list::Cursor;
use chrono::{DateTime, Utc};
use events::{Ags, ApplicationId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{parse, read, write};
use crate::application::Draft;

/// Stores a new draft. False if there is one with this id.
pub async fn insert(connection: &mut PgConnection, draft: &Draft) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "insert into drafts (id, call_id, ags, form, revision, open_page, created_at, edited_at, edited_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing",
        draft.id.uuid(),
        draft.call.uuid(),
        draft.ags.as_str(),
        write(&draft.form)?,
        draft.revision,
        draft.open_page,
        draft.created_at,
        draft.edited_at,
        draft.edited_by
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

struct Row {
    id: Uuid,
    call_id: Uuid,
    ags: String,
    form: Value,
    revision: i64,
    open_page: Option<Uuid>,
    created_at: DateTime<Utc>,
    edited_at: DateTime<Utc>,
    edited_by: String,
}

impl TryFrom<Row> for Draft {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id.into(),
            call: row.call_id.into(),
            ags: parse(&row.ags)?,
            form: read(row.form)?,
            revision: row.revision,
            open_page: row.open_page,
            created_at: row.created_at,
            edited_at: row.edited_at,
            edited_by: row.edited_by,
        })
    }
}

/// Reads the draft of this municipality and locks it until the end of the transaction.
pub async fn lock(
    connection: &mut PgConnection,
    id: ApplicationId,
    ags: &Ags,
) -> Result<Option<Draft>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, call_id, ags, form, revision, open_page, created_at, edited_at, edited_by
         from drafts where id = $1 and ags = $2 for no key update",
        id.uuid(),
        ags.as_str()
    )
    .fetch_optional(connection)
    .await?;
    row.map(Draft::try_from).transpose()
}

pub async fn find(
    connection: &mut PgConnection,
    id: ApplicationId,
    ags: &Ags,
) -> Result<Option<Draft>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, call_id, ags, form, revision, open_page, created_at, edited_at, edited_by
         from drafts where id = $1 and ags = $2",
        id.uuid(),
        ags.as_str()
    )
    .fetch_optional(connection)
    .await?;
    row.map(Draft::try_from).transpose()
}

pub async fn save(connection: &mut PgConnection, draft: &Draft) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update drafts set form = $2, revision = $3, open_page = $4, edited_at = $5, edited_by = $6 where id = $1",
        draft.id.uuid(),
        write(&draft.form)?,
        draft.revision,
        draft.open_page,
        draft.edited_at,
        draft.edited_by
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn remove(connection: &mut PgConnection, id: ApplicationId) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from drafts where id = $1", id.uuid()).execute(connection).await?;
    Ok(())
}

/// A row of a list of drafts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: Uuid,
    /// As typed.
    pub title: String,
    pub call: Uuid,
    pub created_at: DateTime<Utc>,
    pub edited_at: DateTime<Utc>,
    /// Name of the person who saved last.
    pub edited_by: String,
}

/// Up to `limit` drafts of a municipality, newest first, from after `before`.
pub async fn list(
    connection: &mut PgConnection,
    ags: &Ags,
    before: Cursor,
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as!(
        Listed,
        r#"select id, coalesce(form ->> 'title', '') as "title!", call_id as call, created_at, edited_at, edited_by
           from drafts where ags = $1 and (created_at, id) < ($2, $3)
           order by created_at desc, id desc limit $4"#,
        ags.as_str(),
        before.at,
        before.id,
        limit
    )
    .fetch_all(connection)
    .await
}
