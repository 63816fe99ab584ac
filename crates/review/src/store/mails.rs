//! The outcome of the emails about an application.

use bus::Tx;
use chrono::{DateTime, Utc};
use events::{ApplicationId, EventId};
use sqlx::PgConnection;

/// The outcome of an email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Name of the template, e.g. `application-submitted`.
    pub template: String,
    /// Email address.
    pub recipient: String,
    /// When it was sent or bounced, UTC.
    pub at: DateTime<Utc>,
    /// Why it bounced; `None` if it was sent.
    pub bounced: Option<String>,
}

/// Records the outcomes of emails, once for each fact.
pub async fn record(
    tx: &mut Tx,
    outcomes: impl IntoIterator<Item = (EventId, ApplicationId, Mail)>,
) -> Result<(), sqlx::Error> {
    let (mut events, mut applications, mut times) = (Vec::new(), Vec::new(), Vec::new());
    let (mut templates, mut recipients, mut bounced) = (Vec::new(), Vec::new(), Vec::new());
    for (event, application, mail) in outcomes {
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
