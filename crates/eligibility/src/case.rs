//! One application's way through eligibility. Transitions consume the case and return the new one with the fact
//! to say. No SQL, no async.
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

/// Shortest reason a person may give, in characters.
pub const SHORTEST_REASON: usize = 10;
/// Longest reason a person may give, in characters.
pub const LONGEST_REASON: usize = 4_000;

/// An application as eligibility sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The application.
    pub id: ApplicationId,
    /// What was submitted, with the contact as it is now.
    pub submitted: ApplicationSubmitted,
    /// What the rules found.
    pub assessment: Assessment,
    /// When it came here, UTC.
    pub opened_at: DateTime<Utc>,
    /// Where it stands.
    pub state: State,
}

/// Where a case stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A person must decide.
    Referred,
    /// Decided, by the rules or by a person.
    Decided(Decision),
    /// Taken back by the applicant. What had been decided by then stays on file.
    Withdrawn {
        /// When, UTC.
        at: DateTime<Utc>,
        /// The decision before, if there was one.
        decision: Option<Decision>,
    },
}

/// A [`State`] without what belongs to it, as stored, listed and sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A person must decide.
    #[default]
    Referred,
    /// It went to review.
    Eligible,
    /// It ended here.
    Ineligible,
    /// Taken back by the applicant.
    Withdrawn,
}

impl Stage {
    /// All of them, in the order of the lists.
    pub const ALL: [Self; 4] = [Self::Referred, Self::Eligible, Self::Ineligible, Self::Withdrawn];

    /// Its name: `referred`, `eligible`, `ineligible`, `withdrawn`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Referred => "referred",
            Self::Eligible => "eligible",
            Self::Ineligible => "ineligible",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A decision on eligibility.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What was decided.
    pub verdict: Verdict,
    /// By whom.
    pub by: Decider,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

/// Eligible or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It goes to review.
    Eligible,
    /// It ends here.
    Ineligible,
}

impl Verdict {
    /// As stored and sent: `eligible`, `ineligible`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::Ineligible => "ineligible",
        }
    }

    /// From its name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Eligible, Self::Ineligible].into_iter().find(|verdict| verdict.name() == name)
    }
}

/// A decision that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The reason is too short or too long.
    #[error("a reason of {SHORTEST_REASON} to {LONGEST_REASON} characters is expected")]
    Reason,
    /// Somebody was quicker (or the rules had decided).
    #[error("already decided")]
    Decided(Decision),
    /// The applicant has taken the application back.
    #[error("withdrawn by the applicant")]
    Withdrawn,
}

impl Case {
    /// A submitted application: confirmed where everything is clear, else referred to a person.
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

    /// A person decides what the rules could not.
    ///
    /// # Errors
    /// A reason outside the limits; a case that no longer waits.
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

    /// The applicant takes it back. Withdrawn already: nothing changes.
    #[must_use]
    pub fn withdraw(self, at: DateTime<Utc>) -> Self {
        let state = match self.state {
            State::Referred => State::Withdrawn { at, decision: None },
            State::Decided(decision) => State::Withdrawn { at, decision: Some(decision) },
            withdrawn @ State::Withdrawn { .. } => withdrawn,
        };
        Self { state, ..self }
    }

    /// Where it stands, in one word.
    pub fn stage(&self) -> Stage {
        match &self.state {
            State::Referred => Stage::Referred,
            State::Decided(Decision { verdict: Verdict::Eligible, .. }) => Stage::Eligible,
            State::Decided(Decision { verdict: Verdict::Ineligible, .. }) => Stage::Ineligible,
            State::Withdrawn { .. } => Stage::Withdrawn,
        }
    }

    /// The day for which the register was asked.
    pub fn register_day(&self) -> NaiveDate {
        self.assessment.register_day
    }

    /// The decision, also of a case that was withdrawn later.
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
        // Ten characters of which nobody sees one are none.
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
        /// Whatever people do in whatever order: at most one decision is said, only a person says no, and only
        /// to what the rules had referred.
        #[test]
        fn there_is_one_decision_and_no_machine_says_no(clear: bool, acts in acts()) {
            let (mut case, first) = open(if clear { "05122000" } else { "05158016" });
            let mut said = vec![first];
            for act in acts {
                case = match act {
                    Act::Withdraw => case.withdraw(now()),
                    Act::Decide(verdict, reason) => match case.clone().decide(verdict, person(), &reason, now()) {
                        Ok((decided, fact)) => {
                            said.push(fact);
                            decided
                        }
                        Err(_) => case,
                    },
                };
            }
            let decisions = said.iter().filter(|fact| fact.kind() != Kind::EligibilityReferred).count();
            prop_assert_eq!(decisions, usize::from(case.decision().is_some()));
            prop_assert_eq!(said.len(), if clear { 1 } else { 1 + decisions });
            for fact in &said {
                if let AnyFact::IneligibilityConfirmed(fact) = fact {
                    let by_a_person = matches!(fact.decided_by, Decider::Person { .. });
                    prop_assert!(!clear && by_a_person);
                }
            }
        }
    }
}
