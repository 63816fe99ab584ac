//! The rules of one funding round, as data. A new programme is a file, not a release.

use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CallId, Cents, FundingPriority, ProjectTheme};

/// A call (Förderaufruf). Written as a TOML file, checked by intake, published as a fact.
///
/// These types are sent and stored, so they ignore what a newer release added; that a call file says nothing
/// unknown is checked where it is read, in intake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// Short name, e.g. `komm-in-2027`; the id is derived from it.
    pub key: String,
    /// Version of these rules; every decision names the version it was taken by.
    pub version: u32,
    /// Title of the call.
    pub title: Text,
    /// Name of the programme, e.g. `KOMM-IN NRW`.
    pub programme: String,
    /// Prefix of the file numbers, e.g. `36.KI-2027`.
    pub file_number_prefix: String,
    /// When to apply.
    pub window: Window,
    /// Funds by financial year. Never over-committed.
    pub budget: Vec<BudgetYear>,
    /// Smallest grant (VV 1.1: no trivial grants).
    pub minimum_grant: Cents,
    /// Largest grant for one project.
    pub maximum_grant: Cents,
    /// What the call asks about the immigration office.
    pub office_rule: OfficeRule,
    /// Priorities an applicant may choose from.
    pub funding_priorities: Vec<FundingPriority>,
    /// Themes an applicant may choose from.
    pub themes: Vec<ProjectTheme>,
    /// Days in which the project may run.
    pub project_from: NaiveDate,
    /// Last day on which a project may end.
    pub project_to: NaiveDate,
    /// What reviewers score.
    pub criteria: Vec<Criterion>,
    /// Highest score of a criterion; the lowest is 0.
    pub maximum_score: u8,
    /// Independent reviews each file needs.
    pub reviews_per_application: u8,
    /// What the letters say.
    pub letters: Letters,
}

impl Call {
    /// The id that its key gives.
    pub fn id(&self) -> CallId {
        CallId::of_key(&self.key)
    }

    /// Checks that applications can be scored by these rules: what intake publishes, review takes.
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

/// Rules by which nothing can be scored. The call's author has to mend them.
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

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Text {
    /// German.
    pub de: String,
    /// English.
    pub en: String,
}

/// Application window. Applications after it are taken in and flagged as late (§ 24 (3) VwVfG); before it
/// nothing can be submitted. Ask its methods; nobody compares with its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// First moment, UTC.
    pub opens: DateTime<Utc>,
    /// The end, UTC: the first moment that is late, such as midnight after the last day. A moment in the last
    /// second of a minute, such as `22:59:59Z`, names that whole second.
    pub closes: DateTime<Utc>,
}

impl Window {
    /// The first moment that is late. A time limit that is a day ends with it, at 24:00 (§ 31 (1) VwVfG,
    /// § 188 (1) BGB): what comes in the last second of a day is in time, to its last fraction.
    pub fn end(&self) -> DateTime<Utc> {
        if self.closes.second() < 59 {
            return self.closes;
        }
        self.closes.with_nanosecond(0).unwrap_or(self.closes) + TimeDelta::seconds(1)
    }

    /// It has not opened yet.
    pub fn is_ahead(&self, at: DateTime<Utc>) -> bool {
        at < self.opens
    }

    /// It is over: what comes now is late.
    pub fn is_over(&self, at: DateTime<Utc>) -> bool {
        at >= self.end()
    }

    /// Neither ahead nor over.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        !self.is_ahead(at) && !self.is_over(at)
    }
}

/// Funds of one financial year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BudgetYear {
    /// The year.
    pub year: i32,
    /// What may be committed in it.
    pub amount: Cents,
}

/// What a call asks about the applicant's immigration office (§ 1 no. 4 ZustAVO NRW).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfficeRule {
    /// The applicant has an office of its own.
    OwnOffice,
    /// An own office, or the office of the district together with its declaration.
    OfficeOfDistrictWithDeclaration,
    /// Any municipality.
    AnyMunicipality,
}

/// One thing that reviewers score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Criterion {
    /// Short name, unique in the call.
    pub key: String,
    /// What it is called.
    pub title: Text,
    /// Its weight; the weights of a call add up to 100.
    pub weight: u8,
}

/// The parts of a notice that belong to the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Letters {
    /// Who grants.
    pub authority: Authority,
    /// Name of the head of the authority or deputy (§ 37 (3) VwVfG).
    pub signed_by: String,
    /// The one court for all applicants; empty where `court_by_seat`.
    #[serde(default)]
    pub court: Court,
    /// The court is that of the recipient's seat: § 52 no. 3 sentence 2 VwGO, where the authority is responsible
    /// for the districts of several administrative courts.
    #[serde(default)]
    pub court_by_seat: bool,
    /// Ancillary conditions that are part of the notice, with version (VV 5.1).
    pub ancillary_conditions: String,
    /// Further conditions of this call, one sentence each.
    pub conditions: Vec<String>,
    /// How the money is paid out.
    pub payout: String,
    /// Days after the end of the project until the proof of use is due.
    pub proof_due_days: u16,
    /// Said at the foot of each letter; empty where there is nothing to say.
    #[serde(default)]
    pub footer: String,
}

/// The granting authority (Bewilligungsbehörde).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Authority {
    /// Its name.
    pub name: String,
    /// Postal address, line by line.
    pub address: Vec<String>,
    /// Whom to ask: person, telephone, email.
    pub contact: String,
}

/// The administrative court of the remedy notice (§ 58 (1) VwGO).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Court {
    /// Its name.
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
