//! What reviewers have typed so far, exactly as typed.

use bus::Tx;
use chassis::session::Fields;
use events::ApplicationId;
use sqlx::PgConnection;
use sqlx::types::Json;

/// Keeps what this person has typed.
pub async fn save(
    tx: &mut Tx,
    application: ApplicationId,
    person: &str,
    fields: &Fields,
) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "insert into drafts (application, person, fields, saved_at) values ($1, $2, $3, $4)
         on conflict (application, person) do update
         set fields = excluded.fields, saved_at = excluded.saved_at",
        application.uuid(),
        person,
        Json(fields) as _,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What this person has typed; nothing where they have not begun.
pub async fn read(
    connection: &mut PgConnection,
    application: ApplicationId,
    person: &str,
) -> Result<Fields, sqlx::Error> {
    let found = sqlx::query_scalar!(
        r#"select fields as "fields: Json<Fields>" from drafts where application = $1 and person = $2"#,
        application.uuid(),
        person
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|Json(fields)| fields).unwrap_or_default())
}

/// The review is given, or never will be.
pub async fn discard(tx: &mut Tx, application: ApplicationId, person: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from drafts where application = $1 and person = $2", application.uuid(), person)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
