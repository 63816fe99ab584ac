//! A person decides what the rules could not.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use bus::{idempotency, outbox};
use chassis::problem::{ApiJson, ApiPath};
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Problem, ProblemKind, Role, Session};
use events::{ApplicationId, Cause, Person};
use pages::{Form, Page, kept};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::not_committed;
use super::show::verdicts;
use super::view::CaseView;
use crate::Service;
use crate::case::{LONGEST_REASON, Refused, Stage, Verdict};
use crate::store::{cases, ties};

/// Longest key of a request that may be repeated, in bytes.
const LONGEST_KEY: usize = 200;

/// What a person decides.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Eligible or not.
    pub decision: Verdict,
    /// Why; 10 to 4,000 characters.
    pub reason: String,
}

/// Why nothing was decided.
enum NotDecided {
    /// The case does not permit it.
    Refused(Refused),
    /// The person has a tie to the application (§§ 20, 21 VwVfG).
    Tied,
    /// Something else.
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

/// Decides, says the fact, and keeps the answer for a repetition with the same `key`.
async fn decide(
    service: &Service,
    session: &Session,
    trace: Trace,
    id: ApplicationId,
    order: &Order,
    key: &str,
) -> Result<CaseView, NotDecided> {
    let mut tx = service.bus.begin().await?;
    let key = own_key(session, key)?;
    if let Some(key) = &key {
        let request = serde_json::to_vec(&(id, order)).map_err(Problem::internal)?;
        match idempotency::claim(&mut tx, key, &Sha256::digest(request)).await? {
            idempotency::Claim::New => {}
            idempotency::Claim::Done(view) => return Ok(view),
            idempotency::Claim::Mismatch => {
                return Err(Problem::conflict("this Idempotency-Key was used for another request").into());
            }
        }
    }
    let case = cases::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    if ties::of(&mut tx, id, &case.submitted, session).await?.is_some() {
        return Err(NotDecided::Tied);
    }
    let person = Person { id: session.person.clone(), name: session.name.clone() };
    let (case, fact) = case.decide(order.decision, person, &order.reason, tx.now())?;
    cases::save(&mut tx, &case).await?;
    outbox::append(&mut tx, case.id, fact, Cause::request(Some(trace.to_string())));
    kept::discard(&mut tx, &session.person, &kept_name(id)).await?;
    let view = CaseView::from(&case);
    if let Some(key) = &key {
        idempotency::finish(&mut tx, key, &view).await?;
    }
    service.bus.commit(tx).await.map_err(not_committed)?;
    Ok(view)
}

/// The key with the person and the act in it, so that nobody can meet another's; none where none was given.
fn own_key(session: &Session, key: &str) -> Result<Option<String>, Problem> {
    if key.len() > LONGEST_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let expected = format!("Idempotency-Key: expected up to {LONGEST_KEY} visible ASCII characters");
        return Err(Problem::new(ProblemKind::Malformed).detail(expected));
    }
    Ok((!key.is_empty()).then(|| format!("{}:decide:{key}", session.person)))
}

/// `POST /eligibility/api/cases/{id}/decision`
pub async fn api(
    session: Session,
    State(service): State<Arc<Service>>,
    trace: Trace,
    headers: HeaderMap,
    ApiPath(id): ApiPath<ApplicationId>,
    ApiJson(order): ApiJson<Order>,
) -> Result<ApiJson<CaseView>, Problem> {
    let key = headers
        .get("idempotency-key")
        .map_or(Cow::Borrowed(""), |key| String::from_utf8_lossy(key.as_bytes()));
    decide(&service, &session, trace, id, &order, &key).await.map(ApiJson).map_err(|error| match error {
        NotDecided::Problem(problem) => problem,
        NotDecided::Tied => tied(),
        NotDecided::Refused(refused @ Refused::Reason) => {
            Problem::invalid([("/reason", refused.to_string())])
        }
        NotDecided::Refused(refused) => Problem::conflict(refused.to_string()),
    })
}

/// Who has a tie does not decide.
fn tied() -> Problem {
    Problem::conflict("you have a tie to this application and cannot decide it (§§ 20, 21 VwVfG)")
}

/// `POST /eligibility/cases/{id}/decision`
pub async fn page(
    page: Page,
    State(service): State<Arc<Service>>,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, data: fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    session.require(Role::CaseWorker)?;
    let mut form = Form::typed(&page, &fields);
    let decision = form.need_choice("decision", "field-decision", &verdicts(&page));
    let reason = form.need("reason", "field-reason", LONGEST_REASON);
    if let (true, Some(decision)) = (form.is_good(), Verdict::from_name(&decision)) {
        let order = Order { decision, reason };
        match decide(&service, &session, trace, id, &order, fields.get("key")).await {
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
    // Kept with what is wrong with it; the page of the case shows both, and can be reloaded.
    let mut tx = service.bus.begin().await?;
    let now = tx.now();
    kept::refuse(&mut tx, &session.person, &kept_name(id), &fields, form.refused(), now).await?;
    service.bus.commit(tx).await.map_err(not_committed)?;
    Ok(Redirect::to(&page.url(&format!("/cases/{id}?refused=true#errors"))).into_response())
}

/// `POST /eligibility/cases/{id}/draft`: the form saves by itself.
pub async fn draft(
    page: Page,
    State(service): State<Arc<Service>>,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, data: fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    session.require(Role::CaseWorker)?;
    let mut tx = service.bus.begin().await?;
    let case = cases::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let tied = ties::of(&mut tx, id, &case.submitted, &session).await?.is_some();
    let gone = match (tied, case.stage()) {
        (true, _) => Some("tied-text"),
        (false, Stage::Referred) => None,
        (false, _) => Some("case-too-late-text"),
    };
    let gone = gone.map(|why| page.t(why));
    let (name, back, now) = (kept_name(id), page.url(&format!("/cases/{id}")), tx.now());
    let answer = kept::answer(&mut tx, &page, &session, &name, &fields, &back, gone, now).await?;
    service.bus.commit(tx).await.map_err(not_committed)?;
    Ok(answer)
}

/// The name of this form.
pub(super) fn kept_name(id: ApplicationId) -> String {
    format!("decision/{id}")
}
