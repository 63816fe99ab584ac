//! Approve: another person decides. Money, decision and notice commit together.

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
use crate::store::history::{self, HistoryEntry, What};
use crate::store::{budgets, cases, notices};

/// An approval.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    /// No review counts any more, because the reviewers declared ties afterwards, and the approver knows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_knowledge_of_ties: bool,
    /// The revision seen; left out: as it is now.
    #[serde(default)]
    pub revision: Option<i64>,
    /// SHA-256 of the notice seen, as lower-case hex; empty: seen that none would be issued, because the funds are
    /// not enough. Another notice is not issued then. Left out: as it is now.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub sha256: Option<String>,
}

/// So often an approval starts again when the case or its budget has changed while the notice was set.
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
    // The answer of the first time, before a notice is set in vain: the case has changed since.
    let mut tx = host::begin(&service.bus).await?;
    if let Some(done) = once.answer(&mut tx).await? {
        return Ok(done);
    }
    let file = cases::file(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    cases::refuse_tied(&mut tx, &file, session).await??;
    drop(tx);
    // Kept until the commit: whoever waits for it sees what is left of the money, and prints nothing in vain.
    let place = service.printer.place().await;
    for _ in 0..ATTEMPTS {
        // Typesetting takes longer than a row may be locked: it is done before, from the case as it is now.
        let at = service.clock.now();
        let approved = Signature { by: by.clone(), at };
        let file = read(service, application).await?;
        file.case.clone().as_seen(approval.revision)?;
        file.case.known(approval.in_knowledge_of_ties)?;
        let outlook = Outlook::of(service, &place, file, &approved).await?;
        outlook.is_as_seen(approval.sha256.as_deref())?;

        let mut tx = host::begin(&service.bus).await?;
        if let Some(done) = once.answer(&mut tx).await? {
            return Ok(done);
        }
        let case = cases::lock(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
        if case.revision != outlook.file.case.revision {
            continue;
        }
        let file = cases::file(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
        cases::refuse_tied(&mut tx, &file, session).await??;
        let known = case.known(approval.in_knowledge_of_ties)?;
        let before = case.state.stage();
        let budget = budgets::lock(&mut tx, case.terms.call, case.terms.year).await?;
        let Approved { case, budget, fact } = case.approve(approved, budget)?;
        if approval.sha256.is_some() && case.state.stage() != outlook.stage {
            continue; // the money came or went just now: the next round says so
        }
        let issued = match (&case.state, outlook.pdf) {
            (CaseState::Granted { .. }, Some(pdf)) => Some((NoticeKind::Award, pdf)),
            (CaseState::Rejected { .. }, Some(pdf)) => Some((NoticeKind::Rejection, pdf)),
            (CaseState::Granted { .. } | CaseState::Rejected { .. }, None) => continue, // money came back just now
            _ => None,
        };
        if let CaseState::Granted { .. } = &case.state {
            budgets::commit(&mut tx, &case, &budget, at).await?;
        }
        let what = match &case.state {
            CaseState::Granted { .. } => What::Granted,
            CaseState::Rejected { .. } => What::Rejected,
            _ => What::Waitlisted,
        };
        let happened = HistoryEntry::new(at, what).by(&by).amount(case.expected());
        cases::save(&mut tx, &case, before, &happened).await?;
        if known {
            history::append(&mut tx, application, &HistoryEntry::new(at, What::Known).by(&by)).await?;
        }
        outbox::append(&mut tx, application, fact, cause.clone());
        if let Some((kind, pdf)) = issued {
            let notice = notices::Notice::issued(application, kind, pdf.sha256, at);
            notices::insert(&mut tx, &notice, &pdf.bytes).await?;
            let happened = HistoryEntry::new(at, What::Notice).remark(notice.sha256.clone());
            history::append(&mut tx, application, &happened).await?;
            let fact = NoticeIssued { notice: notice.id, kind, sha256: notice.sha256, issued_at: at };
            outbox::append(&mut tx, application, fact, cause);
        }
        let answer = answer::Case::of(&file.saved(case));
        once.store(&mut tx, &answer).await?;
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
    // A form always says what its reader saw: without a hash, that no notice would be issued.
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
