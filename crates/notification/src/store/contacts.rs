//! The contacts to whom the emails about applications are sent.

use std::collections::HashMap;

use bus::Failure;
use chrono::{DateTime, Utc};
use events::{ApplicationId, CallId, ContactChanged, Language};
use pages::parse::{email, line};
use sqlx::PgConnection;
use uuid::Uuid;

/// The contact person of an application, and the data of the application that emails contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    pub application: ApplicationId,
    /// File number (Aktenzeichen).
    pub file_number: String,
    pub title: String,
    /// Name of the contact person.
    pub name: String,
    pub email: String,
    pub language: Language,
    /// UTC.
    pub submitted_at: DateTime<Utc>,
    /// UTC; `None` if it was not withdrawn.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// `None` where an older release stored the contact.
    pub call: Option<CallId>,
    /// Name and contact of the authority that answers questions, if the call is known.
    pub authority: Option<String>,
}

/// As stored: `de` or `en`.
pub fn language_name(language: Language) -> &'static str {
    match language {
        Language::De => "de",
        Language::En => "en",
    }
}

/// Stores new contacts, and returns them with the authority that answers questions about their call.
pub async fn insert_all(
    connection: &mut PgConnection,
    contacts: Vec<Contact>,
) -> Result<HashMap<ApplicationId, Contact>, sqlx::Error> {
    let column = |text: fn(&Contact) -> &str| -> Vec<String> {
        contacts.iter().map(|contact| text(contact).to_owned()).collect()
    };
    let stored = sqlx::query!(
        "insert into contacts (application_id, file_number, title, name, email, language, submitted_at, call)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                              $7::timestamptz[], $8::uuid[])
         returning application_id, (select authority from calls where id = call) as authority",
        &contacts.iter().map(|contact| contact.application.uuid()).collect::<Vec<_>>(),
        &column(|contact| &contact.file_number),
        &column(|contact| &contact.title),
        &column(|contact| &contact.name),
        &column(|contact| &contact.email),
        &column(|contact| language_name(contact.language)),
        &contacts.iter().map(|contact| contact.submitted_at).collect::<Vec<_>>(),
        &contacts.iter().map(|contact| contact.call.map(|call| call.uuid())).collect::<Vec<_>>()
            as &[Option<Uuid>],
    )
    .fetch_all(connection)
    .await?;
    let mut contacts: HashMap<_, _> =
        contacts.into_iter().map(|contact| (contact.application, contact)).collect();
    for row in stored {
        if let Some(contact) = contacts.get_mut(&row.application_id.into()) {
            contact.authority = row.authority;
        }
    }
    Ok(contacts)
}

/// # Errors
/// [`Failure::Retry`] if one is missing because intake's fact has not arrived yet: facts of different services have no
/// guaranteed order.
pub async fn of(
    connection: &mut PgConnection,
    applications: &[Uuid],
) -> Result<HashMap<ApplicationId, Contact>, Failure> {
    let rows = sqlx::query!(
        r#"select application_id, file_number, title, name, email, language, submitted_at, withdrawn_at, call,
                (select authority from calls where id = call) as authority
         from contacts where application_id = any($1)"#,
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
                call: row.call.map(CallId::from),
                authority: row.authority,
            };
            (contact.application, contact)
        })
        .collect())
}

/// Stores that the application was withdrawn.
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

/// Replaces the contact. `false`: there is none yet.
pub async fn correct(
    connection: &mut PgConnection,
    application: ApplicationId,
    fact: &ContactChanged,
) -> Result<bool, sqlx::Error> {
    let corrected = sqlx::query!(
        "update contacts set name = $2, email = $3, language = $4 where application_id = $1",
        application.uuid(),
        line(&fact.contact.name),
        email(&fact.contact.email),
        language_name(fact.contact.language)
    )
    .execute(connection)
    .await?;
    Ok(corrected.rows_affected() == 1)
}

/// Locks the contacts of these applications against corrections until the transaction ends. Contacts are always locked
/// before deliveries.
pub async fn lock(connection: &mut PgConnection, applications: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select application_id from contacts where application_id = any($1) order by application_id for share",
        applications
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Stores who answers questions about a call.
pub async fn save_authority(
    connection: &mut PgConnection,
    call: CallId,
    authority: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into calls (id, authority) values ($1, $2) on conflict (id) do update set authority = $2",
        call.uuid(),
        authority
    )
    .execute(connection)
    .await?;
    Ok(())
}
