//! What the API says of a case, a budget, a notice. Amounts are euro cents; times are UTC, days are German ones.

use chrono::{DateTime, NaiveDate, Utc};
use events::{ApplicationId, CallId, NoticeId, NoticeKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outlook;
use crate::award::{Decision, Stage};
use crate::budget;
use crate::deadlines::{Message, Standing};
use crate::store::cases::Dossier;
use crate::store::notices;

/// A case.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Case {
    /// The application.
    pub application: ApplicationId,
    /// Aktenzeichen.
    pub file_number: String,
    /// The call.
    pub call: CallId,
    /// Who applies.
    pub applicant: String,
    /// Title of the project.
    pub title: String,
    /// Where it stands.
    pub state: Stage,
    /// Grows with each change; send it along to decide only on what you have seen.
    pub revision: i64,
    /// Grant applied for.
    pub applied_cents: i64,
    /// Financial year that would pay.
    pub year: i32,
    /// Mean of the reviews, 0 to 10,000; none before they are in.
    pub weighted: Option<u16>,
    /// Reviewers (their ids) whose review does not count, because they declared a tie after giving it.
    #[serde(default)]
    pub set_aside: Vec<String>,
    /// What is proposed or decided.
    pub proposal: Option<Proposed>,
}

/// What is proposed or decided.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Proposed {
    /// Grant or reject.
    pub kind: Kind,
    /// The grant.
    pub amount_cents: i64,
    /// Why less, or why not.
    pub reasons: Vec<String>,
    /// Who proposed it.
    pub proposed_by: String,
}

/// Grant or reject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Grant an amount.
    Grant,
    /// Turn it down.
    Reject,
}

impl Case {
    /// What there is to say of this file.
    pub(super) fn of(Dossier { case, submitted, .. }: &Dossier) -> Self {
        let proposal = case.state.proposal().map(|proposal| {
            let (kind, reasons) = match &proposal.decision {
                Decision::Grant { reasons_for_less, .. } => {
                    (Kind::Grant, reasons_for_less.iter().cloned().collect())
                }
                Decision::Reject { reasons } => (Kind::Reject, reasons.clone()),
            };
            let proposed_by = proposal.proposed.by.name.clone();
            Proposed { kind, amount_cents: proposal.decision.amount().0, reasons, proposed_by }
        });
        Self {
            application: case.application,
            file_number: submitted.file_number.clone(),
            call: case.terms.call,
            applicant: submitted.applicant.name.clone(),
            title: submitted.application.title.clone(),
            state: case.state.stage(),
            revision: case.revision,
            applied_cents: case.terms.applied.0,
            year: case.terms.year,
            weighted: case.result().map(|result| result.weighted),
            set_aside: case.set_aside.clone(),
            proposal,
        }
    }
}

/// What an approval would do now.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Outlook {
    /// Granted, rejected, or waitlisted.
    pub state: Stage,
    /// The revision this is about.
    pub revision: i64,
    /// What is proposed.
    pub amount_cents: i64,
    /// What is left in the year now.
    pub left_cents: i64,
    /// What would be left after it.
    pub left_after_cents: i64,
    /// The largest grant of the call.
    pub maximum_grant_cents: i64,
    /// SHA-256 of the notice that would be issued, lower-case hex; empty where none would be.
    pub sha256: String,
}

impl Outlook {
    /// What there is to say of it.
    pub(super) fn of(outlook: &outlook::Outlook) -> Self {
        Self {
            state: outlook.stage,
            revision: outlook.file.case.revision,
            amount_cents: outlook.file.case.expected().0,
            left_cents: outlook.budget.left().0,
            left_after_cents: outlook.after.left().0,
            maximum_grant_cents: outlook.file.call.maximum_grant.0,
            sha256: outlook.sha256().to_owned(),
        }
    }
}

/// The money of one call and year.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Budget {
    /// The call.
    pub call: CallId,
    /// Financial year.
    pub year: i32,
    /// What there is.
    pub amount_cents: i64,
    /// What is committed.
    pub committed_cents: i64,
    /// What is left.
    pub left_cents: i64,
}

impl From<budget::Budget> for Budget {
    fn from(budget: budget::Budget) -> Self {
        Self {
            call: budget.call,
            year: budget.year,
            amount_cents: budget.amount.0,
            committed_cents: budget.committed.0,
            left_cents: budget.left().0,
        }
    }
}

/// A notice, and where its deadlines stand today.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Notice {
    /// The notice.
    pub notice: NoticeId,
    /// The application it decides.
    pub application: ApplicationId,
    /// What it is.
    pub kind: NoticeKind,
    /// SHA-256 of the PDF, lower-case hex.
    pub sha256: String,
    /// When it was put into the portal.
    pub issued_at: DateTime<Utc>,
    /// When the applicant retrieved it.
    pub retrieved_at: Option<DateTime<Utc>>,
    /// When the message about it was sent; the offer counts from that day. None while it waits, or after it
    /// came back.
    #[serde(default)]
    pub message_sent_at: Option<DateTime<Utc>>,
    /// When the message about it came back, and none has been sent since.
    #[serde(default)]
    pub message_bounced_at: Option<DateTime<Utc>>,
    /// The portal will not do it: a case worker has to post it, or to see to a better address.
    #[serde(default)]
    pub needs_post: bool,
    /// Where its deadlines stand.
    #[serde(flatten)]
    pub standing: Standing,
}

impl Notice {
    /// What there is to say of this notice on `today`.
    pub(super) fn of(notice: &notices::Notice, today: NaiveDate) -> Self {
        let (message_sent_at, message_bounced_at) = match notice.way.message {
            Message::Pending => (None, None),
            Message::Sent(at) => (Some(at), None),
            Message::Bounced(at) => (None, Some(at)),
        };
        Self {
            notice: notice.id,
            application: notice.application,
            kind: notice.kind,
            sha256: notice.sha256.clone(),
            issued_at: notice.issued_at,
            retrieved_at: notice.retrieved_at,
            message_sent_at,
            message_bounced_at,
            needs_post: notice.way.needs_post(today),
            standing: notice.way.standing(today),
        }
    }
}
