//! What award says.

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
    /// What is granted; never more than applied for.
    pub amount: Cents,
    /// Financial year of the commitment.
    pub budget_year: i32,
    /// Why less than applied for; compulsory then (VV 4.1).
    #[serde(default)]
    pub reasons_for_less: Option<String>,
    /// Who proposed.
    pub proposed_by: Person,
    /// Who approved; never the same person.
    pub approved_by: Person,
}

/// Two persons have turned the application down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AwardRejected {
    /// Why.
    pub reasons: Vec<String>,
    /// Who proposed.
    pub proposed_by: Person,
    /// Who approved; never the same person.
    pub approved_by: Person,
}

/// Worth funding, but the budget of the year is used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApplicationWaitlisted {
    /// What would have been granted.
    pub amount: Cents,
    /// Financial year whose budget is used up.
    pub budget_year: i32,
    /// What was left of it.
    pub left: Cents,
    /// Who proposed.
    pub proposed_by: Person,
    /// Who approved.
    pub approved_by: Person,
}

/// Kind of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Zuwendungsbescheid.
    Award,
    /// Ablehnungsbescheid.
    Rejection,
}

/// A notice lies in the portal, ready to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeIssued {
    /// Its id.
    pub notice: NoticeId,
    /// What it is.
    pub kind: NoticeKind,
    /// SHA-256 of the PDF, lower-case hex.
    pub sha256: String,
    /// When it was put there.
    pub issued_at: DateTime<Utc>,
}

/// The time for a legal remedy is over (§ 74 VwGO), or it was waived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeBecameFinal {
    /// The notice.
    pub notice: NoticeId,
    /// The day from which it is final.
    pub final_on: NaiveDate,
}
