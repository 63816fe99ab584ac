//! Unfinished reviews. They are kept forms ([`pages::kept`]); the older table `drafts` is read where there is none.

use bus::Tx;
use chassis::session::Fields;
use events::ApplicationId;
use pages::kept;
use sqlx::PgConnection;
use sqlx::types::Json;

/// The name of the kept form of a review of this file.
pub fn kept_name(application: ApplicationId) -> String {
    format!("review/{application}")
}

/// What this person typed before kept forms existed; empty if nothing.
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

/// Discards the unfinished review: it has been given, or never will be.
pub async fn discard(tx: &mut Tx, application: ApplicationId, person: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from drafts where application = $1 and person = $2", application.uuid(), person)
        .execute(&mut **tx)
        .await?;
    kept::discard(tx, person, &kept_name(application)).await
}
