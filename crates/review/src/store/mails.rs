//! What became of the emails about an application.

use bus::Tx;
use chrono::{DateTime, Utc};
use events::{ApplicationId, EventId};
use sqlx::PgConnection;

/// One email's fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Which email, e.g. `application-submitted`.
    pub template: String,
    /// Address it was for.
    pub recipient: String,
    /// When it was sent, or came back.
    pub at: DateTime<Utc>,
    /// Why it could not be delivered; none where it was sent.
    pub bounced: Option<String>,
}

/// Notes the fate of an email, once for each fact.
pub async fn note(
    tx: &mut Tx,
    event: EventId,
    application: ApplicationId,
    mail: &Mail,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into mails (event, application, template, recipient, at, bounced)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        event.uuid(),
        application.uuid(),
        mail.template,
        mail.recipient,
        mail.at,
        mail.bounced
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The emails about an application, oldest first.
pub async fn of(connection: &mut PgConnection, application: ApplicationId) -> Result<Vec<Mail>, sqlx::Error> {
    sqlx::query_as!(
        Mail,
        "select template, recipient, at, bounced from mails where application = $1 order by at, event",
        application.uuid()
    )
    .fetch_all(connection)
    .await
}
