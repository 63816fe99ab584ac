//! `/apply/applications/{id}/reply`: the applicant replies while a person decides; the form is on the status page.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chassis::problem::ApiPath;
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Problem, ProblemKind, Session};
use events::ApplicationId;
use host::{IdempotencyKey, Idempotent};
use pages::{Page, kept};

use super::{access, application_path, to};
use crate::AppState;
use crate::application::Status;
use crate::reply::{self, LONGEST_REPLY, MOST_REPLIES, Refused, WrongText};
use crate::store::applications::{self, Stored};

pub(super) fn kept_name(id: ApplicationId) -> String {
    format!("reply/{id}")
}

async fn find(
    connection: &mut sqlx::PgConnection,
    session: &Session,
    id: ApplicationId,
) -> Result<Stored, Problem> {
    access::applicant(session)?;
    let stored = applications::find(connection, id).await?;
    stored.filter(|stored| access::owns(session, &stored.ags)).ok_or_else(Problem::not_found)
}

pub(super) async fn reply(
    page: Page,
    State(service): State<Arc<AppState>>,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let text = match reply::text(fields.get("reply")) {
        Ok(text) => text,
        Err(wrong) => return keep(&service, &session, id, &fields, ("reply", say(&page, wrong))).await,
    };
    // A form without a key cannot be recognised when it is sent again; they all share the key "none".
    let key = IdempotencyKey::new(Some(fields.get("key")).filter(|key| !key.is_empty()).unwrap_or("none"))?;
    let once = Idempotent::new(&session, "reply-form", key, &(id, &text))?;
    let (mut tx, before) = match once.begin::<i32>(&service.bus).await {
        Ok(begun) => begun,
        // A second click, or another text sent after "back": the first one was accepted.
        Err(Problem { kind: ProblemKind::Conflict, .. }) => {
            return keep(&service, &session, id, &fields, ("", page.t("reply-again-text"))).await;
        }
        Err(problem) => return Err(problem),
    };
    find(&mut tx, &session, id).await?;
    if before.is_some() {
        return Ok(to(&format!("{}?replied=true", application_path(id))));
    }
    let done = reply::save(&mut tx, id, text, host::person(&session), host::cause(&trace)).await?;
    match done.ok_or_else(Problem::not_found)? {
        Ok(replies) => {
            once.store(&mut tx, &replies)?;
            kept::discard(&mut tx, &session.person, &kept_name(id)).await?;
            host::commit(&service.bus, tx).await?;
            Ok(to(&format!("{}?replied=true", application_path(id))))
        }
        Err(refused) => {
            drop(tx);
            keep(&service, &session, id, &fields, ("", page.t(refused_key(refused)))).await
        }
    }
}

/// `POST /apply/applications/{id}/reply/draft`: autosave of the form.
pub(super) async fn draft(
    page: Page,
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let mut tx = host::begin(&service.bus).await?;
    let stored = find(&mut tx, &session, id).await?;
    let gone = match stored.status {
        Status::Referred if stored.replies < MOST_REPLIES => None,
        Status::Referred => Some(Refused::TooMany),
        status => Some(Refused::NotReferred(status)),
    };
    let gone = gone.map(|refused| page.t(refused_key(refused)));
    let (name, back, now) = (kept_name(id), application_path(id), tx.now());
    let answer = kept::answer(&mut tx, &page, &session, &name, &fields, &back, gone, now).await?;
    host::commit(&service.bus, tx).await?;
    Ok(answer)
}

/// Keeps a refused reply to one's own application together with the reason; the status page shows both, and can be reloaded.
async fn keep(
    service: &AppState,
    session: &Session,
    id: ApplicationId,
    fields: &Fields,
    (field, message): (&str, String),
) -> Result<Response, Problem> {
    let mut tx = host::begin(&service.bus).await?;
    find(&mut tx, session, id).await?;
    let now = tx.now();
    let wrong = [(field.to_owned(), message)];
    kept::refuse(&mut tx, &session.person, &kept_name(id), fields, &wrong, now).await?;
    host::commit(&service.bus, tx).await?;
    Ok(to(&format!("{}?refused=1#errors", application_path(id))))
}

/// Key of the message that explains the refusal.
fn refused_key(refused: Refused) -> &'static str {
    match refused {
        Refused::NotReferred(_) => "reply-too-late-text",
        Refused::TooMany => "reply-too-many-text",
    }
}

fn say(page: &Page, wrong: WrongText) -> String {
    let field = page.t("field-reply");
    match wrong {
        WrongText::Missing => page.t1("error-required", "field", field),
        WrongText::TooLong(length) => page.tn(
            "error-too-long",
            &[("field", &field), ("limit", &LONGEST_REPLY.to_string()), ("length", &length.to_string())],
        ),
    }
}
