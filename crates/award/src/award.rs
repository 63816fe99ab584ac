//! The state machine of a case. It does no I/O: each transition consumes the case and returns the new one, with the
//! fact to publish where there is one, or a [`Refusal`].
//!
//! ```text
//! announced ─► ready ─► proposed ─► granted
//!                ▲          │  └──► rejected
//!                └ returned ┴─────► waitlisted ─► granted
//! any state ─► withdrawn
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
    pub application: ApplicationId,
    /// Grows by one with each change. Whoever decides names the revision they saw (optimistic locking).
    pub revision: i64,
    pub terms: Terms,
    /// `None` until all reviews are in.
    pub review: Option<ReviewCompleted>,
    /// Ids of the reviewers whose review does not count: they declared a tie after giving it (§§ 20, 21 VwVfG).
    pub set_aside: Vec<String>,
    pub state: State,
}

/// What was applied for, and which budget would pay it. Never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub call: CallId,
    /// Financial year whose budget would pay the grant.
    pub year: i32,
    pub applied: Cents,
}

/// The state of a case, with the data that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Submitted; eligibility and review are not finished.
    Announced,
    /// Reviewed: a case worker can propose a decision.
    Ready {
        /// The last proposal that was sent back, if any.
        returned: Option<Returned>,
    },
    /// A second person has to approve.
    Proposed {
        proposal: Proposal,
    },
    /// The money is committed.
    Granted {
        proposal: Proposal,
        approved: Signature,
    },
    Rejected {
        proposal: Proposal,
        approved: Signature,
    },
    /// Approved, but the budget of the year is used up.
    Waitlisted {
        proposal: Proposal,
        approved: Signature,
    },
    /// Withdrawn by the applicant.
    Withdrawn {
        at: DateTime<Utc>,
    },
}

/// The name of a [`State`], without its data.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Announced,
    Ready,
    Proposed,
    Waitlisted,
    Granted,
    Rejected,
    Withdrawn,
}

impl Stage {
    /// In the order in which pages list them.
    pub const ALL: [Self; 7] = [
        Self::Ready,
        Self::Proposed,
        Self::Waitlisted,
        Self::Granted,
        Self::Rejected,
        Self::Announced,
        Self::Withdrawn,
    ];

    /// As in the database and in URLs.
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

    /// Decided or withdrawn: no tie declared later changes it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Granted | Self::Rejected | Self::Withdrawn)
    }
}

impl State {
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

    /// The proposal, once there is one.
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

/// Who did something, and when (UTC).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub by: Person,
    pub at: DateTime<Utc>,
}

/// A decision that one person proposes and another has to approve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub decision: Decision,
    pub proposed: Signature,
}

/// A proposal that the approver sent back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    pub returned: Signature,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decision {
    Grant {
        /// More than zero, at most what was applied for.
        amount: Cents,
        /// Compulsory where less is granted than applied for (VV 4.1 zu § 44 LHO).
        reasons_for_less: Option<String>,
        /// Compulsory where nobody else pays anything (VV 2.2–2.3 zu § 44 LHO).
        reason_for_full: Option<String>,
    },
    Reject {
        /// One paragraph each; at least one (§ 39 VwVfG).
        reasons: Vec<String>,
    },
}

impl Decision {
    /// What it takes from the budget: zero for a rejection.
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
    /// The case is in a state that does not allow the transition.
    #[error("not possible while the case is {}", .0.name())]
    Stage(Stage),
    /// Somebody has changed the case since this person saw it.
    #[error("the case has changed since it was shown; look again")]
    Stale,
    /// Two persons decide (Vier-Augen-Prinzip, Anti-Korruptionserlass NRW).
    #[error("who proposed it cannot approve it")]
    SamePerson,
    /// The person has a tie to the application (§§ 20, 21 VwVfG).
    #[error("you have a tie to this application and cannot act in it (§§ 20, 21 VwVfG)")]
    Tied(Tie),
    /// All reviewers declared a tie afterwards, and the decider has not confirmed that they know it.
    #[error("no review counts any more; decide in knowledge of it with in_knowledge_of_ties")]
    NoReviewLeft,
    #[error("the amount must be more than zero")]
    AmountNotPositive,
    /// Carries the amount applied for.
    #[error("the amount is above the {} cents applied for", .0.0)]
    AmountAboveApplied(Cents),
    #[error("reasons are compulsory when it is rejected, or when less is granted than applied for")]
    ReasonsMissing,
    /// The case is on the waiting list, and the budget still does not cover it. Carries what is left.
    #[error("the budget of the year has only {} cents left", .0.0)]
    BudgetUsedUp(Cents),
}

/// The combined result of the reviews that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewResult {
    /// Mean of the reviews in hundredths of a percent of the reachable points, 0 to 10,000.
    pub weighted: u16,
    pub recommendation: Recommendation,
    /// The recommendations differ.
    pub split: bool,
}

/// The result of an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The case, now granted, rejected or waitlisted.
    pub case: Case,
    /// The budget after the grant.
    pub budget: Budget,
    /// The fact to publish.
    pub fact: AnyFact,
}

impl Case {
    /// A case whose application has just been submitted.
    pub fn announced(application: ApplicationId, terms: Terms) -> Self {
        Self { application, revision: 1, terms, review: None, set_aside: Vec::new(), state: State::Announced }
    }

    /// Takes the reviews: the case is ready for a proposal. `None` where nothing changes (it has been withdrawn).
    #[must_use]
    pub fn reviewed(self, review: ReviewCompleted) -> Option<Self> {
        match self.state {
            State::Announced => {
                Some(Self { review: Some(review), state: State::Ready { returned: None }, ..self })
            }
            _ => None,
        }
    }

    /// Whether the person with this id has reviewed it.
    pub fn has_review_of(&self, person: &str) -> bool {
        self.review.iter().flat_map(|review| &review.reviews).any(|review| review.reviewer.id == person)
    }

    /// Sets aside the review of the person with this id, who has declared a tie. It stays set aside when the tie ends.
    /// `None` where nothing changes: they have not reviewed it, it is set aside already, or the case is decided.
    #[must_use]
    pub fn tied(mut self, person: &str) -> Option<Self> {
        let known = self.set_aside.iter().any(|one| one == person);
        if known || self.state.stage().is_final() || !self.has_review_of(person) {
            return None;
        }
        self.set_aside.push(person.to_owned());
        Some(self)
    }

    /// Whether this review counts: it has not been set aside.
    pub fn counts(&self, review: &ReviewGiven) -> bool {
        !self.set_aside.contains(&review.reviewer.id)
    }

    /// The reviews are in, and none of them counts.
    pub fn lacks_reviews(&self) -> bool {
        self.review.as_ref().is_some_and(|review| !review.reviews.iter().any(|one| self.counts(one)))
    }

    /// The combined result of the reviews that count, computed as the review service does: the mean rounded half up, and
    /// `Fund` only where all recommend it. `None` before the reviews are in, and where none counts.
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

    /// Checks that a review counts, or that the decider has confirmed that none does (`in_knowledge`). `Ok(true)` means
    /// that this confirmation was needed and has to be recorded in the history.
    pub fn require_reviews(&self, in_knowledge: bool) -> Result<bool, Refusal> {
        match self.lacks_reviews() {
            true if !in_knowledge => Err(Refusal::NoReviewLeft),
            lacks => Ok(lacks),
        }
    }

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
                *amount == self.terms.applied || reasons_for_less.as_deref().is_some_and(has_text)
            }
            Decision::Reject { reasons } => {
                !reasons.is_empty() && reasons.iter().all(|reason| has_text(reason))
            }
        };
        if !reasons {
            return Err(Refusal::ReasonsMissing);
        }
        Ok(Self { state: State::Proposed { proposal: Proposal { decision, proposed } }, ..self })
    }

    /// A second person approves: the money is committed, or the case is rejected, or it waits for money.
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

    /// The approver sends the proposal back, with a reason.
    pub fn send_back(self, returned: Signature, reason: String) -> Result<Self, Refusal> {
        let (State::Proposed { .. } | State::Waitlisted { .. }) = self.state else {
            return Err(Refusal::Stage(self.state.stage()));
        };
        if !has_text(&reason) {
            return Err(Refusal::ReasonsMissing);
        }
        Ok(Self { state: State::Ready { returned: Some(Returned { returned, reason }) }, ..self })
    }

    /// The applicant withdraws. Returns the case and the committed amount that is free again; `None` where it was
    /// withdrawn already.
    #[must_use]
    pub fn withdrawn(self, at: DateTime<Utc>) -> Option<(Self, Cents)> {
        let released = match &self.state {
            State::Withdrawn { .. } => return None,
            State::Granted { proposal, .. } => proposal.decision.amount(),
            _ => Cents::ZERO,
        };
        Some((Self { state: State::Withdrawn { at }, ..self }, released))
    }

    /// `Err(Stale)` unless `seen` equals the revision; `None` skips the check.
    pub fn as_seen(self, seen: Option<i64>) -> Result<Self, Refusal> {
        match seen {
            Some(seen) if seen != self.revision => Err(Refusal::Stale),
            _ => Ok(self),
        }
    }

    /// What it takes, or would take, from the budget: the amount proposed, else the amount applied for.
    pub fn expected(&self) -> Cents {
        self.state.proposal().map_or(self.terms.applied, |proposal| proposal.decision.amount())
    }
}

fn has_text(text: &str) -> bool {
    !text.trim().is_empty()
}
