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

/// Notes the fates of emails, once for each fact.
pub async fn note(
    tx: &mut Tx,
    fates: impl IntoIterator<Item = (EventId, ApplicationId, Mail)>,
) -> Result<(), sqlx::Error> {
    let (mut events, mut applications, mut times) = (Vec::new(), Vec::new(), Vec::new());
    let (mut templates, mut recipients, mut bounced) = (Vec::new(), Vec::new(), Vec::new());
    for (event, application, mail) in fates {
        events.push(event.uuid());
        applications.push(application.uuid());
        templates.push(mail.template);
        recipients.push(mail.recipient);
        times.push(mail.at);
        bounced.push(mail.bounced);
    }
    sqlx::query!(
        "insert into mails (event, application, template, recipient, at, bounced)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
         on conflict do nothing",
        &events,
        &applications,
        &templates,
        &recipients,
        &times,
        &bounced as &[Option<String>]
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
