//! Take a file again that one gave back.

use axum::http::HeaderMap;
use axum::response::Redirect;
use chassis::problem::{ApiJson, ApiPath};
use chassis::session::PageForm;
use chassis::telemetry::Trace;
use chassis::{Problem, Role, Session};
use chrono::TimeDelta;
use events::{ApplicationId, Cause};
use pages::Page;

use super::once::{Begun, Once, key_of};
use super::{Press, State, cause, lock, person, refuse, refuse_on, view};
use crate::Service;
use crate::file::Refused;
use crate::store::{files, queue};

async fn take(
    service: &Service,
    session: &Session,
    id: ApplicationId,
    key: Option<String>,
    cause: &Cause,
    refuse: impl Fn(Refused) -> Problem,
) -> Result<(), Problem> {
    let mut once = match Once::begin::<()>(service, session, "take", key, &id).await? {
        Begun::Done(()) => return Ok(()),
        Begun::New(once) => once,
    };
    let tx = &mut once.tx;
    let (file, ties) = lock(tx, session, id).await?;
    // One at a time; the unique index stops two such requests at the same moment.
    if queue::held(tx, &session.person).await?.is_some_and(|held| held != id) {
        return Err(refuse(Refused::HoldsAnother));
    }
    let until = tx.now() + TimeDelta::minutes(service.review.hold_minutes.into());
    let file = file.taken(person(session), &ties, until, tx.now()).map_err(&refuse)?;
    files::save(tx, &file, cause).await.map_err(|error| match error.as_database_error() {
        Some(database) if database.is_unique_violation() => refuse(Refused::HoldsAnother),
        _ => error.into(),
    })?;
    once.finish(service, &()).await
}

pub async fn api(
    axum::extract::State(service): State,
    session: Session,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    headers: HeaderMap,
) -> Result<ApiJson<view::FileView>, Problem> {
    take(&service, &session, id, key_of(&headers)?, &cause(trace), refuse).await?;
    Ok(ApiJson(view::file(&service, &session, id).await?))
}

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    form: PageForm<Press>,
) -> Result<Redirect, Problem> {
    form.session.require(Role::Reviewer)?;
    take(&service, &form.session, id, Some(form.data.key), &cause(trace), refuse_on(&page)).await?;
    Ok(Redirect::to(&format!("/review/files/{id}")))
}
