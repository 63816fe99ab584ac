//! What review says.

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

/// What a reviewer advises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recommendation {
    /// Fund it.
    Fund,
    /// Turn it down.
    Decline,
}

/// One finished review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewGiven {
    /// Who.
    pub reviewer: Person,
    /// Points by criterion.
    pub scores: Vec<Score>,
    /// Weighted sum in hundredths of a percent of the reachable points: 0 to 10,000.
    pub weighted: u16,
    /// Advice.
    pub recommendation: Recommendation,
    /// Why.
    pub comment: String,
}

/// All reviews that the call asks for are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewCompleted {
    /// The reviews, in the order given.
    pub reviews: Vec<ReviewGiven>,
    /// Mean of the weighted sums: 0 to 10,000.
    pub weighted: u16,
    /// `Fund` only if every reviewer says so; a split goes to the deciders as `Decline` with both
    /// comments in sight.
    pub recommendation: Recommendation,
    /// The reviewers do not agree.
    #[serde(default)]
    pub split: bool,
}

/// Somebody has a tie to this application: they decide nothing in it, and a review of theirs does not count
/// (§§ 20, 21 VwVfG). The reason is personal and stays with review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TieDeclared {
    /// Who.
    pub person: Person,
    /// The municipality that takes part; none where the tie is to this application alone.
    #[serde(default)]
    pub municipality: Option<Ags>,
    /// When they declared it, UTC.
    pub declared_at: DateTime<Utc>,
}

/// A tie that was declared holds no longer. A review that was set aside because of it stays so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TieEnded {
    /// Who.
    pub person: Person,
    /// As in [`TieDeclared`].
    #[serde(default)]
    pub municipality: Option<Ags>,
    /// When they ended it, UTC.
    pub ended_at: DateTime<Utc>,
}
