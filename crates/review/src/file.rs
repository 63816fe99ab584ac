//! The state machine: one application on the reviewers' table. Pure; no SQL, no clock, no bus.
//!
//! ```text
//! announced ── eligibility confirmed ──► open ── last review ──► completed
//!     └──────────── withdrawn ◄───────────┴───────────────────────────┘
//! ```
//! While a file is open, each person has at most one part in it: holds it, gave it back, abstains,
//! or has given the review.

use chrono::{DateTime, Utc};
use events::{Ags, ApplicationId, CallId, Person, ReviewCompleted, ReviewGiven};

use crate::scores::conclude;

/// One application on the reviewers' table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The application.
    pub application: ApplicationId,
    /// The call it answers.
    pub call: CallId,
    /// The applicant and everybody who takes part.
    pub parties: Vec<Ags>,
    /// How far it is.
    pub stage: Stage,
    /// Who has a part in it, in the order of their last act.
    pub reviewers: Vec<Reviewer>,
    /// Reviews that stopped counting since it was read, because their reviewer has a tie.
    pub set_aside: Vec<ReviewGiven>,
    /// What has happened since it was read, for the history.
    pub news: Vec<Act>,
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Submitted; eligibility is not settled.
    Announced,
    /// Waits for its reviews.
    Open(Terms),
    /// All reviews are in.
    Completed(Terms),
    /// The applicant has taken it back. What had opened by then keeps its terms: its reviews stay to be read.
    Withdrawn(Option<Terms>),
}

impl Stage {
    /// By what the file is, or was, reviewed.
    pub fn terms(self) -> Option<Terms> {
        match self {
            Self::Announced => None,
            Self::Open(terms) | Self::Completed(terms) => Some(terms),
            Self::Withdrawn(terms) => terms,
        }
    }
}

/// By what a file is reviewed; settled when it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Version of the call's rules.
    pub rule_version: u32,
    /// Independent reviews it needs.
    pub needed: u8,
    /// When it opened.
    pub opened_at: DateTime<Utc>,
}

/// One person's part in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewer {
    /// Who.
    pub person: Person,
    /// What.
    pub part: Part,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What a person is to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Works on it.
    Holds {
        /// Afterwards it goes back to the queue.
        until: DateTime<Utc>,
    },
    /// Gave it back, or ran out of time: is not offered it again, but may take it.
    Returned,
    /// Abstains for bias (§§ 20, 21 VwVfG), for good.
    Biased {
        /// Why.
        reason: String,
    },
    /// Has given a review.
    Gave(ReviewGiven),
}

/// Something that happened to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Eligibility is confirmed: the reviews may begin.
    Opened,
    /// Somebody took it.
    Taken(Person),
    /// Somebody gave it back.
    Returned(Person),
    /// Somebody's time was over.
    Expired(Person),
    /// Somebody abstains.
    Biased(Person, String),
    /// A reviewer declared a tie after giving a review. While the file is open, somebody else reviews in their
    /// place; once it is completed, whoever decides is told.
    SetAside(Person),
    /// A review is in.
    Reviewed(Person),
    /// The last review is in.
    Completed,
    /// The applicant has taken it back.
    Withdrawn,
}

/// Why something cannot be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It has not opened yet.
    #[error("the eligibility of this application is not settled yet")]
    NotOpen,
    /// It was withdrawn.
    #[error("the applicant has withdrawn this application")]
    Withdrawn,
    /// All reviews are in.
    #[error("all reviews of this application are in")]
    Completed,
    /// The person has a tie, or has declared bias.
    #[error("you have a tie to this application")]
    Tied,
    /// The person's review is in already.
    #[error("you have given your review of this application")]
    AlreadyGiven,
    /// Others have all the places.
    #[error("other reviewers have this application now")]
    Full,
    /// The person does not hold it.
    #[error("you do not hold this application")]
    NotHeld,
    /// The person holds another one.
    #[error("you hold another application; give it back first")]
    HoldsAnother,
}

impl File {
    /// A file as it is announced.
    pub fn announced(application: ApplicationId, call: CallId, parties: Vec<Ags>) -> Self {
        let (reviewers, set_aside, news) = (Vec::new(), Vec::new(), Vec::new());
        Self { application, call, parties, stage: Stage::Announced, reviewers, set_aside, news }
    }

    /// Eligibility is confirmed. A withdrawal that came before stays, and so does what has opened.
    #[must_use]
    pub fn opened(mut self, terms: Terms) -> Self {
        if self.stage == Stage::Announced {
            self.stage = Stage::Open(terms);
            self.news.push(Act::Opened);
        }
        self
    }

    /// The applicant takes it back; who held it holds it no longer.
    #[must_use]
    pub fn withdrawn(mut self, at: DateTime<Utc>) -> Self {
        if !matches!(self.stage, Stage::Withdrawn(_)) {
            for reviewer in self.reviewers.iter_mut().filter(|one| one.holds()) {
                reviewer.turn(Part::Returned, at);
            }
            self.stage = Stage::Withdrawn(self.stage.terms());
            self.news.push(Act::Withdrawn);
        }
        self
    }

    /// Somebody takes the file until `until`; who holds it already holds it until then.
    ///
    /// # Errors
    /// It is not open; the person has a tie or has given a review; no place is free.
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
            reviewer.part = Part::Holds { until };
            return Ok(self);
        }
        self.turn(&by, Part::Holds { until }, at);
        self.news.push(Act::Taken(by));
        Ok(self)
    }

    /// Somebody gives the file back.
    ///
    /// # Errors
    /// It is not open; the person does not hold it.
    pub fn returned(mut self, by: Person, at: DateTime<Utc>) -> Result<Self, Refused> {
        self.terms()?;
        self.held_by(&by.id)?;
        self.turn(&by, Part::Returned, at);
        self.news.push(Act::Returned(by));
        Ok(self)
    }

    /// Somebody who holds the file abstains from it for good, or says of a review they gave that they were biased.
    ///
    /// # Errors
    /// It is not open; the person neither holds it nor has given a review.
    pub fn abstained(mut self, by: Person, reason: String, at: DateTime<Utc>) -> Result<Self, Refused> {
        if !matches!(self.stage, Stage::Withdrawn(_)) && self.has_given(&by.id) {
            return Ok(self.tied(&by, reason, at));
        }
        self.terms()?;
        self.held_by(&by.id)?;
        self.turn(&by, Part::Biased { reason: reason.clone() }, at);
        self.news.push(Act::Biased(by, reason));
        Ok(self)
    }

    /// Somebody has declared a tie to a party. Who holds the file abstains from it. A review that was given stops
    /// counting while the file is open, and somebody else has to come; of a completed one the result stays as it
    /// was said, and award leaves the review out.
    #[must_use]
    pub fn tied(mut self, by: &Person, reason: String, at: DateTime<Utc>) -> Self {
        match (self.stage, self.part_of(&by.id).cloned()) {
            (Stage::Open(_), Some(Part::Holds { .. })) => {
                self.turn(by, Part::Biased { reason: reason.clone() }, at);
                self.news.push(Act::Biased(by.clone(), reason));
            }
            (Stage::Open(_), Some(Part::Gave(review))) => {
                self.turn(by, Part::Biased { reason }, at);
                self.set_aside.push(review);
                self.news.push(Act::SetAside(by.clone()));
            }
            (Stage::Completed(_), Some(Part::Gave(_))) => self.news.push(Act::SetAside(by.clone())),
            _ => {}
        }
        self
    }

    /// Whose time is over no longer holds it.
    #[must_use]
    pub fn expired(mut self, now: DateTime<Utc>) -> Self {
        for reviewer in &mut self.reviewers {
            if matches!(reviewer.part, Part::Holds { until } if until <= now) {
                reviewer.turn(Part::Returned, now);
                self.news.push(Act::Expired(reviewer.person.clone()));
            }
        }
        self
    }

    /// A review is in; with the last one comes the fact. Whose time was over may still hand in, as
    /// long as nobody else has taken the place: work once done is not thrown away.
    ///
    /// # Errors
    /// It is not open; the person has a tie or has given one before; no place is free.
    pub fn reviewed(
        mut self,
        review: ReviewGiven,
        ties: &[Ags],
        at: DateTime<Utc>,
    ) -> Result<(Self, Option<ReviewCompleted>), Refused> {
        let by = review.reviewer.clone();
        let terms = self.may_review(&by.id, ties)?;
        self.turn(&by, Part::Gave(review), at);
        self.news.push(Act::Reviewed(by));
        let given: Vec<ReviewGiven> = self.reviews().cloned().collect();
        if given.len() < usize::from(terms.needed) {
            return Ok((self, None));
        }
        self.stage = Stage::Completed(terms);
        self.news.push(Act::Completed);
        Ok((self, conclude(given)))
    }

    /// The reviews given, in their order.
    pub fn reviews(&self) -> impl Iterator<Item = &ReviewGiven> {
        self.reviewers.iter().filter_map(|reviewer| match &reviewer.part {
            Part::Gave(review) => Some(review),
            _ => None,
        })
    }

    /// Has this person given a review?
    pub fn has_given(&self, person: &str) -> bool {
        matches!(self.part_of(person), Some(Part::Gave(_)))
    }

    /// What this person is to the file.
    pub fn part_of(&self, person: &str) -> Option<&Part> {
        self.reviewers.iter().find(|one| one.person.id == person).map(|one| &one.part)
    }

    /// Is one of the parties among `ties`?
    pub fn is_tied(&self, ties: &[Ags]) -> bool {
        self.parties.iter().any(|party| ties.contains(party))
    }

    /// How many hold it now.
    pub fn held(&self) -> usize {
        self.reviewers.iter().filter(|reviewer| reviewer.holds()).count()
    }

    /// May this person hand in a review, and by which terms?
    ///
    /// # Errors
    /// As [`File::reviewed`].
    pub fn may_review(&self, person: &str, ties: &[Ags]) -> Result<Terms, Refused> {
        // Who asks again after the last review should hear of their own.
        if matches!(self.stage, Stage::Completed(_)) && self.has_given(person) {
            return Err(Refused::AlreadyGiven);
        }
        self.may_take(person, ties)?;
        self.terms()
    }

    /// May this person have one of the places? Who has one keeps it.
    fn may_take(&self, person: &str, ties: &[Ags]) -> Result<(), Refused> {
        let terms = self.terms()?;
        match self.part_of(person) {
            Some(Part::Holds { .. }) => return Ok(()),
            Some(Part::Gave(_)) => return Err(Refused::AlreadyGiven),
            Some(Part::Biased { .. }) => return Err(Refused::Tied),
            Some(Part::Returned) | None => {}
        }
        if self.is_tied(ties) {
            return Err(Refused::Tied);
        }
        if self.held() + self.reviews().count() >= usize::from(terms.needed) {
            return Err(Refused::Full);
        }
        Ok(())
    }

    fn held_by(&self, person: &str) -> Result<(), Refused> {
        match self.part_of(person) {
            Some(Part::Holds { .. }) => Ok(()),
            Some(Part::Gave(_)) => Err(Refused::AlreadyGiven),
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

    /// The person's part changes, and becomes the latest.
    fn turn(&mut self, person: &Person, part: Part, at: DateTime<Utc>) {
        self.reviewers.retain(|one| one.person.id != person.id);
        self.reviewers.push(Reviewer { person: person.clone(), part, since: at });
    }
}

impl Reviewer {
    fn holds(&self) -> bool {
        matches!(self.part, Part::Holds { .. })
    }

    fn turn(&mut self, part: Part, at: DateTime<Utc>) {
        self.part = part;
        self.since = at;
    }
}

#[cfg(test)]
mod tests;
