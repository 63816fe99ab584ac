//! The state machine of a file: one application under review. It does no I/O.
//!
//! ```text
//! announced ── eligibility confirmed ──► open ── last review ──► completed
//!     └──────────── withdrawn ◄───────────┴───────────────────────────┘
//! ```
//! A person has at most one [`Involvement`] in a file: holds it, gave it back, abstains, or has given a review.

use chrono::{DateTime, Utc};
use events::{Ags, ApplicationId, CallId, Person, ReviewCompleted, ReviewGiven};

use crate::scores::conclude;

/// One application under review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub application: ApplicationId,
    pub call: CallId,
    /// The applicant and the participants of a joint project.
    pub parties: Vec<Ags>,
    pub stage: Stage,
    /// In the order of their latest change.
    pub reviewers: Vec<Reviewer>,
    /// Reviews that stopped counting since the file was read, because their reviewer has a tie.
    pub set_aside: Vec<ReviewGiven>,
    /// What has happened since the file was read; saving appends it to the history.
    pub pending_history: Vec<Act>,
}

/// The progress of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Submitted; eligibility is not decided.
    Announced,
    /// Waits for reviews.
    Open(Terms),
    Completed(Terms),
    /// Withdrawn by the applicant; with the terms if it had opened, so that its reviews stay readable.
    Withdrawn(Option<Terms>),
}

impl Stage {
    /// The terms by which the file is, or was, reviewed; `None` if it has not opened.
    pub fn terms(self) -> Option<Terms> {
        match self {
            Self::Announced => None,
            Self::Open(terms) | Self::Completed(terms) => Some(terms),
            Self::Withdrawn(terms) => terms,
        }
    }
}

/// The terms by which a file is reviewed; fixed when it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub rule_version: u32,
    /// Number of independent reviews, at least 1.
    pub reviews_needed: u8,
    /// UTC.
    pub opened_at: DateTime<Utc>,
}

/// A person and their involvement in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewer {
    pub person: Person,
    pub involvement: Involvement,
    /// When the involvement last changed, UTC.
    pub since: DateTime<Utc>,
}

/// The involvement of a person in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Involvement {
    /// Is reviewing it.
    Holds {
        /// From then on the file is back in the queue, UTC.
        until: DateTime<Utc>,
    },
    /// Gave it back, or ran out of time: it is not offered to them again, but they may take it.
    Returned,
    /// Abstains because of bias (§§ 20, 21 VwVfG), permanently.
    Biased {
        reason: String,
    },
    Gave(ReviewGiven),
}

/// An entry of a file's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Eligibility is confirmed: reviews can begin.
    Opened,
    Taken(Person),
    Returned(Person),
    /// The person held it for too long.
    Expired(Person),
    /// The person abstains, with the reason.
    Biased(Person, String),
    /// The person declared a tie after giving a review. Another reviewer replaces them while the file is open; award
    /// leaves the review out once it is completed.
    SetAside(Person),
    /// The person has given a review.
    Reviewed(Person),
    Completed,
    Withdrawn,
}

/// Why a transition is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the eligibility of this application is not settled yet")]
    NotOpen,
    #[error("the applicant has withdrawn this application")]
    Withdrawn,
    #[error("all reviews of this application are in")]
    Completed,
    /// The person has a tie, or abstains.
    #[error("you have a tie to this application")]
    Tied,
    #[error("you have given your review of this application")]
    AlreadyGiven,
    /// As many reviewers as needed hold it or have reviewed it.
    #[error("other reviewers have this application now")]
    Full,
    #[error("you do not hold this application")]
    NotHeld,
    #[error("you hold another application; give it back first")]
    HoldsAnother,
}

impl File {
    /// A file whose application has just been submitted.
    pub fn announced(application: ApplicationId, call: CallId, parties: Vec<Ags>) -> Self {
        let (reviewers, set_aside, pending_history) = (Vec::new(), Vec::new(), Vec::new());
        Self { application, call, parties, stage: Stage::Announced, reviewers, set_aside, pending_history }
    }

    /// Eligibility is confirmed. Changes nothing if the file was withdrawn or has opened before.
    #[must_use]
    pub fn opened(mut self, terms: Terms) -> Self {
        if self.stage == Stage::Announced {
            self.stage = Stage::Open(terms);
            self.pending_history.push(Act::Opened);
        }
        self
    }

    /// The applicant withdraws; reviewers no longer hold the file.
    #[must_use]
    pub fn withdrawn(mut self, at: DateTime<Utc>) -> Self {
        if !matches!(self.stage, Stage::Withdrawn(_)) {
            for reviewer in self.reviewers.iter_mut().filter(|one| one.holds()) {
                reviewer.set_involvement(Involvement::Returned, at);
            }
            self.stage = Stage::Withdrawn(self.stage.terms());
            self.pending_history.push(Act::Withdrawn);
        }
        self
    }

    /// A person takes the file until `until`; if they hold it already, this only moves the end.
    ///
    /// # Errors
    /// The file is not open; the person has a tie or has given a review; the file is full.
    pub fn taken(
        mut self,
        by: Person,
        ties: &[Ags],
        until: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> Result<Self, Refused> {
        self.may_take(&by.id, ties)?;
        let mut mine = self.reviewers.iter_mut().filter(|one| one.person.id == by.id && one.holds());
        if let Some(reviewer) = mine.next() {
            reviewer.involvement = Involvement::Holds { until };
            return Ok(self);
        }
        self.set_involvement(&by, Involvement::Holds { until }, at);
        self.pending_history.push(Act::Taken(by));
        Ok(self)
    }

    /// A person gives the file back.
    ///
    /// # Errors
    /// The file is not open; the person does not hold it.
    pub fn returned(mut self, by: Person, at: DateTime<Utc>) -> Result<Self, Refused> {
        self.terms()?;
        self.held_by(&by.id)?;
        self.set_involvement(&by, Involvement::Returned, at);
        self.pending_history.push(Act::Returned(by));
        Ok(self)
    }

    /// A person who holds the file abstains permanently; one who has given a review declares a tie ([`File::tied`]).
    ///
    /// # Errors
    /// The file is not open; the person neither holds it nor has given a review.
    pub fn abstained(mut self, by: Person, reason: String, at: DateTime<Utc>) -> Result<Self, Refused> {
        if !matches!(self.stage, Stage::Withdrawn(_)) && self.has_given(&by.id) {
            return Ok(self.tied(&by, reason, at));
        }
        self.terms()?;
        self.held_by(&by.id)?;
        self.set_involvement(&by, Involvement::Biased { reason: reason.clone() }, at);
        self.pending_history.push(Act::Biased(by, reason));
        Ok(self)
    }

    /// A person has declared a tie to a party. If they hold the file, they abstain. If they have reviewed it and it is
    /// open, the review stops counting and another reviewer is needed; the result of a completed file stays as
    /// published, and award leaves the review out.
    #[must_use]
    pub fn tied(mut self, by: &Person, reason: String, at: DateTime<Utc>) -> Self {
        match (self.stage, self.involvement_of(&by.id).cloned()) {
            (Stage::Open(_), Some(Involvement::Holds { .. })) => {
                self.set_involvement(by, Involvement::Biased { reason: reason.clone() }, at);
                self.pending_history.push(Act::Biased(by.clone(), reason));
            }
            (Stage::Open(_), Some(Involvement::Gave(review))) => {
                self.set_involvement(by, Involvement::Biased { reason }, at);
                self.set_aside.push(review);
                self.pending_history.push(Act::SetAside(by.clone()));
            }
            (Stage::Completed(_), Some(Involvement::Gave(_))) => {
                self.pending_history.push(Act::SetAside(by.clone()))
            }
            _ => {}
        }
        self
    }

    /// Reviewers whose time has run out no longer hold the file.
    #[must_use]
    pub fn expired(mut self, now: DateTime<Utc>) -> Self {
        for reviewer in &mut self.reviewers {
            if matches!(reviewer.involvement, Involvement::Holds { until } if until <= now) {
                reviewer.set_involvement(Involvement::Returned, now);
                self.pending_history.push(Act::Expired(reviewer.person.clone()));
            }
        }
        self
    }

    /// A review is given; the last one completes the file and returns the fact to publish. A person whose time has run
    /// out may still hand in while the file is not full, so that their work is not lost.
    ///
    /// # Errors
    /// The file is not open; the person has a tie or has given a review before; the file is full.
    pub fn reviewed(
        mut self,
        review: ReviewGiven,
        ties: &[Ags],
        at: DateTime<Utc>,
    ) -> Result<(Self, Option<ReviewCompleted>), Refused> {
        let by = review.reviewer.clone();
        let terms = self.may_review(&by.id, ties)?;
        self.set_involvement(&by, Involvement::Gave(review), at);
        self.pending_history.push(Act::Reviewed(by));
        let given: Vec<ReviewGiven> = self.reviews().cloned().collect();
        if given.len() < usize::from(terms.reviews_needed) {
            return Ok((self, None));
        }
        self.stage = Stage::Completed(terms);
        self.pending_history.push(Act::Completed);
        Ok((self, conclude(given)))
    }

    /// The reviews that count, oldest first.
    pub fn reviews(&self) -> impl Iterator<Item = &ReviewGiven> {
        self.reviewers.iter().filter_map(|reviewer| match &reviewer.involvement {
            Involvement::Gave(review) => Some(review),
            _ => None,
        })
    }

    /// Whether a review of this person counts.
    pub fn has_given(&self, person: &str) -> bool {
        matches!(self.involvement_of(person), Some(Involvement::Gave(_)))
    }

    pub fn involvement_of(&self, person: &str) -> Option<&Involvement> {
        self.reviewers.iter().find(|one| one.person.id == person).map(|one| &one.involvement)
    }

    /// Whether one of the parties is among `ties`.
    pub fn is_tied(&self, ties: &[Ags]) -> bool {
        self.parties.iter().any(|party| ties.contains(party))
    }

    /// How many reviewers hold it.
    pub fn held(&self) -> usize {
        self.reviewers.iter().filter(|reviewer| reviewer.holds()).count()
    }

    /// The terms for this person's review.
    ///
    /// # Errors
    /// As for [`File::reviewed`].
    pub fn may_review(&self, person: &str, ties: &[Ags]) -> Result<Terms, Refused> {
        // On a completed file, "you have given your review" is the more helpful reason.
        if matches!(self.stage, Stage::Completed(_)) && self.has_given(person) {
            return Err(Refused::AlreadyGiven);
        }
        self.may_take(person, ties)?;
        self.terms()
    }

    /// Whether this person may hold the file; one who does already may go on.
    fn may_take(&self, person: &str, ties: &[Ags]) -> Result<(), Refused> {
        let terms = self.terms()?;
        match self.involvement_of(person) {
            Some(Involvement::Holds { .. }) => return Ok(()),
            Some(Involvement::Gave(_)) => return Err(Refused::AlreadyGiven),
            Some(Involvement::Biased { .. }) => return Err(Refused::Tied),
            Some(Involvement::Returned) | None => {}
        }
        if self.is_tied(ties) {
            return Err(Refused::Tied);
        }
        if self.held() + self.reviews().count() >= usize::from(terms.reviews_needed) {
            return Err(Refused::Full);
        }
        Ok(())
    }

    fn held_by(&self, person: &str) -> Result<(), Refused> {
        match self.involvement_of(person) {
            Some(Involvement::Holds { .. }) => Ok(()),
            Some(Involvement::Gave(_)) => Err(Refused::AlreadyGiven),
            _ => Err(Refused::NotHeld),
        }
    }

    fn terms(&self) -> Result<Terms, Refused> {
        match self.stage {
            Stage::Announced => Err(Refused::NotOpen),
            Stage::Open(terms) => Ok(terms),
            Stage::Completed(_) => Err(Refused::Completed),
            Stage::Withdrawn(_) => Err(Refused::Withdrawn),
        }
    }

    /// Replaces the person's involvement, and moves it to the end.
    fn set_involvement(&mut self, person: &Person, involvement: Involvement, at: DateTime<Utc>) {
        self.reviewers.retain(|one| one.person.id != person.id);
        self.reviewers.push(Reviewer { person: person.clone(), involvement, since: at });
    }
}

impl Reviewer {
    fn holds(&self) -> bool {
        matches!(self.involvement, Involvement::Holds { .. })
    }

    fn set_involvement(&mut self, involvement: Involvement, at: DateTime<Utc>) {
        self.involvement = involvement;
        self.since = at;
    }
}

#[cfg(test)]
mod tests;
