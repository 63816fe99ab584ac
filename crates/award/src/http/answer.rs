//! The API's representation of cases, budgets and notices. Amounts are euro cents, times are UTC, days are calendar days
//! in Germany.

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

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Case {
    pub application: ApplicationId,
    /// File number (Aktenzeichen).
    pub file_number: String,
    pub call: CallId,
    pub applicant: String,
    pub title: String,
    pub state: Stage,
    /// Grows with each change. Send it with a decision to have it refused if the case has changed since.
    pub revision: i64,
    pub applied_cents: i64,
    /// Financial year whose budget would pay the grant.
    pub year: i32,
    /// Mean of the reviews in hundredths of a percent of the reachable points, 0 to 10,000; null before they are in.
    pub weighted: Option<u16>,
    /// Ids of the reviewers whose review does not count, because they declared a tie after giving it.
    #[serde(default)]
    pub set_aside: Vec<String>,
    pub proposal: Option<Proposed>,
}

/// The decision that is proposed or made.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Proposed {
    pub kind: Kind,
    /// Zero for a rejection.
    pub amount_cents: i64,
    /// Why less is granted than applied for, or why it is rejected.
    pub reasons: Vec<String>,
    pub proposed_by: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Grant,
    Reject,
}

impl Case {
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
    /// `granted`, `rejected` or `waitlisted`.
    pub state: Stage,
    pub revision: i64,
    pub amount_cents: i64,
    /// What is left of the year's budget now.
    pub left_cents: i64,
    /// What would be left of it after the approval.
    pub left_after_cents: i64,
    /// The largest grant of the call.
    pub maximum_grant_cents: i64,
    /// SHA-256 of the notice that would be issued, as lower-case hex; empty where none would be.
    pub sha256: String,
}

impl Outlook {
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

/// The budget of a call for one financial year.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Budget {
    pub call: CallId,
    pub year: i32,
    pub amount_cents: i64,
    pub committed_cents: i64,
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

/// A notice, and its legal status today.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Notice {
    pub notice: NoticeId,
    pub application: ApplicationId,
    pub kind: NoticeKind,
    /// SHA-256 of the PDF, lower-case hex.
    pub sha256: String,
    /// When it was put into the portal.
    pub issued_at: DateTime<Utc>,
    /// When the applicant retrieved it.
    pub retrieved_at: Option<DateTime<Utc>>,
    /// When the email about it was sent; the offer counts from that day. Null while it waits, or after it bounced.
    #[serde(default)]
    pub message_sent_at: Option<DateTime<Utc>>,
    /// When the email about it bounced, if none has been sent since.
    #[serde(default)]
    pub message_bounced_at: Option<DateTime<Utc>>,
    /// A case worker has to post it, or to get a corrected email address.
    #[serde(default)]
    pub needs_post: bool,
    #[serde(flatten)]
    pub standing: Standing,
}

impl Notice {
    pub(super) fn of(notice: &notices::Notice, today: NaiveDate) -> Self {
        let (message_sent_at, message_bounced_at) = match notice.delivery.message {
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
            needs_post: notice.delivery.needs_post(today),
            standing: notice.delivery.standing(today),
        }
    }
}
