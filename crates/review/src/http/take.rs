//! Take a file again after giving it back.

use axum::response::Redirect;
use chassis::problem::{ApiJson, ApiPath};
use chassis::session::PageForm;
use chassis::telemetry::Trace;
use chassis::{Problem, Role, Session};
use chrono::TimeDelta;
use events::{ApplicationId, Cause};
use host::{IdempotencyKey, Idempotent};
use pages::Page;

use super::{ButtonForm, State, lock, refuse, refuse_on, view};
use crate::AppState;
use crate::file::Refused;
use crate::store::{files, queue};

async fn take(
    service: &AppState,
    session: &Session,
    id: ApplicationId,
    key: IdempotencyKey,
    cause: &Cause,
    refuse: impl Fn(Refused) -> Problem,
) -> Result<(), Problem> {
    let once = Idempotent::new(session, "take", key, &id)?;
    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(()) = before {
        return Ok(());
    }
    let (file, ties) = lock(&mut tx, session, id).await?;
    // A reviewer holds one file at a time. The unique index refuses concurrent requests that pass this check.
    if queue::held(&mut tx, &session.person).await?.is_some_and(|held| held != id) {
        return Err(refuse(Refused::HoldsAnother));
    }
    let until = tx.now() + TimeDelta::minutes(service.review.hold_minutes.into());
    let file = file.taken(host::person(session), &ties, until, tx.now()).map_err(&refuse)?;
    files::save(&mut tx, &file, cause).await.map_err(|error| match error.as_database_error() {
        Some(database) if database.is_unique_violation() => refuse(Refused::HoldsAnother),
        _ => error.into(),
    })?;
    once.store(&mut tx, &())?;
    host::commit(&service.bus, tx).await
}

pub async fn api(
    axum::extract::State(service): State,
    session: Session,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    key: IdempotencyKey,
) -> Result<ApiJson<view::FileView>, Problem> {
    take(&service, &session, id, key, &host::cause(&trace), refuse).await?;
    Ok(ApiJson(view::file(&service, &session, id).await?))
}

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    form: PageForm<ButtonForm>,
) -> Result<Redirect, Problem> {
    form.session.require(Role::Reviewer)?;
    take(
        &service,
        &form.session,
        id,
        IdempotencyKey::new(&form.data.key)?,
        &host::cause(&trace),
        refuse_on(&page),
    )
    .await?;
    Ok(Redirect::to(&format!("/review/files/{id}")))
}
