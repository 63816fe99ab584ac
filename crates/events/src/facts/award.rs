//! Facts that award publishes.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Person;
use crate::{CallId, Cents, NoticeId};

/// Two persons have granted money, and it is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AwardGranted {
    /// The call whose budget pays.
    pub call: CallId,
    /// The grant; never more than applied for.
    pub amount: Cents,
    /// Financial year of the commitment.
    pub budget_year: i32,
    /// Why the grant is less than applied for; compulsory then (VV 4.1).
    #[serde(default)]
    pub reasons_for_less: Option<String>,
    pub proposed_by: Person,
    /// Never the same person as `proposed_by`.
    pub approved_by: Person,
}

/// Two persons have rejected the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AwardRejected {
    pub reasons: Vec<String>,
    pub proposed_by: Person,
    /// Never the same person as `proposed_by`.
    pub approved_by: Person,
}

/// The application deserves a grant, but the budget of the year is used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApplicationWaitlisted {
    /// The grant for which it waits.
    pub amount: Cents,
    pub budget_year: i32,
    /// What was left of the budget.
    pub left: Cents,
    pub proposed_by: Person,
    pub approved_by: Person,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Zuwendungsbescheid.
    Award,
    /// Ablehnungsbescheid.
    Rejection,
}

/// A notice can be opened in the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeIssued {
    pub notice: NoticeId,
    pub kind: NoticeKind,
    /// SHA-256 of the PDF, lower-case hex.
    pub sha256: String,
    /// When it was put into the portal, UTC.
    pub issued_at: DateTime<Utc>,
}

/// The time for a legal remedy is over (§ 74 VwGO), or it was waived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeBecameFinal {
    pub notice: NoticeId,
    /// First day on which it is final.
    pub final_on: NaiveDate,
}
