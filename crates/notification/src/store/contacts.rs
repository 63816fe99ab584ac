//! Whom the emails about an application go to.

use std::collections::HashMap;

use bus::Failure;
use chrono::{DateTime, Utc};
use events::{ApplicationId, Language};
use sqlx::PgConnection;
use uuid::Uuid;

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
    insert_all(connection, std::slice::from_ref(contact)).await
}

/// Keeps contacts.
pub async fn insert_all(connection: &mut PgConnection, contacts: &[Contact]) -> Result<(), sqlx::Error> {
    let column = |text: fn(&Contact) -> &str| -> Vec<String> {
        contacts.iter().map(|contact| text(contact).to_owned()).collect()
    };
    sqlx::query!(
        "insert into contacts (application_id, file_number, title, name, email, language, submitted_at)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                              $7::timestamptz[])",
        &contacts.iter().map(|contact| contact.application.uuid()).collect::<Vec<_>>(),
        &column(|contact| &contact.file_number),
        &column(|contact| &contact.title),
        &column(|contact| &contact.name),
        &column(|contact| &contact.email),
        &column(|contact| language_name(contact.language)),
        &contacts.iter().map(|contact| contact.submitted_at).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The contacts of these applications, by application.
///
/// # Errors
/// [`Failure::Retry`] while intake's fact has not come: the order of facts of different services is not certain.
pub async fn of(
    connection: &mut PgConnection,
    applications: &[Uuid],
) -> Result<HashMap<ApplicationId, Contact>, Failure> {
    let rows = sqlx::query!(
        "select application_id, file_number, title, name, email, language, submitted_at, withdrawn_at
         from contacts where application_id = any($1)",
        applications
    )
    .fetch_all(connection)
    .await?;
    if rows.len() < applications.len() {
        return Err(Failure::not_yet("the application's contact"));
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let contact = Contact {
                application: row.application_id.into(),
                file_number: row.file_number,
                title: row.title,
                name: row.name,
                email: row.email,
                language: if row.language == "en" { Language::En } else { Language::De },
                submitted_at: row.submitted_at,
                withdrawn_at: row.withdrawn_at,
            };
            (contact.application, contact)
        })
        .collect())
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
