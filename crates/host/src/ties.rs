//! The ties that review has published (§§ 20, 21 VwVfG). The table `ties` is the same in every service that decides.

use events::{ApplicationId, ApplicationSubmitted, TieDeclared, TieEnded};
use sqlx::PgConnection;

pub async fn declare(
    db: &mut PgConnection,
    application: ApplicationId,
    tie: &TieDeclared,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into ties (application, person, municipality, declared_at) values ($1, $2, $3, $4)
         on conflict (application, person, municipality) do update
         set declared_at = excluded.declared_at, ended_at = null",
        application.uuid(),
        tie.person.id,
        tie.municipality.as_ref().map_or("", |ags| ags.as_str()),
        tie.declared_at
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn end(
    db: &mut PgConnection,
    application: ApplicationId,
    tie: &TieEnded,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update ties set ended_at = $4 where application = $1 and person = $2 and municipality = $3",
        application.uuid(),
        tie.person.id,
        tie.municipality.as_ref().map_or("", |ags| ags.as_str()),
        tie.ended_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The tie for which this person may not act in this application; None where they may.
pub async fn of(
    db: &mut PgConnection,
    application: ApplicationId,
    submitted: &ApplicationSubmitted,
    session: &chassis::Session,
) -> Result<Option<events::Tie>, sqlx::Error> {
    let own = submitted.tie_of(&session.person, session.ags.as_deref(), session.email.as_deref());
    if own.is_some() {
        return Ok(own);
    }
    let declared = sqlx::query_scalar!(
        "select 1 from ties where application = $1 and person = $2 and ended_at is null limit 1",
        application.uuid(),
        session.person
    )
    .fetch_optional(db)
    .await?;
    Ok(declared.map(|_| events::Tie::Declared))
}
