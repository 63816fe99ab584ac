//! Take the next file.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bus::Tx;
use chassis::problem::ApiJson;
use chassis::session::PageForm;
use chassis::telemetry::Trace;
use chassis::{Problem, Role, Session};
use chrono::TimeDelta;
use events::{ApplicationId, Cause};
use host::{IdempotencyKey, Idempotent};

use super::{ButtonForm, State, ties_of, view};
use crate::AppState;
use crate::store::{files, queue};

/// Attempts while files wait but other transactions have all their rows locked. After each attempt the first of those
/// locks is waited for.
const TRIES: usize = 20;

/// Takes the oldest file that waits for this person. If they hold one already, they get that one, and its time
/// restarts.
pub(super) async fn take_next(
    service: &AppState,
    session: &Session,
    key: IdempotencyKey,
    cause: &Cause,
) -> Result<Option<ApplicationId>, Problem> {
    let once = Idempotent::new(session, "next", key, &())?;
    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(taken) = before {
        return Ok(Some(taken));
    }
    let taken = find(service, &mut tx, session, cause).await?;
    // "Nothing waits" is not stored as the answer: the same key may ask again.
    if let Some(application) = &taken {
        once.store(&mut tx, application)?;
        host::commit(&service.bus, tx).await?;
    }
    Ok(taken)
}

async fn find(
    service: &AppState,
    tx: &mut Tx,
    session: &Session,
    cause: &Cause,
) -> Result<Option<ApplicationId>, Problem> {
    let (who, email) = (host::person(session), session.email.as_deref());
    let ties = ties_of(tx, session).await?;
    let until = tx.now() + TimeDelta::minutes(service.review.hold_minutes.into());
    queue::lock_person(tx, &who.id).await?;
    if let Some(held) = queue::held(tx, &who.id).await?
        && let Some(file) = files::lock(tx, held).await?
        && let Ok(file) = file.taken(who.clone(), &ties, until, tx.now())
    {
        files::save(tx, &file, cause).await?;
        return Ok(Some(held));
    }
    for _ in 0..TRIES {
        if let Some(claimed) = queue::claim_next(tx, &who, email, &ties, until).await? {
            return Ok(Some(claimed));
        }
        if queue::offered(tx, &who.id, email, &ties, 1).await? == 0 {
            break;
        }
        queue::wait_for_first(tx, &who.id, email, &ties).await?;
    }
    Ok(None)
}

pub async fn api(
    axum::extract::State(service): State,
    session: Session,
    trace: Trace,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    match take_next(&service, &session, key, &host::cause(&trace)).await? {
        Some(taken) => Ok(ApiJson(view::file(&service, &session, taken).await?).into_response()),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

pub async fn page(
    axum::extract::State(service): State,
    trace: Trace,
    form: PageForm<ButtonForm>,
) -> Result<Redirect, Problem> {
    form.session.require(Role::Reviewer)?;
    let taken =
        take_next(&service, &form.session, IdempotencyKey::new(&form.data.key)?, &host::cause(&trace))
            .await?;
    Ok(match taken {
        Some(taken) => Redirect::to(&format!("/review/files/{taken}")),
        None => Redirect::to("/review?done=nothing"),
    })
}
