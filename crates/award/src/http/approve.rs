//! Approve: a second person decides. Money, decision and notice are committed in one transaction.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use bus::outbox;
use chassis::problem::{ApiJson, ApiPath, Problem};
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Role, Session};
use events::{ApplicationId, Cause, NoticeIssued, NoticeKind};
use host::{IdempotencyKey, Idempotent};
use pages::{Form, Page};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::outlook::{Outlook, read};
use super::{Shared, answer, case, confirm};
use crate::AppState;
use crate::award::{Approved, Refusal, Signature, State as CaseState};
use crate::store::history::{self, HistoryEntry, HistoryKind};
use crate::store::{budgets, cases, notices};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    /// The approver confirms knowing that no review counts, because the reviewers declared ties afterwards.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_knowledge_of_ties: bool,
    /// The revision seen; without it the current one is approved.
    #[serde(default)]
    pub revision: Option<i64>,
    /// SHA-256 of the notice seen, as lower-case hex; empty where the page showed that none would be issued because the
    /// budget is used up. If the outcome would differ, the approval is refused. Without it there is no such check.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub sha256: Option<String>,
}

/// How often an approval is tried when the case or its budget changes while the notice is typeset.
const ATTEMPTS: usize = 3;

async fn act(
    service: &AppState,
    session: &Session,
    application: ApplicationId,
    approval: &Approval,
    once: &Idempotent,
    cause: Cause,
) -> Result<answer::Case, Error> {
    session.require(Role::Approver)?;
    let by = host::person(session);
    // A repeated request gets its stored answer before a notice is typeset for nothing.
    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(done) = before {
        return Ok(done);
    }
    let file = cases::dossier(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    cases::refuse_tied(&mut tx, &file, session).await??;
    drop(tx);
    // Held until the commit: whoever waits for a slot then reads the budget as it is after this approval.
    let slot = service.printer.slot().await;
    for _ in 0..ATTEMPTS {
        // Typesetting takes longer than a row may stay locked: it is done before the transaction.
        let at = service.clock.now();
        let approved = Signature { by: by.clone(), at };
        let file = read(service, application).await?;
        file.case.clone().as_seen(approval.revision)?;
        file.case.require_reviews(approval.in_knowledge_of_ties)?;
        let outlook = Outlook::of(service, &slot, file, &approved).await?;
        outlook.is_as_seen(approval.sha256.as_deref())?;

        let (mut tx, before) = once.begin(&service.bus).await?;
        if let Some(done) = before {
            return Ok(done);
        }
        let case = cases::lock(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
        if case.revision != outlook.file.case.revision {
            continue;
        }
        let file = cases::dossier(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
        cases::refuse_tied(&mut tx, &file, session).await??;
        let without_reviews = case.require_reviews(approval.in_knowledge_of_ties)?;
        let budget = budgets::lock(&mut tx, case.terms.call, case.terms.year).await?;
        let Approved { case, budget, fact } = case.approve(approved, budget)?;
        if approval.sha256.is_some() && case.state.stage() != outlook.stage {
            continue; // the budget changed meanwhile: the next round reports it
        }
        let issued = match (&case.state, outlook.pdf) {
            (CaseState::Granted { .. }, Some(pdf)) => Some((NoticeKind::Award, pdf)),
            (CaseState::Rejected { .. }, Some(pdf)) => Some((NoticeKind::Rejection, pdf)),
            (CaseState::Granted { .. } | CaseState::Rejected { .. }, None) => continue, // money was released meanwhile
            _ => None,
        };
        if let CaseState::Granted { .. } = &case.state {
            budgets::commit(&mut tx, &case, &budget, at).await?;
        }
        let what = match &case.state {
            CaseState::Granted { .. } => HistoryKind::Granted,
            CaseState::Rejected { .. } => HistoryKind::Rejected,
            _ => HistoryKind::Waitlisted,
        };
        let happened = HistoryEntry::new(at, what).by(&by).amount(case.expected());
        cases::save(&mut tx, &case, &happened).await?;
        if without_reviews {
            history::append(
                &mut tx,
                application,
                &HistoryEntry::new(at, HistoryKind::WithoutReviews).by(&by),
            )
            .await?;
        }
        outbox::append(&mut tx, application, fact, cause.clone());
        if let Some((kind, pdf)) = issued {
            let notice = notices::Notice::issued(application, kind, pdf.sha256, at);
            notices::insert(&mut tx, &notice, &pdf.bytes).await?;
            let happened = HistoryEntry::new(at, HistoryKind::Notice).remark(notice.sha256.clone());
            history::append(&mut tx, application, &happened).await?;
            let fact = NoticeIssued { notice: notice.id, kind, sha256: notice.sha256, issued_at: at };
            outbox::append(&mut tx, application, fact, cause);
        }
        let answer = answer::Case::of(&file.saved(case));
        once.store(&mut tx, &answer)?;
        host::commit(&service.bus, tx).await?;
        return Ok(answer);
    }
    Err(Refusal::Stale.into())
}

/// `POST /award/api/cases/{application}/approval`
pub(super) async fn api(
    State(service): State<Shared>,
    session: Session,
    trace: Trace,
    ApiPath(application): ApiPath<ApplicationId>,
    key: IdempotencyKey,
    ApiJson(approval): ApiJson<Approval>,
) -> Result<ApiJson<answer::Case>, Problem> {
    let once = Idempotent::new(&session, "approve", key, &(application, &approval))?;
    let cause = host::cause(&trace);
    Ok(ApiJson(act(&service, &session, application, &approval, &once, cause).await?))
}

/// `POST /award/cases/{application}/approval`
pub(super) async fn form(
    State(service): State<Shared>,
    page: Page,
    trace: Trace,
    ApiPath(application): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    // A form always sends what its reader saw: an empty hash means that no notice would be issued.
    let approval = Approval {
        in_knowledge_of_ties: fields.get("in_knowledge_of_ties") == "yes",
        revision: fields.get("revision").parse().ok(),
        sha256: Some(fields.get("sha256").to_owned()),
    };
    let once = Idempotent::new(
        &session,
        "approve",
        IdempotencyKey::new(fields.get("key"))?,
        &(application, &approval),
    )?;
    let cause = host::cause(&trace);
    match act(&service, &session, application, &approval, &once, cause).await {
        Ok(case) => {
            let next = page.url(&format!("/cases/{application}?done={}", case.state.name()));
            Ok(Redirect::to(&next).into_response())
        }
        Err(denied) => match denied.look_again(&page) {
            Ok(why) => confirm::show_again(&service, &page, &session, application, why).await,
            Err(denied) => {
                let mut form = Form::typed(&page, &fields);
                denied.beside(&mut form, &page)?;
                case::show_again(&service, &page, &session, application, form).await
            }
        },
    }
}
