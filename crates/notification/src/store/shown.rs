//! Deliveries as people and programs see them.

use chrono::{DateTime, Utc};
use events::ApplicationId;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

/// One row of a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Delivery")]
pub struct Shown {
    /// Its number; later ones are higher.
    pub id: i64,
    /// The fact it tells of.
    pub about: Uuid,
    /// The application.
    pub application: Uuid,
    /// File number of the application.
    pub file_number: String,
    /// Which email: the name of the fact.
    pub template: String,
    /// Address it goes to.
    pub recipient: String,
    /// Address that emails about the application go to now: another one, once the contact was corrected.
    pub present_address: String,
    /// `queued`, `sending`, `data_started`, `sent`, `failed` or `superseded` (it goes to another address in its place).
    pub state: String,
    /// When the fact was heard (UTC).
    pub queued_at: DateTime<Utc>,
    /// Of what is sent or failed: when. Else: when it is tried (again).
    pub moment: DateTime<Utc>,
    /// Attempts so far.
    pub attempts: i32,
    /// It may have gone out twice: nobody heard the answer, and it was sent once more with the same Message-ID.
    pub ambiguous: bool,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// What the mail server said when it accepted.
    pub answer: Option<String>,
    /// The same for every attempt; without angle brackets.
    pub message_id: String,
}

/// What an email says.
#[derive(Clone, Debug)]
pub struct Said {
    /// Header `Subject`.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// `de` or `en`.
    pub language: String,
}

/// A person asked to send an email again.
#[derive(Clone, Debug)]
pub struct AskedAgain {
    /// UTC.
    pub at: DateTime<Utc>,
    /// Their name.
    pub by: String,
}

/// Newest first, below the number `before`; `failed`: only those.
pub async fn list(
    connection: &mut PgConnection,
    failed: bool,
    before: i64,
    limit: i64,
) -> Result<Vec<Shown>, sqlx::Error> {
    // Two statements, so that each finds its own index.
    if failed {
        return sqlx::query_as!(
            Shown,
            r#"select id, event_id as about, application_id as application, c.file_number, template, recipient,
                      c.email as present_address, state, queued_at, moment, attempts, unanswered > 0 as "ambiguous!", last_error, answer,
                      message_id
               from deliveries d join contacts c using (application_id)
               where state = 'failed' and id < $1 order by id desc limit $2"#,
            before,
            limit
        )
        .fetch_all(connection)
        .await;
    }
    sqlx::query_as!(
        Shown,
        r#"select id, event_id as about, application_id as application, c.file_number, template, recipient,
                  c.email as present_address, state, queued_at, moment, attempts, unanswered > 0 as "ambiguous!", last_error, answer, message_id
           from deliveries d join contacts c using (application_id)
           where id < $1 order by id desc limit $2"#,
        before,
        limit
    )
    .fetch_all(connection)
    .await
}

/// All about one application, oldest first.
pub async fn of_application(
    connection: &mut PgConnection,
    application: ApplicationId,
) -> Result<Vec<Shown>, sqlx::Error> {
    sqlx::query_as!(
        Shown,
        r#"select id, event_id as about, application_id as application, c.file_number, template, recipient,
                  c.email as present_address, state, queued_at, moment, attempts, unanswered > 0 as "ambiguous!", last_error, answer, message_id
           from deliveries d join contacts c using (application_id)
           where application_id = $1 order by id"#,
        application.uuid()
    )
    .fetch_all(connection)
    .await
}

/// One, with what it says.
pub async fn find(connection: &mut PgConnection, id: i64) -> Result<Option<(Shown, Said)>, sqlx::Error> {
    let shown = sqlx::query_as!(
        Shown,
        r#"select id, event_id as about, application_id as application, c.file_number, template, recipient,
                  c.email as present_address, state, queued_at, moment, attempts, unanswered > 0 as "ambiguous!", last_error, answer, message_id
           from deliveries d join contacts c using (application_id) where id = $1"#,
        id
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(shown) = shown else { return Ok(None) };
    let said = sqlx::query_as!(
        Said,
        "select subject, body_text as text, language from contents where delivery_id = $1",
        id
    )
    .fetch_one(connection)
    .await?;
    Ok(Some((shown, said)))
}

/// Who asked to send it again, oldest first.
pub async fn asked_again(connection: &mut PgConnection, id: i64) -> Result<Vec<AskedAgain>, sqlx::Error> {
    sqlx::query_as!(
        AskedAgain,
        "select asked_at as at, name as by from asked_again where delivery_id = $1 order by asked_at limit 100",
        id
    )
    .fetch_all(connection)
    .await
}

/// How many are not done; counted up to 10,001.
pub async fn waiting(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select 1 from deliveries where state in ('queued', 'sending', 'data_started') limit 10001
           ) open"#
    )
    .fetch_one(connection)
    .await
}
