//! `POST /apply/drafts/{id}/submit`. It needs no idempotency key: the draft can be taken once.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chassis::Problem;
use chassis::problem::ApiPath;
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use events::ApplicationId;
use pages::{Page, kept};

use super::draft::kept_name;
use super::{access, application_path, draft_path, gone, to};
use crate::application::{Ready, Refused};
use crate::store::{calls, drafts};
use crate::{AppState, submission};

pub(super) async fn submit(
    page: Page,
    State(service): State<Arc<AppState>>,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let ags = access::applicant(&session)?;
    let mut tx = host::begin(&service.bus).await?;
    // If two submit at once, the second finds no draft, and sees the application of the first.
    let Some(draft) = drafts::lock(&mut tx, id, &ags).await? else {
        return gone(&mut tx, id, &session).await;
    };
    if fields.get("revision") != draft.revision.to_string() {
        return Ok(to(&format!("{}/check?changed=1", draft_path(id))));
    }
    let call = calls::find(&mut tx, draft.call).await?.ok_or_else(Problem::not_found)?;
    let ready = match Ready::read(draft.form, &call, &ags, tx.now()) {
        Ok(ready) => ready,
        Err(Refused::Wrong(_)) => return Ok(to(&format!("{}?check=1#errors", draft_path(id)))),
        Err(refused @ Refused::NotOpen(opens)) => {
            let sentence = page.t1("not-open", "opens", page.moment(opens));
            return Err(Problem::conflict(refused.to_string()).say(sentence));
        }
        Err(refused @ Refused::NoMunicipality(_)) => {
            return Err(Problem::forbidden().detail(refused.to_string()));
        }
    };
    let by = host::person(&session);
    kept::discard(&mut tx, &session.person, &kept_name(id)).await?;
    submission::submit(&mut tx, &service.numbers, id, &call, ready, by, host::cause(&trace)).await?;
    host::commit(&service.bus, tx).await?;
    Ok(to(&format!("{}/receipt", application_path(id))))
}
