//! What eligibility says.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Decider;
use crate::Ags;

/// One rule looked at: what it asks, what was found, where it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// Municipality the finding is about; none where it is about the project.
    #[serde(default)]
    pub ags: Option<Ags>,
    /// What came out.
    pub outcome: Outcome,
    /// The clause that asks for it, e.g. `§ 1 Nr. 4 ZustAVO NRW`.
    pub clause: String,
    /// The value found, in German, ready to be read.
    pub value: String,
    /// Where the value stands.
    pub source: String,
    /// What would make a missing condition good, in German.
    #[serde(default)]
    pub remedy: Option<String>,
    /// The same four texts in English, for readers. The German ones are those that count (§ 23 VwVfG); findings of
    /// older releases have no others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub english: Option<FindingTexts>,
}

/// The texts of a [`Finding`] in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingTexts {
    /// The clause that asks for it.
    pub clause: String,
    /// The value found.
    pub value: String,
    /// Where the value stands.
    pub source: String,
    /// What would make a missing condition good.
    #[serde(default)]
    pub remedy: Option<String>,
}

/// The rules of eligibility.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The applicant is in the register of municipalities.
    Municipality,
    /// The applicant has the immigration office that the call asks for.
    ImmigrationOffice,
    /// Submitted in the window.
    Deadline,
    /// The project runs in the days of the call.
    ProjectPeriod,
    /// The project has not begun before the application (VV 1.3).
    NotBegun,
    /// The grant lies between the call's limits.
    GrantLimits,
    /// The full financing is secured (VV 1.2).
    Financing,
    /// All framework conditions are declared.
    Declarations,
}

/// Outcome of a rule. A machine never says no: what is not clear goes to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Clearly kept.
    Met,
    /// A person must decide.
    PersonMustDecide,
}

/// The application may be funded: it goes to review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EligibilityConfirmed {
    /// All findings.
    pub findings: Vec<Finding>,
    /// Who decided.
    pub decided_by: Decider,
    /// Version of the call's rules.
    pub rule_version: u32,
    /// Day for which the register was asked: the day of application.
    pub register_day: NaiveDate,
}

/// The rules could not settle it: a person must decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EligibilityReferred {
    /// All findings; at least one asks for a person.
    pub findings: Vec<Finding>,
    /// Version of the call's rules.
    pub rule_version: u32,
    /// Day for which the register was asked.
    pub register_day: NaiveDate,
}

/// A person has decided that the application is not eligible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IneligibilityConfirmed {
    /// All findings.
    pub findings: Vec<Finding>,
    /// The person and the reason.
    pub decided_by: Decider,
    /// Version of the call's rules.
    pub rule_version: u32,
}
