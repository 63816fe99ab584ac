//! Whom the emails about an application go to.

use bus::Failure;
use chrono::{DateTime, Utc};
use events::{ApplicationId, Language};
use sqlx::PgConnection;

/// The contact person of an application, and what an email may name of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The application.
    pub application: ApplicationId,
    /// Aktenzeichen.
    pub file_number: String,
    /// Title of the project.
    pub title: String,
    /// Name of the person.
    pub name: String,
    /// Email address.
    pub email: String,
    /// Language of the emails.
    pub language: Language,
    /// When the application was submitted.
    pub submitted_at: DateTime<Utc>,
    /// When it was withdrawn, if it was.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

/// As stored: `de` or `en`.
pub fn language_name(language: Language) -> &'static str {
    match language {
        Language::De => "de",
        Language::En => "en",
    }
}

/// Keeps a contact.
pub async fn insert(connection: &mut PgConnection, contact: &Contact) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into contacts (application_id, file_number, title, name, email, language, submitted_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        contact.application.uuid(),
        contact.file_number,
        contact.title,
        contact.name,
        contact.email,
        language_name(contact.language),
        contact.submitted_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The contact of an application.
///
/// # Errors
/// [`Failure::Retry`] while intake's fact has not come: the order of facts of different services is not certain.
pub async fn of(connection: &mut PgConnection, application: ApplicationId) -> Result<Contact, Failure> {
    let row = sqlx::query!(
        "select file_number, title, name, email, language, submitted_at, withdrawn_at
         from contacts where application_id = $1",
        application.uuid()
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Failure::not_yet("the application's contact"))?;
    Ok(Contact {
        application,
        file_number: row.file_number,
        title: row.title,
        name: row.name,
        email: row.email,
        language: if row.language == "en" { Language::En } else { Language::De },
        submitted_at: row.submitted_at,
        withdrawn_at: row.withdrawn_at,
    })
}

/// Remembers that the application was withdrawn.
pub async fn withdraw(
    connection: &mut PgConnection,
    application: ApplicationId,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("update contacts set withdrawn_at = $2 where application_id = $1", application.uuid(), at)
        .execute(connection)
        .await?;
    Ok(())
}
