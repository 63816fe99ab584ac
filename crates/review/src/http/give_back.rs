//! Give a file back to the queue.

use axum::http::StatusCode;
use axum::response::Redirect;
use chassis::problem::ApiPath;
use chassis::session::PageForm;
use chassis::telemetry::Trace;
use chassis::{Problem, Role, Session};
use events::{ApplicationId, Cause};
use host::{IdempotencyKey, Idempotent};
use pages::Page;

use super::{ButtonForm, State, lock, refuse, refuse_on};
use crate::AppState;
use crate::file::Refused;
use crate::store::files;

async fn give_back(
    service: &AppState,
    session: &Session,
    id: ApplicationId,
    key: IdempotencyKey,
    cause: &Cause,
    refuse: impl Fn(Refused) -> Problem,
) -> Result<(), Problem> {
    let once = Idempotent::new(session, "return", key, &id)?;
    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(()) = before {
        return Ok(());
    }
    let (file, _) = lock(&mut tx, session, id).await?;
    let file = file.returned(host::person(session), tx.now()).map_err(refuse)?;
    files::save(&mut tx, &file, cause).await?;
    once.store(&mut tx, &())?;
    host::commit(&service.bus, tx).await
}

pub async fn api(
    axum::extract::State(service): State,
    session: Session,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    key: IdempotencyKey,
) -> Result<StatusCode, Problem> {
    give_back(&service, &session, id, key, &host::cause(&trace), refuse).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    form: PageForm<ButtonForm>,
) -> Result<Redirect, Problem> {
    form.session.require(Role::Reviewer)?;
    give_back(
        &service,
        &form.session,
        id,
        IdempotencyKey::new(&form.data.key)?,
        &host::cause(&trace),
        refuse_on(&page),
    )
    .await?;
    Ok(Redirect::to("/review?done=returned"))
}
