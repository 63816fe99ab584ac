//! `POST /apply/drafts/{id}/submit`. It needs no idempotency key: the draft can be taken once.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chassis::Problem;
use chassis::problem::ApiPath;
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use events::{ApplicationId, Call};
use pages::{Page, kept};

use super::draft::kept_name;
use super::{access, application_path, draft_path, gone, to};
use crate::AppState;
use crate::application::{Ready, Refused};
use crate::store::drafts;
use crate::submission::{self, Submission};

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
    let now = tx.now();
    let check = |call: &Call| Ready::read(draft.form.clone(), call, &ags, now);
    let (by, cause) = (host::person(&session), host::cause(&trace));
    match submission::submit(&mut tx, &service.numbers, id, draft.call, check, by, cause).await? {
        Submission::Done(_) => {}
        Submission::NoCall => return Err(Problem::not_found()),
        Submission::Refused(Refused::Wrong(_)) => {
            return Ok(to(&format!("{}?check=1#errors", draft_path(id))));
        }
        Submission::Refused(refused @ Refused::NotOpen(opens)) => {
            let sentence = page.t1("not-open", "opens", page.moment(opens));
            return Err(Problem::conflict(refused.to_string()).say(sentence));
        }
        Submission::Refused(refused @ Refused::NoMunicipality(_)) => {
            return Err(Problem::forbidden().detail(refused.to_string()));
        }
    }
    kept::discard(&mut tx, &session.person, &kept_name(id)).await?;
    host::commit(&service.bus, tx).await?;
    Ok(to(&format!("{}/receipt", application_path(id))))
}
