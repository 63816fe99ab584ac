//! The states that an application goes through in eligibility. A transition consumes the case and returns the new one
//! with the fact to publish. No SQL, no async.
//!
//! ```text
//!  submitted ──► eligible (rules clear)                     ┐
//!            └─► referred ──► eligible | ineligible (person) ├──► withdrawn (the applicant)
//! ```

use chrono::{DateTime, NaiveDate, Utc};
use events::{
    AnyFact, ApplicationId, ApplicationSubmitted, Decider, EligibilityConfirmed, EligibilityReferred,
    Finding, IneligibilityConfirmed, Person,
};
use pages::parse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Assessment;

/// Shortest reason that a person may give, in characters.
pub const SHORTEST_REASON: usize = 10;
/// Longest reason that a person may give, in characters.
pub const LONGEST_REASON: usize = 4_000;

/// An application as eligibility sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub id: ApplicationId,
    /// As submitted, but with the contact as it is now.
    pub submitted: ApplicationSubmitted,
    pub assessment: Assessment,
    /// When eligibility received the application, UTC.
    pub opened_at: DateTime<Utc>,
    pub state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A person must decide.
    Referred,
    /// Decided, by the rules or by a person.
    Decided(Decision),
    /// Withdrawn by the applicant. A decision taken before is kept.
    Withdrawn {
        at: DateTime<Utc>,
        /// The decision before the withdrawal, if there was one.
        decision: Option<Decision>,
    },
}

/// The name of a [`State`], as it is stored, listed and sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A person must decide.
    #[default]
    Referred,
    /// The application went to review.
    Eligible,
    /// A person decided that it may not be funded.
    Ineligible,
    /// Withdrawn by the applicant.
    Withdrawn,
}

impl Status {
    /// In the order in which lists show them.
    pub const ALL: [Self; 4] = [Self::Referred, Self::Eligible, Self::Ineligible, Self::Withdrawn];

    /// `referred`, `eligible`, `ineligible` or `withdrawn`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Referred => "referred",
            Self::Eligible => "eligible",
            Self::Ineligible => "ineligible",
            Self::Withdrawn => "withdrawn",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub verdict: Verdict,
    pub by: Decider,
    /// UTC.
    pub at: DateTime<Utc>,
}

/// The result of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The application goes to review.
    Eligible,
    /// The application ends here.
    Ineligible,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::Ineligible => "ineligible",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Eligible, Self::Ineligible].into_iter().find(|verdict| verdict.name() == name)
    }
}

/// Why a decision is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("a reason of {SHORTEST_REASON} to {LONGEST_REASON} characters is expected")]
    Reason,
    /// Somebody else, or the rules, had decided before.
    #[error("already decided")]
    Decided(Decision),
    #[error("withdrawn by the applicant")]
    Withdrawn,
}

impl Case {
    /// Opens a case for a submitted application. If every rule is clearly met, it is confirmed; otherwise it is
    /// referred to a person.
    pub fn open(
        id: ApplicationId,
        submitted: ApplicationSubmitted,
        assessment: Assessment,
        now: DateTime<Utc>,
    ) -> (Self, AnyFact) {
        let case = Self { id, submitted, assessment, opened_at: now, state: State::Referred };
        if case.assessment.is_clear() {
            return case.settle(Verdict::Eligible, Decider::Rules, now);
        }
        let fact = EligibilityReferred {
            findings: case.findings(),
            rule_version: case.assessment.rule_version,
            register_day: case.assessment.register_day,
        };
        (case, fact.into())
    }

    /// A person decides what the rules could not. Refused if the reason is too short or too long, or if the case does
    /// not wait for a decision.
    pub fn decide(
        self,
        verdict: Verdict,
        person: Person,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<(Self, AnyFact), Refused> {
        match self.state {
            State::Decided(decision) => return Err(Refused::Decided(decision)),
            State::Withdrawn { .. } => return Err(Refused::Withdrawn),
            State::Referred => {}
        }
        let reason = parse::lines(reason);
        if !(SHORTEST_REASON..=LONGEST_REASON).contains(&parse::length(&reason)) {
            return Err(Refused::Reason);
        }
        Ok(self.settle(verdict, Decider::Person { person, reason }, now))
    }

    /// Records that the applicant has withdrawn the application. A case that is withdrawn already does not change.
    #[must_use]
    pub fn withdraw(self, at: DateTime<Utc>) -> Self {
        let state = match self.state {
            State::Referred => State::Withdrawn { at, decision: None },
            State::Decided(decision) => State::Withdrawn { at, decision: Some(decision) },
            withdrawn @ State::Withdrawn { .. } => withdrawn,
        };
        Self { state, ..self }
    }

    pub fn status(&self) -> Status {
        match &self.state {
            State::Referred => Status::Referred,
            State::Decided(Decision { verdict: Verdict::Eligible, .. }) => Status::Eligible,
            State::Decided(Decision { verdict: Verdict::Ineligible, .. }) => Status::Ineligible,
            State::Withdrawn { .. } => Status::Withdrawn,
        }
    }

    /// The day whose register of offices the rules used.
    pub fn register_day(&self) -> NaiveDate {
        self.assessment.register_day
    }

    /// The decision, even if the case was withdrawn afterwards.
    pub fn decision(&self) -> Option<&Decision> {
        match &self.state {
            State::Referred => None,
            State::Decided(decision) => Some(decision),
            State::Withdrawn { decision, .. } => decision.as_ref(),
        }
    }

    fn findings(&self) -> Vec<Finding> {
        self.assessment.findings.clone()
    }

    fn settle(self, verdict: Verdict, by: Decider, at: DateTime<Utc>) -> (Self, AnyFact) {
        let (findings, rule_version) = (self.findings(), self.assessment.rule_version);
        let fact = match verdict {
            Verdict::Eligible => EligibilityConfirmed {
                findings,
                decided_by: by.clone(),
                rule_version,
                register_day: self.assessment.register_day,
            }
            .into(),
            Verdict::Ineligible => {
                IneligibilityConfirmed { findings, decided_by: by.clone(), rule_version }.into()
            }
        };
        (Self { state: State::Decided(Decision { verdict, by, at }), ..self }, fact)
    }
}

#[cfg(test)]
mod tests {
    use events::Kind;
    use proptest::prelude::*;
    use testkit::samples;
    use uuid::Uuid;

    use super::*;
    use crate::register::Register;
    use crate::rules::assess;

    fn now() -> DateTime<Utc> {
        "2027-01-15T10:00:00Z".parse().unwrap()
    }

    fn person() -> Person {
        Person { id: "c-1".to_owned(), name: "Jana Kurz".to_owned() }
    }

    /// Solingen is clear, Hilden is not.
    fn open(ags: &str) -> (Case, AnyFact) {
        let submitted = samples::submitted_by(ags);
        let assessment = assess(&samples::call(), &submitted, Register::nrw());
        Case::open(ApplicationId(Uuid::nil()), submitted, assessment, now())
    }

    #[test]
    fn a_clear_case_is_confirmed_by_the_rules_alone() {
        let (case, fact) = open("05122000");
        assert_eq!(case.decision().map(|decision| &decision.by), Some(&Decider::Rules));
        let AnyFact::EligibilityConfirmed(fact) = fact else { panic!("{fact:?}") };
        assert_eq!((fact.decided_by, fact.rule_version), (Decider::Rules, 3));
        assert_eq!(
            case.decide(Verdict::Ineligible, person(), "zu spät gesehen", now()).unwrap_err().to_string(),
            "already decided"
        );
    }

    #[test]
    fn a_person_decides_what_is_not_clear_with_a_reason() {
        let (case, fact) = open("05158016");
        assert_eq!((fact.kind(), &case.state), (Kind::EligibilityReferred, &State::Referred));
        assert_eq!(
            case.clone().decide(Verdict::Eligible, person(), "  zu kurz  ", now()),
            Err(Refused::Reason)
        );
        assert_eq!(
            case.clone().decide(Verdict::Eligible, person(), &"x".repeat(4_001), now()),
            Err(Refused::Reason)
        );
        // Ten characters that nobody can see do not count.
        for invisible in
            ["\u{200b}".repeat(10), "\u{3164}".repeat(12), format!("zu kurz{}", "\u{2060}".repeat(9))]
        {
            let refused = case.clone().decide(Verdict::Eligible, person(), &invisible, now());
            assert_eq!(refused, Err(Refused::Reason), "{invisible:?}");
        }
        let (decided, fact) = case
            .decide(Verdict::Ineligible, person(), " Der\u{a0}Kreis\0 wirkt\u{ad} nicht mit.\u{b}", now())
            .unwrap();
        let AnyFact::IneligibilityConfirmed(fact) = fact else { panic!("{fact:?}") };
        let by = Decider::Person { person: person(), reason: "Der Kreis wirkt nicht mit.".to_owned() };
        assert_eq!(fact.decided_by, by);
        assert_eq!(decided.state, State::Decided(Decision { verdict: Verdict::Ineligible, by, at: now() }));
    }

    #[test]
    fn what_is_withdrawn_stays_withdrawn_and_keeps_its_decision() {
        let (referred, _) = open("05158016");
        let withdrawn = referred.withdraw(now());
        assert_eq!(withdrawn.decision(), None);
        assert_eq!(withdrawn.clone().withdraw(now() + chrono::TimeDelta::days(1)), withdrawn);
        assert_eq!(
            withdrawn.decide(Verdict::Eligible, person(), "lange genug", now()),
            Err(Refused::Withdrawn)
        );
        let (decided, _) = open("05122000");
        assert_eq!(decided.clone().withdraw(now()).decision(), decided.decision());
    }

    #[derive(Clone, Debug)]
    enum Act {
        Decide(Verdict, String),
        Withdraw,
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let verdict = prop_oneof![Just(Verdict::Eligible), Just(Verdict::Ineligible)];
        let act = prop_oneof![
            (verdict, ".{0,30}").prop_map(|(verdict, reason)| Act::Decide(verdict, reason)),
            Just(Act::Withdraw)
        ];
        proptest::collection::vec(act, 0..8)
    }

    proptest! {
        /// In whatever order people act: at most one decision is published, only a person refuses, and only what the
        /// rules had referred.
        #[test]
        fn there_is_one_decision_and_no_machine_says_no(clear: bool, acts in acts()) {
            let (mut case, first) = open(if clear { "05122000" } else { "05158016" });
            let mut facts = vec![first];
            for act in acts {
                case = match act {
                    Act::Withdraw => case.withdraw(now()),
                    Act::Decide(verdict, reason) => match case.clone().decide(verdict, person(), &reason, now()) {
                        Ok((decided, fact)) => {
                            facts.push(fact);
                            decided
                        }
                        Err(_) => case,
                    },
                };
            }
            let decisions = facts.iter().filter(|fact| fact.kind() != Kind::EligibilityReferred).count();
            prop_assert_eq!(decisions, usize::from(case.decision().is_some()));
            prop_assert_eq!(facts.len(), if clear { 1 } else { 1 + decisions });
            for fact in &facts {
                if let AnyFact::IneligibilityConfirmed(fact) = fact {
                    let by_a_person = matches!(fact.decided_by, Decider::Person { .. });
                    prop_assert!(!clear && by_a_person);
                }
            }
        }
    }
}
