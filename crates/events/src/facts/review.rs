//! Facts that review publishes.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Person;
use crate::Ags;

/// Points for one criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Score {
    /// Key of the criterion in the call.
    pub criterion: String,
    /// 0 to the call's maximum.
    pub points: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recommendation {
    Fund,
    Decline,
}

/// One finished review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewGiven {
    pub reviewer: Person,
    /// One for each criterion of the call.
    pub scores: Vec<Score>,
    /// Weighted sum in hundredths of a percent of the highest possible score: 0 to 10,000.
    pub weighted: u16,
    pub recommendation: Recommendation,
    /// The reviewer's reasons.
    pub comment: String,
}

/// All reviews that the call asks for are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewCompleted {
    /// The reviews, in the order given.
    pub reviews: Vec<ReviewGiven>,
    /// Mean of the weighted sums, in hundredths of a percent: 0 to 10,000.
    pub weighted: u16,
    /// `fund` only if every reviewer recommends it; when they disagree it is `decline`, and award shows all
    /// comments.
    pub recommendation: Recommendation,
    /// Whether the reviewers disagree.
    #[serde(default)]
    pub split: bool,
}

/// Somebody has a tie to this application: they decide nothing in it, and a review of theirs does not count
/// (§§ 20, 21 VwVfG). The reason is personal and stays with review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TieDeclared {
    pub person: Person,
    /// The participating municipality that the tie is to; none where it is to this application alone.
    #[serde(default)]
    pub municipality: Option<Ags>,
    /// When they declared it, UTC.
    pub declared_at: DateTime<Utc>,
}

/// A declared tie has ended. A review that was set aside because of it stays so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TieEnded {
    pub person: Person,
    /// As in [`TieDeclared`].
    #[serde(default)]
    pub municipality: Option<Ags>,
    /// When they ended it, UTC.
    pub ended_at: DateTime<Utc>,
}
