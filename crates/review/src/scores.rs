//! Scoring: checks a review against the rules of the call, and computes weighted scores. It does no I/O.

use events::{BadRules, Call, Criterion, Person, Recommendation, ReviewCompleted, ReviewGiven, Score};
use serde::Serialize;

/// Maximum number of characters.
pub const COMMENT_LIMIT: usize = 5_000;

/// The highest weighted score, in hundredths of a percent of the reachable points.
pub const FULL: u16 = 10_000;

/// The criteria of a call, whose weights add up to 100, and the maximum score, which is the same for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoringRules {
    criteria: Vec<Criterion>,
    maximum: u8,
}

/// A review as handed in, not yet checked against the rules of the call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReviewInput {
    pub scores: Vec<Score>,
    pub recommendation: Option<Recommendation>,
    pub comment: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// No points for the criterion with this key.
    Missing(String),
    /// Points above the maximum score.
    TooHigh(String),
    /// Points for a criterion more than once.
    Repeated(String),
    /// The call has no such criterion.
    Unknown(String),
    NoRecommendation,
    NoComment,
    /// More than [`COMMENT_LIMIT`] characters.
    CommentTooLong,
}

impl ScoringRules {
    /// # Errors
    /// Rules that are invalid by [`Call::validate`].
    pub fn of(call: &Call) -> Result<Self, BadRules> {
        call.validate()?;
        Ok(Self { criteria: call.criteria.clone(), maximum: call.maximum_score })
    }

    /// In the order of the call.
    pub fn criteria(&self) -> &[Criterion] {
        &self.criteria
    }

    /// The highest score of each criterion; the lowest is 0.
    pub fn maximum(&self) -> u8 {
        self.maximum
    }

    /// Checks a review and computes its weighted score. The scores are returned in the order of the call.
    ///
    /// # Errors
    /// All mistakes, in the order of the form.
    pub fn evaluate(&self, reviewer: Person, sheet: ReviewInput) -> Result<ReviewGiven, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut scores = Vec::with_capacity(self.criteria.len());
        let mut points = 0;
        for criterion in &self.criteria {
            let mut mine = sheet.scores.iter().filter(|score| score.criterion == criterion.key);
            match (mine.next(), mine.next()) {
                (None, _) => mistakes.push(Mistake::Missing(criterion.key.clone())),
                (Some(_), Some(_)) => mistakes.push(Mistake::Repeated(criterion.key.clone())),
                (Some(score), None) if score.points > self.maximum => {
                    mistakes.push(Mistake::TooHigh(criterion.key.clone()));
                }
                (Some(score), None) => {
                    points += u32::from(score.points) * u32::from(criterion.weight);
                    scores.push(score.clone());
                }
            }
        }
        let known = |key: &str| self.criteria.iter().any(|criterion| criterion.key == key);
        let unknown = sheet.scores.iter().filter(|score| !known(&score.criterion));
        mistakes.extend(unknown.map(|score| Mistake::Unknown(score.criterion.clone())));

        if sheet.recommendation.is_none() {
            mistakes.push(Mistake::NoRecommendation);
        }
        let comment = pages::parse::lines(&sheet.comment);
        if comment.is_empty() {
            mistakes.push(Mistake::NoComment);
        } else if pages::parse::length(&comment) > COMMENT_LIMIT {
            mistakes.push(Mistake::CommentTooLong);
        }
        let (Some(recommendation), true) = (sheet.recommendation, mistakes.is_empty()) else {
            return Err(mistakes);
        };
        // The weights add up to 100, so the reachable points are 100 × maximum.
        let weighted = rounded(points * u32::from(FULL), 100 * u32::from(self.maximum));
        Ok(ReviewGiven { reviewer, scores, weighted, recommendation, comment })
    }
}

/// Combines the reviews: the mean score, `Fund` only where all recommend it, and whether recommendations differ. `None`
/// without any review.
pub fn conclude(reviews: Vec<ReviewGiven>) -> Option<ReviewCompleted> {
    let count = u32::try_from(reviews.len()).ok().filter(|count| *count > 0)?;
    let fund = reviews.iter().filter(|one| one.recommendation == Recommendation::Fund).count();
    let sum = reviews.iter().map(|review| u32::from(review.weighted)).sum();
    Some(ReviewCompleted {
        weighted: rounded(sum, count),
        recommendation: if fund == reviews.len() { Recommendation::Fund } else { Recommendation::Decline },
        split: fund != 0 && fund != reviews.len(),
        reviews,
    })
}

/// `part / whole`, rounded half up. At most [`FULL`], since each weighted score is.
fn rounded(part: u32, whole: u32) -> u16 {
    u16::try_from((2 * part + whole) / (2 * whole)).unwrap_or(FULL)
}

#[cfg(test)]
mod tests;
