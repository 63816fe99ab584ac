//! Deliveries, as pages and API show them.

use chrono::{DateTime, Utc};
use events::ApplicationId;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

/// One email to one recipient.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Delivery")]
pub struct DeliveryView {
    /// Later deliveries have higher ids.
    pub id: i64,
    /// Id of the fact that the email is about.
    pub about: Uuid,
    pub application: Uuid,
    /// File number (Aktenzeichen) of the application.
    pub file_number: String,
    /// Name of the template, which is the kind of the fact.
    pub template: String,
    /// Email address.
    pub recipient: String,
    /// Present address of the contact; differs from `recipient` if the contact was corrected since.
    pub present_address: String,
    /// `queued`, `sending`, `data_started`, `sent`, `failed` or `superseded` (replaced by one to another address).
    pub state: String,
    /// When the fact was consumed, UTC.
    pub queued_at: DateTime<Utc>,
    /// When it was sent, failed or superseded; otherwise when the next attempt is due. UTC.
    pub moment: DateTime<Utc>,
    /// Attempts so far, without those stopped by an outage of the mail server.
    pub attempts: i32,
    /// It may have been sent twice: the server's answer was lost, and it was sent once more with the same Message-ID.
    pub ambiguous: bool,
    /// The latest failure.
    pub last_error: Option<String>,
    /// The mail server's answer when it accepted the email.
    pub answer: Option<String>,
    /// The same for every attempt; without angle brackets.
    pub message_id: String,
}

/// Subject and text of an email.
#[derive(Clone, Debug)]
pub struct EmailText {
    pub subject: String,
    pub text: String,
    /// `de` or `en`.
    pub language: String,
}

/// A person's request to send an email again.
#[derive(Clone, Debug)]
pub struct ResendRequest {
    /// UTC.
    pub at: DateTime<Utc>,
    pub by: String,
}

/// Newest first, with ids below `before`; with `failed` only undeliverable ones.
pub async fn list(
    connection: &mut PgConnection,
    failed: bool,
    before: i64,
    limit: i64,
) -> Result<Vec<DeliveryView>, sqlx::Error> {
    // Two statements, so that each uses its index.
    if failed {
        return sqlx::query_as!(
            DeliveryView,
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
        DeliveryView,
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

/// All emails about an application, oldest first.
pub async fn of_application(
    connection: &mut PgConnection,
    application: ApplicationId,
) -> Result<Vec<DeliveryView>, sqlx::Error> {
    sqlx::query_as!(
        DeliveryView,
        r#"select id, event_id as about, application_id as application, c.file_number, template, recipient,
                  c.email as present_address, state, queued_at, moment, attempts, unanswered > 0 as "ambiguous!", last_error, answer, message_id
           from deliveries d join contacts c using (application_id)
           where application_id = $1 order by id"#,
        application.uuid()
    )
    .fetch_all(connection)
    .await
}

pub async fn find(
    connection: &mut PgConnection,
    id: i64,
) -> Result<Option<(DeliveryView, EmailText)>, sqlx::Error> {
    let view = sqlx::query_as!(
        DeliveryView,
        r#"select id, event_id as about, application_id as application, c.file_number, template, recipient,
                  c.email as present_address, state, queued_at, moment, attempts, unanswered > 0 as "ambiguous!", last_error, answer, message_id
           from deliveries d join contacts c using (application_id) where id = $1"#,
        id
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(view) = view else { return Ok(None) };
    let text = sqlx::query_as!(
        EmailText,
        "select subject, body_text as text, language from contents where delivery_id = $1",
        id
    )
    .fetch_one(connection)
    .await?;
    Ok(Some((view, text)))
}

/// The requests to send it again, oldest first; 100 at most.
pub async fn resend_requests(
    connection: &mut PgConnection,
    id: i64,
) -> Result<Vec<ResendRequest>, sqlx::Error> {
    sqlx::query_as!(
        ResendRequest,
        "select asked_at as at, name as by from asked_again where delivery_id = $1 order by asked_at limit 100",
        id
    )
    .fetch_all(connection)
    .await
}

/// Number of emails in no final state, counted up to 10,001.
pub async fn waiting(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select 1 from deliveries where state in ('queued', 'sending', 'data_started') limit 10001
           ) open"#
    )
    .fetch_one(connection)
    .await
}
