//! What review says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Person;

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
    /// Weighted sum in hundredths of the reachable points: 0 to 10,000.
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
