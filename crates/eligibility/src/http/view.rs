//! A case as the API sends it.

use chrono::{DateTime, NaiveDate, Utc};
use events::{Applicant, Application, ApplicationId, Decider, Finding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::{Case, Stage, State, Verdict};
use crate::store::replies::Reply;

/// One case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseView {
    /// The application.
    pub id: ApplicationId,
    /// Aktenzeichen.
    pub file_number: String,
    /// Who applies.
    pub applicant: Applicant,
    /// Where the case stands.
    pub state: Stage,
    /// When it came here, UTC.
    pub opened_at: DateTime<Utc>,
    /// Version of the call's rules.
    pub rule_version: u32,
    /// Day for which the register was asked.
    pub register_day: NaiveDate,
    /// What the rules found.
    pub findings: Vec<Finding>,
    /// What was decided.
    pub decision: Option<DecisionView>,
    /// When the applicant took it back, UTC.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// The form as it was submitted; the contact as it is now.
    pub application: Application,
    /// What the applicant has replied, oldest first; only in the answer to a question for the case.
    #[serde(default)]
    pub replies: Vec<Reply>,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionView {
    /// What was decided.
    pub verdict: Verdict,
    /// By whom, and why.
    pub by: Decider,
    /// When, UTC.
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
            state: case.stage(),
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
