//! Facts that eligibility publishes.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Decider;
use crate::Ags;

/// The result of one rule, with the value it was found by and the source of that value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    pub rule: Rule,
    /// The municipality that the finding is about; none where it is about the project.
    #[serde(default)]
    pub ags: Option<Ags>,
    pub outcome: Outcome,
    /// The clause that the rule applies, in German, e.g. `§ 1 Nr. 4 ZustAVO NRW`.
    pub clause: String,
    /// The value found, in German, for readers.
    pub value: String,
    /// Where the value was found, in German.
    pub source: String,
    /// What would meet the condition, in German; none where it is met.
    #[serde(default)]
    pub remedy: Option<String>,
    /// The same four texts in English, for readers; only the German ones are authoritative (§ 23 VwVfG). None in
    /// findings of older releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub english: Option<FindingTexts>,
}

/// The texts of a [`Finding`] in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingTexts {
    pub clause: String,
    pub value: String,
    pub source: String,
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
    /// The application was submitted in the call's window.
    Deadline,
    /// The project runs between the first and the last day that the call permits.
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

/// Outcome of a rule. A rule never rejects: what is not clear goes to a person (§ 35a VwVfG).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The condition is clearly met.
    Met,
    PersonMustDecide,
}

/// The application may be funded: it goes to review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EligibilityConfirmed {
    pub findings: Vec<Finding>,
    pub decided_by: Decider,
    /// Version of the call's rules.
    pub rule_version: u32,
    /// Day for which the register was read: the day of the application.
    pub register_day: NaiveDate,
}

/// The rules could not settle it: a person must decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EligibilityReferred {
    /// At least one has the outcome `person_must_decide`.
    pub findings: Vec<Finding>,
    /// Version of the call's rules.
    pub rule_version: u32,
    /// Day for which the register was read: the day of the application.
    pub register_day: NaiveDate,
}

/// A person has decided that the application is not eligible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IneligibilityConfirmed {
    pub findings: Vec<Finding>,
    /// Always a person.
    pub decided_by: Decider,
    /// Version of the call's rules.
    pub rule_version: u32,
}
