//! The rules of one funding round, as data: a new programme needs a file, not a release.

use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CallId, Cents, FundingPriority, ProjectTheme};

/// A call (Förderaufruf). Written as a TOML file, checked by intake, published as a fact.
///
/// These types are sent and stored, so they ignore fields that a newer release has added. Unknown fields in a call
/// file are refused where it is read, in intake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// Short name, e.g. `komm-in-2027`; the id is derived from it.
    pub key: String,
    /// Version of these rules; every decision names the version that it was made by.
    pub version: u32,
    pub title: Text,
    /// Name of the programme, e.g. `KOMM-IN NRW`.
    pub programme: String,
    /// Prefix of the file numbers, e.g. `36.KI-2027`.
    pub file_number_prefix: String,
    /// When applications can be submitted.
    pub window: Window,
    /// Funds by financial year. Never over-committed.
    pub budget: Vec<BudgetYear>,
    /// Smallest grant (VV 1.1: no trivial grants).
    pub minimum_grant: Cents,
    pub maximum_grant: Cents,
    pub office_rule: OfficeRule,
    /// Priorities an applicant may choose from.
    pub funding_priorities: Vec<FundingPriority>,
    /// Themes an applicant may choose from.
    pub themes: Vec<ProjectTheme>,
    /// First day on which a project may begin.
    pub project_from: NaiveDate,
    /// Last day on which a project may end.
    pub project_to: NaiveDate,
    pub criteria: Vec<Criterion>,
    /// Highest score of a criterion; the lowest is 0.
    pub maximum_score: u8,
    /// Number of independent reviews that each application needs.
    pub reviews_per_application: u8,
    pub letters: Letters,
}

impl Call {
    pub fn id(&self) -> CallId {
        CallId::of_key(&self.key)
    }

    /// Checks that applications can be scored by these rules, so that review can work with what intake publishes.
    ///
    /// # Errors
    /// The first mistake.
    pub fn validate(&self) -> Result<(), BadRules> {
        let refuse = |path: String, problem: String| Err(BadRules { path, problem });
        for (row, criterion) in self.criteria.iter().enumerate() {
            if criterion.weight == 0 {
                return refuse(format!("criteria.{row}.weight"), "expected more than 0".to_owned());
            }
            if self.criteria[..row].iter().any(|earlier| earlier.key == criterion.key) {
                let problem = "stands here a second time, expected each only once";
                return refuse(format!("criteria.{row}.key"), problem.to_owned());
            }
        }
        let weights: u32 = self.criteria.iter().map(|criterion| u32::from(criterion.weight)).sum();
        if weights != 100 {
            let last = self.criteria.len().checked_sub(1);
            let path = last.map_or("criteria".to_owned(), |last| format!("criteria.{last}.weight"));
            return refuse(path, format!("the weights add up to {weights}, expected 100"));
        }
        if self.maximum_score == 0 {
            return refuse("maximum_score".to_owned(), "expected 1 or more".to_owned());
        }
        if self.reviews_per_application == 0 {
            return refuse("reviews_per_application".to_owned(), "expected 1 or more".to_owned());
        }
        Ok(())
    }
}

/// A mistake in the rules that the author of the call has to correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRules {
    /// The field, such as `criteria.2.weight`.
    pub path: String,
    /// What is wrong with it, and what is expected.
    pub problem: String,
}

impl std::fmt::Display for BadRules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

impl std::error::Error for BadRules {}

/// A text in German and English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Text {
    pub de: String,
    pub en: String,
}

/// Application window. Applications after it are accepted and flagged as late (§ 24 (3) VwVfG); before it
/// nothing can be submitted. Use its methods instead of comparing with its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// First moment, UTC.
    pub opens: DateTime<Utc>,
    /// The end, UTC: the first moment that is late, such as midnight after the last day. A moment in the last
    /// second of a minute, such as `22:59:59Z`, names that whole second.
    pub closes: DateTime<Utc>,
}

impl Window {
    /// The first moment that is late. A time limit of whole days ends at 24:00 of the last day (§ 31 (1) VwVfG,
    /// § 188 (1) BGB), so that every fraction of its last second is in time.
    pub fn end(&self) -> DateTime<Utc> {
        if self.closes.second() < 59 {
            return self.closes;
        }
        self.closes.with_nanosecond(0).unwrap_or(self.closes) + TimeDelta::seconds(1)
    }

    /// Whether it has not opened yet.
    pub fn is_ahead(&self, at: DateTime<Utc>) -> bool {
        at < self.opens
    }

    /// Whether a submission at this moment is late.
    pub fn is_over(&self, at: DateTime<Utc>) -> bool {
        at >= self.end()
    }

    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        !self.is_ahead(at) && !self.is_over(at)
    }
}

/// Funds of one financial year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BudgetYear {
    pub year: i32,
    /// The most that may be committed in it.
    pub amount: Cents,
}

/// What a call asks about the applicant's immigration office (§ 1 no. 4 ZustAVO NRW).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfficeRule {
    /// The applicant must have an office of its own.
    OwnOffice,
    /// The applicant must have an office of its own, or the office of its district and the district's declaration.
    OfficeOfDistrictWithDeclaration,
    /// The applicant needs no office.
    AnyMunicipality,
}

/// A criterion by which reviewers score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Criterion {
    /// Short name, unique in the call.
    pub key: String,
    pub title: Text,
    /// The weights of a call add up to 100.
    pub weight: u8,
}

/// The parts of a notice that belong to the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Letters {
    pub authority: Authority,
    /// Name of the head of the authority or of the deputy (§ 37 (3) VwVfG).
    pub signed_by: String,
    /// The court for all applicants; empty where `court_by_seat` is true.
    #[serde(default)]
    pub court: Court,
    /// Whether the court is that of the recipient's seat: § 52 no. 3 sentence 2 VwGO, where the authority is responsible
    /// for the districts of several administrative courts.
    #[serde(default)]
    pub court_by_seat: bool,
    /// Ancillary conditions that are part of the notice, with version (VV 5.1).
    pub ancillary_conditions: String,
    /// Further conditions of this call, one sentence each.
    pub conditions: Vec<String>,
    /// How the money is paid out, as sentences in the notice.
    pub payout: String,
    /// Days after the end of the project until the proof of use is due.
    pub proof_due_days: u16,
    /// Text at the foot of each letter; may be empty.
    #[serde(default)]
    pub footer: String,
}

/// The granting authority (Bewilligungsbehörde).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Authority {
    pub name: String,
    /// Postal address, line by line.
    pub address: Vec<String>,
    /// Person, telephone and email for questions.
    pub contact: String,
}

/// The administrative court of the remedy notice (§ 58 (1) VwGO).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Court {
    pub name: String,
    /// Postal address, line by line.
    pub address: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a moment")
    }

    #[test]
    fn a_window_ends_with_its_last_second_and_not_before() {
        // The end of a day in winter and in summer, the last second of a year, an hour of the day, and a moment
        // that carries a fraction.
        for (closes, last, late) in [
            ("2027-02-28T22:59:59Z", "2027-02-28T22:59:59.999999999Z", "2027-02-28T23:00:00Z"),
            ("2027-02-28T23:00:00Z", "2027-02-28T22:59:59.999999999Z", "2027-02-28T23:00:00Z"),
            ("2027-06-30T21:59:59Z", "2027-06-30T21:59:59.400Z", "2027-06-30T22:00:00Z"),
            ("2027-06-30T22:00:00Z", "2027-06-30T21:59:59.999Z", "2027-06-30T22:00:00Z"),
            ("2027-12-31T22:59:59Z", "2027-12-31T22:59:59.999Z", "2027-12-31T23:00:00Z"),
            ("2027-12-31T22:59:59.250Z", "2027-12-31T22:59:59.999Z", "2027-12-31T23:00:00Z"),
            ("2027-03-15T11:00:00Z", "2027-03-15T10:59:59.999Z", "2027-03-15T11:00:00Z"),
        ] {
            let window = Window { opens: at("2026-09-30T22:00:00Z"), closes: at(closes) };
            assert!(window.is_open(at(last)) && !window.is_over(at(last)), "{closes}");
            assert!(window.is_over(at(late)) && !window.is_open(at(late)), "{closes}");
            assert_eq!(window.end(), at(late));
        }
    }

    #[test]
    fn a_window_opens_with_its_first_moment() {
        let window = Window { opens: at("2026-09-30T22:00:00Z"), closes: at("2027-02-28T22:59:59Z") };
        assert!(
            window.is_ahead(at("2026-09-30T21:59:59.999Z")) && !window.is_ahead(at("2026-09-30T22:00:00Z"))
        );
        assert!(
            window.is_open(at("2026-09-30T22:00:00Z")) && !window.is_open(at("2026-09-30T21:59:59.999Z"))
        );
    }
}
