//! A case as the API sends it.

use chrono::{DateTime, NaiveDate, Utc};
use events::{Applicant, Application, ApplicationId, Decider, Finding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::{Case, State, Status, Verdict};
use crate::store::replies::Reply;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseView {
    /// Id of the application.
    pub id: ApplicationId,
    /// File number (Aktenzeichen).
    pub file_number: String,
    /// The municipality that applies.
    pub applicant: Applicant,
    pub state: Status,
    /// When eligibility received the application, UTC.
    pub opened_at: DateTime<Utc>,
    /// Version of the rules of the call.
    pub rule_version: u32,
    /// The day whose register of offices was used.
    pub register_day: NaiveDate,
    /// What the rules found.
    pub findings: Vec<Finding>,
    /// Absent while the case waits for a decision.
    pub decision: Option<DecisionView>,
    /// When the applicant withdrew the application, UTC.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// The application as submitted, but with the contact as it is now.
    pub application: Application,
    /// Replies of the applicant, oldest first; only in the answer to a request for this case.
    #[serde(default)]
    pub replies: Vec<Reply>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionView {
    pub verdict: Verdict,
    /// Who decided, and why.
    pub by: Decider,
    /// UTC.
    pub at: DateTime<Utc>,
}

impl From<&Case> for CaseView {
    fn from(case: &Case) -> Self {
        let withdrawn_at = match &case.state {
            State::Withdrawn { at, .. } => Some(*at),
            State::Referred | State::Decided(_) => None,
        };
        let decision = case.decision().map(|decision| DecisionView {
            verdict: decision.verdict,
            by: decision.by.clone(),
            at: decision.at,
        });
        Self {
            id: case.id,
            file_number: case.submitted.file_number.clone(),
            applicant: case.submitted.applicant.clone(),
            state: case.status(),
            opened_at: case.opened_at,
            rule_version: case.assessment.rule_version,
            register_day: case.register_day(),
            findings: case.assessment.findings.clone(),
            decision,
            withdrawn_at,
            application: case.submitted.application.clone(),
            replies: Vec::new(),
        }
    }
}
