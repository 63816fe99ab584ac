//! The table `replies`: what applicants wrote while a person decided.

use chrono::{DateTime, Utc};
use events::{ApplicantReplied, ApplicationId, EventId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

/// A reply of the applicant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// UTC.
    pub at: DateTime<Utc>,
    /// Name of the person who wrote it.
    pub by: String,
    pub text: String,
}

/// Stores a reply once for each fact, and notes its time in the case. False if there is no such case.
pub async fn insert(
    db: &mut PgConnection,
    application: ApplicationId,
    event: EventId,
    reply: &ApplicantReplied,
) -> Result<bool, sqlx::Error> {
    let marked = sqlx::query!(
        "update cases set replied_at = greatest(replied_at, $2) where id = $1",
        application.uuid(),
        reply.replied_at
    )
    .execute(&mut *db)
    .await?;
    if marked.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into replies (application, event_id, replied_at, replied_by_id, replied_by_name, text)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        application.uuid(),
        event.uuid(),
        reply.replied_at,
        reply.replied_by.id,
        reply.replied_by.name,
        reply.text
    )
    .execute(db)
    .await?;
    Ok(true)
}

/// All replies about one application, oldest first; intake limits their number.
pub async fn of(db: &mut PgConnection, application: ApplicationId) -> Result<Vec<Reply>, sqlx::Error> {
    sqlx::query_as!(
        Reply,
        "select replied_at as at, replied_by_name as by, text from replies
         where application = $1 order by replied_at, event_id",
        application.uuid()
    )
    .fetch_all(db)
    .await
}
