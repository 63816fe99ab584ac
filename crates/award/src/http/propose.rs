//! Propose: a case worker proposes a decision and the reasons that the notice will give.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use chassis::problem::{ApiJson, ApiPath, Problem};
use chassis::session::{Fields, PageForm};
use chassis::{Role, Session};
use events::{ApplicationId, Cents};
use host::{IdempotencyKey, Idempotent};
use pages::{Form, Page, kept, parse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{self, Kind};
use super::error::Error;
use super::{Shared, keep, words};
use crate::AppState;
use crate::award::{Decision, Signature};
use crate::calendar::day_in_germany;
use crate::notice_text::{self, NoticeInput};
use crate::store::cases;
use crate::store::history::{self, HistoryEntry, HistoryKind};

pub(super) const MAX_REASON_CHARS: usize = 5_000;

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Proposal {
    pub kind: Kind,
    /// The grant in euro cents, at most what was applied for; default: everything applied for.
    #[serde(default)]
    pub amount_cents: Option<i64>,
    /// Compulsory for a rejection (each line is a paragraph), and for a grant of less than applied for.
    #[serde(default)]
    pub reasons: String,
    /// Compulsory where nobody else pays anything (Vollfinanzierung, VV 2.3 zu § 44 LHO).
    #[serde(default)]
    pub reason_for_full: String,
    /// The proposer confirms knowing that no review counts, because the reviewers declared ties afterwards.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_knowledge_of_ties: bool,
    /// The revision seen; without it there is no check for changes since.
    #[serde(default)]
    pub revision: Option<i64>,
}

impl Proposal {
    fn decision(&self, applied: Cents) -> Decision {
        let filled = |text: &str| Some(parse::lines(text)).filter(|text| !text.is_empty());
        match self.kind {
            Kind::Grant => {
                let amount = self.amount_cents.map_or(applied, Cents);
                Decision::Grant {
                    amount,
                    reasons_for_less: filled(&self.reasons).filter(|_| amount < applied),
                    reason_for_full: filled(&self.reason_for_full),
                }
            }
            Kind::Reject => {
                Decision::Reject { reasons: parse::lines(&self.reasons).lines().filter_map(filled).collect() }
            }
        }
    }
}

async fn act(
    service: &AppState,
    session: &Session,
    application: ApplicationId,
    proposal: &Proposal,
    once: &Idempotent,
) -> Result<answer::Case, Error> {
    session.require(Role::CaseWorker)?;
    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(done) = before {
        return Ok(done);
    }
    let case = cases::lock(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    let file = cases::dossier(&mut tx, application).await?.ok_or_else(Problem::not_found)?;
    cases::refuse_tied(&mut tx, &file, session).await??;
    let without_reviews = case.require_reviews(proposal.in_knowledge_of_ties)?;
    let (now, by) = (tx.now(), host::person(session));
    let decision = proposal.decision(case.terms.applied);
    let what = match proposal.kind {
        Kind::Grant => HistoryKind::ProposedGrant,
        Kind::Reject => HistoryKind::ProposedReject,
    };
    let happened = HistoryEntry::new(now, what).by(&by).amount(decision.amount());
    let source = NoticeInput { submitted: &file.submitted, call: &file.call, year: case.terms.year };
    let missing = letters::missing_parts(&notice_text::notice(source, &decision, day_in_germany(now)));
    let case = case.as_seen(proposal.revision)?.propose(decision, Signature { by, at: now })?;
    if !missing.is_empty() {
        return Err(Error::Missing(missing));
    }
    cases::save(&mut tx, &case, &happened).await?;
    if without_reviews {
        history::append(
            &mut tx,
            application,
            &HistoryEntry::new(now, HistoryKind::WithoutReviews).by(&host::person(session)),
        )
        .await?;
    }
    let answer = answer::Case::of(&file.saved(case));
    kept::discard(&mut tx, &session.person, &keep::name("proposal", application)).await?;
    once.store(&mut tx, &answer)?;
    host::commit(&service.bus, tx).await?;
    Ok(answer)
}

/// `POST /award/api/cases/{application}/proposal`
pub(super) async fn api(
    State(service): State<Shared>,
    session: Session,
    ApiPath(application): ApiPath<ApplicationId>,
    key: IdempotencyKey,
    ApiJson(proposal): ApiJson<Proposal>,
) -> Result<ApiJson<answer::Case>, Problem> {
    let texts = [("/reasons", &proposal.reasons), ("/reason_for_full", &proposal.reason_for_full)];
    if let Some((field, _)) =
        texts.into_iter().find(|(_, text)| parse::length(&parse::lines(text)) > MAX_REASON_CHARS)
    {
        return Err(Problem::invalid([(field, format!("at most {MAX_REASON_CHARS} characters"))]));
    }
    let once = Idempotent::new(&session, "propose", key, &(application, &proposal))?;
    Ok(ApiJson(act(&service, &session, application, &proposal, &once).await?))
}

/// `POST /award/cases/{application}/proposal`
pub(super) async fn form(
    State(service): State<Shared>,
    page: Page,
    ApiPath(application): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let mut form = Form::typed(&page, &fields);
    let kind = form.required_choice("kind", "field-kind", &words::kinds(&page));
    let kind = if kind == "reject" { Kind::Reject } else { Kind::Grant };
    let amount = match kind {
        Kind::Grant => Some(form.need_money("amount_cents", "field-amount")),
        Kind::Reject => None,
    };
    let proposal = Proposal {
        kind,
        amount_cents: amount,
        reasons: form.optional("reasons", "field-reasons", MAX_REASON_CHARS).unwrap_or_default(),
        reason_for_full: form
            .optional("reason_for_full", "field-reason-for-full", MAX_REASON_CHARS)
            .unwrap_or_default(),
        in_knowledge_of_ties: fields.get("in_knowledge_of_ties") == "yes",
        revision: fields.get("revision").parse().ok(),
    };
    if form.is_valid() {
        let once = Idempotent::new(
            &session,
            "propose",
            IdempotencyKey::new(fields.get("key"))?,
            &(application, &proposal),
        )?;
        match act(&service, &session, application, &proposal, &once).await {
            Ok(_) => {
                let next = page.url(&format!("/cases/{application}?done=proposed"));
                return Ok(Redirect::to(&next).into_response());
            }
            Err(denied) => keep::note(denied, &mut form, &page)?,
        }
    }
    keep::show(&service, &page, &session, application, "proposal", &fields, &form).await
}
