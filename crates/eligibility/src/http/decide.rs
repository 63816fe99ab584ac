//! A person decides what the rules could not.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use bus::outbox;
use chassis::problem::{ApiJson, ApiPath};
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Problem, Role, Session};
use events::ApplicationId;
use host::{IdempotencyKey, Idempotent};
use pages::{Form, Page, kept};
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::view::CaseView;
use super::{kept_name, words};
use crate::AppState;
use crate::case::{LONGEST_REASON, Refused, Status, Verdict};
use crate::store::cases;
use host::ties;

/// A decision of a person.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    pub decision: Verdict,
    /// The reason; 10 to 4,000 characters.
    pub reason: String,
}

/// Why a decision was not taken.
enum NotDecided {
    Refused(Refused),
    /// The person has a tie to the application (§§ 20, 21 VwVfG).
    Tied,
    Problem(Problem),
}

impl From<Refused> for NotDecided {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl<E: Into<Problem>> From<E> for NotDecided {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

/// Decides and publishes the fact, once for each `key`. A repetition is answered with the case as it is then.
async fn decide(
    service: &AppState,
    session: &Session,
    trace: Trace,
    id: ApplicationId,
    request: &DecisionRequest,
    key: IdempotencyKey,
) -> Result<CaseView, NotDecided> {
    let once = Idempotent::new(session, "decide", key, &(id, request))?;
    let (mut tx, before) = once.begin::<IgnoredAny>(&service.bus).await?;
    // Only a marker is stored: the whole answer would store the application once more.
    if before.is_some() {
        let case = cases::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        return Ok(CaseView::from(&case));
    }
    let case = cases::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    if ties::of(&mut tx, id, &case.submitted, session).await?.is_some() {
        return Err(NotDecided::Tied);
    }
    let (case, fact) = case.decide(request.decision, host::person(session), &request.reason, tx.now())?;
    cases::save(&mut tx, &case).await?;
    outbox::append(&mut tx, case.id, fact, host::cause(&trace));
    kept::discard(&mut tx, &session.person, &kept_name(id)).await?;
    let view = CaseView::from(&case);
    once.store(&mut tx, &id)?;
    host::commit(&service.bus, tx).await?;
    Ok(view)
}

/// `POST /eligibility/api/cases/{id}/decision`
pub async fn api(
    session: Session,
    State(service): State<Arc<AppState>>,
    trace: Trace,
    key: IdempotencyKey,
    ApiPath(id): ApiPath<ApplicationId>,
    ApiJson(request): ApiJson<DecisionRequest>,
) -> Result<ApiJson<CaseView>, Problem> {
    decide(&service, &session, trace, id, &request, key).await.map(ApiJson).map_err(|error| match error {
        NotDecided::Problem(problem) => problem,
        NotDecided::Tied => tied(),
        NotDecided::Refused(refused @ Refused::Reason) => {
            Problem::invalid([("/reason", refused.to_string())])
        }
        NotDecided::Refused(refused) => Problem::conflict(refused.to_string()),
    })
}

/// The answer to a person who has a tie.
fn tied() -> Problem {
    Problem::conflict("you have a tie to this application and cannot decide it (§§ 20, 21 VwVfG)")
}

/// `POST /eligibility/cases/{id}/decision`
pub async fn page(
    page: Page,
    State(service): State<Arc<AppState>>,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, data: fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    session.require(Role::CaseWorker)?;
    let mut form = Form::typed(&page, &fields);
    let decision = form.required_choice("decision", "field-decision", &words::verdicts(&page));
    let reason = form.required("reason", "field-reason", LONGEST_REASON);
    if let (true, Some(decision)) = (form.is_valid(), Verdict::from_name(&decision)) {
        let request = DecisionRequest { decision, reason };
        match decide(&service, &session, trace, id, &request, IdempotencyKey::new(fields.get("key"))?).await {
            Ok(_) => {
                let there = page.url(&format!("/cases/{id}?decided=true"));
                return Ok(Redirect::to(&there).into_response());
            }
            Err(NotDecided::Refused(Refused::Reason)) => form.refuse("reason", page.t("error-reason")),
            Err(NotDecided::Tied) => form.refuse("", page.t("tied-text")),
            Err(NotDecided::Refused(_)) => form.refuse("", page.t("case-too-late-text")),
            Err(NotDecided::Problem(problem)) => return Err(problem),
        }
    }
    // Kept together with its errors; the page of the case shows both, and can be reloaded.
    let mut tx = host::begin(&service.bus).await?;
    let now = tx.now();
    kept::refuse(&mut tx, &session.person, &kept_name(id), &fields, form.refused(), now).await?;
    host::commit(&service.bus, tx).await?;
    Ok(Redirect::to(&page.url(&format!("/cases/{id}?refused=true#errors"))).into_response())
}

/// `POST /eligibility/cases/{id}/draft`: autosave of the form.
pub async fn draft(
    page: Page,
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, data: fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    session.require(Role::CaseWorker)?;
    let mut tx = host::begin(&service.bus).await?;
    let case = cases::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let tied = ties::of(&mut tx, id, &case.submitted, &session).await?.is_some();
    let gone = match (tied, case.status()) {
        (true, _) => Some("tied-text"),
        (false, Status::Referred) => None,
        (false, _) => Some("case-too-late-text"),
    };
    let gone = gone.map(|why| page.t(why));
    let (name, back, now) = (kept_name(id), page.url(&format!("/cases/{id}")), tx.now());
    let answer = kept::answer(&mut tx, &page, &session, &name, &fields, &back, gone, now).await?;
    host::commit(&service.bus, tx).await?;
    Ok(answer)
}
