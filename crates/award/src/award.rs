//! The state machine of one case. No SQL, no async: each transition takes the case, and gives the new one
//! with the fact that follows, or a [`Refusal`].
//!
//! ```text
//! announced ─► ready ─► proposed ─► granted
//!                ▲          │  └──► rejected
//!                └ returned ┴─────► waitlisted ─► granted
//! withdrawn: from everywhere
//! ```

use chrono::{DateTime, Utc};
use events::{
    AnyFact, ApplicationId, ApplicationWaitlisted, AwardGranted, AwardRejected, CallId, Cents, Person,
    Recommendation, ReviewCompleted, ReviewGiven, Tie,
};
use serde::{Deserialize, Serialize};

use crate::budget::Budget;

/// One application on its way to a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The application.
    pub application: ApplicationId,
    /// Grows by one with each change; who decides names the one they saw.
    pub revision: i64,
    /// What was applied for.
    pub terms: Terms,
    /// The reviews, once all are in.
    pub review: Option<ReviewCompleted>,
    /// Reviewers (their ids) whose review does not count: they declared a tie after giving it (§§ 20, 21 VwVfG).
    pub set_aside: Vec<String>,
    /// Where it stands.
    pub state: State,
}

/// What was applied for, and from which budget it would be paid. Never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The call.
    pub call: CallId,
    /// Financial year of the commitment.
    pub year: i32,
    /// Grant applied for.
    pub applied: Cents,
}

/// Where a case stands, with what is known there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Submitted; eligibility and review are at work.
    Announced,
    /// Reviewed: somebody may propose.
    Ready {
        /// Why the last proposal came back.
        returned: Option<Returned>,
    },
    /// Proposed: another person decides.
    Proposed {
        /// What.
        proposal: Proposal,
    },
    /// The money is committed.
    Granted {
        /// What was proposed.
        proposal: Proposal,
        /// Who approved it.
        approved: Signature,
    },
    /// Turned down.
    Rejected {
        /// What was proposed.
        proposal: Proposal,
        /// Who approved it.
        approved: Signature,
    },
    /// Approved, but the budget of the year is used up.
    Waitlisted {
        /// What was proposed.
        proposal: Proposal,
        /// Who approved it.
        approved: Signature,
    },
    /// Taken back by the applicant.
    Withdrawn {
        /// When.
        at: DateTime<Utc>,
    },
}

/// A [`State`] by its name only.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// See [`State::Announced`].
    Announced,
    /// See [`State::Ready`].
    Ready,
    /// See [`State::Proposed`].
    Proposed,
    /// See [`State::Waitlisted`].
    Waitlisted,
    /// See [`State::Granted`].
    Granted,
    /// See [`State::Rejected`].
    Rejected,
    /// See [`State::Withdrawn`].
    Withdrawn,
}

impl Stage {
    /// All of them, in the order of the work.
    pub const ALL: [Self; 7] = [
        Self::Ready,
        Self::Proposed,
        Self::Waitlisted,
        Self::Granted,
        Self::Rejected,
        Self::Announced,
        Self::Withdrawn,
    ];

    /// As in the database and in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Ready => "ready",
            Self::Proposed => "proposed",
            Self::Waitlisted => "waitlisted",
            Self::Granted => "granted",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl Stage {
    /// Decided, or taken back: nothing that is learnt later changes it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Granted | Self::Rejected | Self::Withdrawn)
    }
}

impl State {
    /// Its name.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Announced => Stage::Announced,
            Self::Ready { .. } => Stage::Ready,
            Self::Proposed { .. } => Stage::Proposed,
            Self::Granted { .. } => Stage::Granted,
            Self::Rejected { .. } => Stage::Rejected,
            Self::Waitlisted { .. } => Stage::Waitlisted,
            Self::Withdrawn { .. } => Stage::Withdrawn,
        }
    }

    /// What has been proposed.
    pub fn proposal(&self) -> Option<&Proposal> {
        match self {
            Self::Proposed { proposal }
            | Self::Granted { proposal, .. }
            | Self::Rejected { proposal, .. }
            | Self::Waitlisted { proposal, .. } => Some(proposal),
            Self::Announced | Self::Ready { .. } | Self::Withdrawn { .. } => None,
        }
    }
}

/// Something a person did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Who.
    pub by: Person,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

/// What one person thinks right, and another has to approve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// What.
    pub decision: Decision,
    /// Who, and when.
    pub proposed: Signature,
}

/// A proposal sent back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// Who, and when.
    pub returned: Signature,
    /// Why.
    pub reason: String,
}

/// Grant or reject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decision {
    /// Grant an amount.
    Grant {
        /// More than nothing, at most what was applied for.
        amount: Cents,
        /// Compulsory where it is less (VV 4.1 zu § 44 LHO).
        reasons_for_less: Option<String>,
        /// Compulsory where the grant pays everything (VV 2.2–2.3 zu § 44 LHO).
        reason_for_full: Option<String>,
    },
    /// Turn it down.
    Reject {
        /// Why, a paragraph each; at least one (§ 39 VwVfG).
        reasons: Vec<String>,
    },
}

impl Decision {
    /// What it would take from the budget.
    pub fn amount(&self) -> Cents {
        match self {
            Self::Grant { amount, .. } => *amount,
            Self::Reject { .. } => Cents::ZERO,
        }
    }
}

/// Why a transition is not possible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Only what is ready can be proposed, only what is proposed or waitlisted can be decided.
    #[error("not possible while the case is {}", .0.name())]
    Stage(Stage),
    /// Somebody has changed the case since the decider saw it.
    #[error("the case has changed since it was shown; look again")]
    Stale,
    /// Two persons decide (Vier-Augen-Prinzip, Anti-Korruptionserlass NRW).
    #[error("who proposed it cannot approve it")]
    SamePerson,
    /// The person has a tie to the application (§§ 20, 21 VwVfG).
    #[error("you have a tie to this application and cannot act in it (§§ 20, 21 VwVfG)")]
    Tied(Tie),
    /// All reviewers declared a tie afterwards, and the decider does not say that they know.
    #[error("no review counts any more; decide in knowledge of it with in_knowledge_of_ties")]
    NoReviewLeft,
    /// Nothing, or less.
    #[error("the amount must be more than zero")]
    AmountNotPositive,
    /// More than applied for.
    #[error("the amount is above the {} cents applied for", .0.0)]
    AmountAboveApplied(Cents),
    /// No reasons where they are compulsory.
    #[error("reasons are compulsory when it is rejected, or when less is granted than applied for")]
    ReasonsMissing,
    /// It is on the waiting list, and still nothing is free.
    #[error("the budget of the year has only {} cents left", .0.0)]
    BudgetUsedUp(Cents),
}

/// What the reviews come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewResult {
    /// Mean of the weighted sums, 0 to 10,000.
    pub weighted: u16,
    /// Advice.
    pub recommendation: Recommendation,
    /// The reviewers do not agree.
    pub split: bool,
}

/// What an approval leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The case, now granted, rejected or waitlisted.
    pub case: Case,
    /// The budget, less by what is granted.
    pub budget: Budget,
    /// What is to be said.
    pub fact: AnyFact,
}

impl Case {
    /// A case whose application has just come in.
    pub fn announced(application: ApplicationId, terms: Terms) -> Self {
        Self { application, revision: 1, terms, review: None, set_aside: Vec::new(), state: State::Announced }
    }

    /// The reviews are in: ready for a proposal. `None`: nothing to do, it has been withdrawn.
    #[must_use]
    pub fn reviewed(self, review: ReviewCompleted) -> Option<Self> {
        match self.state {
            State::Announced => {
                Some(Self { review: Some(review), state: State::Ready { returned: None }, ..self })
            }
            _ => None,
        }
    }

    /// Has this person reviewed it?
    pub fn has_review_of(&self, person: &str) -> bool {
        self.review.iter().flat_map(|review| &review.reviews).any(|review| review.reviewer.id == person)
    }

    /// A reviewer has a tie: before a decision their review counts no longer, and stays so when the tie ends.
    /// `None`: nothing to do.
    #[must_use]
    pub fn tied(mut self, person: &str) -> Option<Self> {
        let known = self.set_aside.iter().any(|one| one == person);
        if known || self.state.stage().is_final() || !self.has_review_of(person) {
            return None;
        }
        self.set_aside.push(person.to_owned());
        Some(self)
    }

    /// Does this review count?
    pub fn counts(&self, review: &ReviewGiven) -> bool {
        !self.set_aside.contains(&review.reviewer.id)
    }

    /// The reviews were given, and none of them counts.
    pub fn lacks_reviews(&self) -> bool {
        self.review.as_ref().is_some_and(|review| !review.reviews.iter().any(|one| self.counts(one)))
    }

    /// What the reviews that count come to: their mean, half and more going up, `Fund` only where all say so, and
    /// whether they agree; as review computes it. None before they are in, and where none counts.
    pub fn result(&self) -> Option<ReviewResult> {
        let review = self.review.as_ref()?;
        if self.set_aside.is_empty() {
            let ReviewCompleted { weighted, recommendation, split, .. } = *review;
            return Some(ReviewResult { weighted, recommendation, split });
        }
        let counted: Vec<_> = review.reviews.iter().filter(|one| self.counts(one)).collect();
        let count = u32::try_from(counted.len()).ok().filter(|count| *count > 0)?;
        let sum: u32 = counted.iter().map(|one| u32::from(one.weighted)).sum();
        let fund = counted.iter().filter(|one| one.recommendation == Recommendation::Fund).count();
        let all = fund == counted.len();
        Some(ReviewResult {
            weighted: u16::try_from((2 * sum + count) / (2 * count)).unwrap_or(u16::MAX),
            recommendation: if all { Recommendation::Fund } else { Recommendation::Decline },
            split: fund != 0 && !all,
        })
    }

    /// Goes on where a review counts, or where the decider knows that none does. True: they have to be on record
    /// for it.
    pub fn known(&self, in_knowledge: bool) -> Result<bool, Refusal> {
        match self.lacks_reviews() {
            true if !in_knowledge => Err(Refusal::NoReviewLeft),
            lacks => Ok(lacks),
        }
    }

    /// Somebody proposes `decision`.
    pub fn propose(self, decision: Decision, proposed: Signature) -> Result<Self, Refusal> {
        let State::Ready { .. } = self.state else { return Err(Refusal::Stage(self.state.stage())) };
        let reasons = match &decision {
            Decision::Grant { amount, .. } if *amount <= Cents::ZERO => {
                return Err(Refusal::AmountNotPositive);
            }
            Decision::Grant { amount, .. } if *amount > self.terms.applied => {
                return Err(Refusal::AmountAboveApplied(self.terms.applied));
            }
            Decision::Grant { amount, reasons_for_less, .. } => {
                *amount == self.terms.applied || reasons_for_less.as_deref().is_some_and(said)
            }
            Decision::Reject { reasons } => !reasons.is_empty() && reasons.iter().all(|reason| said(reason)),
        };
        if !reasons {
            return Err(Refusal::ReasonsMissing);
        }
        Ok(Self { state: State::Proposed { proposal: Proposal { decision, proposed } }, ..self })
    }

    /// Another person approves: money is committed, or the case is rejected, or it waits for money.
    pub fn approve(self, approved: Signature, budget: Budget) -> Result<Approved, Refusal> {
        let waiting = matches!(self.state, State::Waitlisted { .. });
        let (State::Proposed { proposal } | State::Waitlisted { proposal, .. }) = self.state else {
            return Err(Refusal::Stage(self.state.stage()));
        };
        if proposal.proposed.by.id == approved.by.id {
            return Err(Refusal::SamePerson);
        }
        let (proposed_by, approved_by) = (proposal.proposed.by.clone(), approved.by.clone());
        let (state, budget, fact): (_, _, AnyFact) = match &proposal.decision {
            Decision::Reject { reasons } => {
                let fact = AwardRejected { reasons: reasons.clone(), proposed_by, approved_by };
                (State::Rejected { proposal, approved }, budget, fact.into())
            }
            Decision::Grant { amount, reasons_for_less, .. } => match budget.commit(*amount) {
                Ok(budget) => {
                    let fact = AwardGranted {
                        call: self.terms.call,
                        amount: *amount,
                        budget_year: self.terms.year,
                        reasons_for_less: reasons_for_less.clone(),
                        proposed_by,
                        approved_by,
                    };
                    (State::Granted { proposal, approved }, budget, fact.into())
                }
                Err(budget) if waiting => return Err(Refusal::BudgetUsedUp(budget.left())),
                Err(budget) => {
                    let fact = ApplicationWaitlisted {
                        amount: *amount,
                        budget_year: self.terms.year,
                        left: budget.left(),
                        proposed_by,
                        approved_by,
                    };
                    (State::Waitlisted { proposal, approved }, budget, fact.into())
                }
            },
        };
        Ok(Approved { case: Self { state, ..self }, budget, fact })
    }

    /// The approver wants another proposal.
    pub fn send_back(self, returned: Signature, reason: String) -> Result<Self, Refusal> {
        let (State::Proposed { .. } | State::Waitlisted { .. }) = self.state else {
            return Err(Refusal::Stage(self.state.stage()));
        };
        if !said(&reason) {
            return Err(Refusal::ReasonsMissing);
        }
        Ok(Self { state: State::Ready { returned: Some(Returned { returned, reason }) }, ..self })
    }

    /// The applicant has taken it back: the case, and the money that is free again. `None`: it was before.
    #[must_use]
    pub fn withdrawn(self, at: DateTime<Utc>) -> Option<(Self, Cents)> {
        let released = match &self.state {
            State::Withdrawn { .. } => return None,
            State::Granted { proposal, .. } => proposal.decision.amount(),
            _ => Cents::ZERO,
        };
        Some((Self { state: State::Withdrawn { at }, ..self }, released))
    }

    /// Goes on only if `seen` is this revision; who names none takes it as it is.
    pub fn as_seen(self, seen: Option<i64>) -> Result<Self, Refusal> {
        match seen {
            Some(seen) if seen != self.revision => Err(Refusal::Stale),
            _ => Ok(self),
        }
    }

    /// What it takes, or would take, from the budget: the sum proposed, else the sum applied for.
    pub fn expected(&self) -> Cents {
        self.state.proposal().map_or(self.terms.applied, |proposal| proposal.decision.amount())
    }
}

fn said(text: &str) -> bool {
    !text.trim().is_empty()
}
