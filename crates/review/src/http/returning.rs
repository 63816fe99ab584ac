//! Give a file back to the queue.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use chassis::problem::ApiPath;
use chassis::session::PageForm;
use chassis::telemetry::Trace;
use chassis::{Problem, Role, Session};
use events::{ApplicationId, Cause};
use pages::Page;

use super::once::{Begun, Once, key_of};
use super::{Press, State, cause, lock, person, refuse, refuse_on};
use crate::Service;
use crate::file::Refused;
use crate::store::files;

async fn give_back(
    service: &Service,
    session: &Session,
    id: ApplicationId,
    key: Option<String>,
    cause: &Cause,
    refuse: impl Fn(Refused) -> Problem,
) -> Result<(), Problem> {
    let mut once = match Once::begin::<()>(service, session, "return", key, &id).await? {
        Begun::Done(()) => return Ok(()),
        Begun::New(once) => once,
    };
    let tx = &mut once.tx;
    let (file, _) = lock(tx, session, id).await?;
    let file = file.returned(person(session), tx.now()).map_err(refuse)?;
    files::save(tx, &file, cause).await?;
    once.finish(service, &()).await
}

pub async fn api(
    axum::extract::State(service): State,
    session: Session,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    give_back(&service, &session, id, key_of(&headers)?, &cause(trace), refuse).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    form: PageForm<Press>,
) -> Result<Redirect, Problem> {
    form.session.require(Role::Reviewer)?;
    give_back(&service, &form.session, id, Some(form.data.key), &cause(trace), refuse_on(&page)).await?;
    Ok(Redirect::to("/review?done=returned"))
}
