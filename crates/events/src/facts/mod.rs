//! The facts, by the service that publishes them.

pub mod award;
pub mod eligibility;
pub mod intake;
pub mod notification;
pub mod review;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A person who acted, as known from the sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// Id given by the sign-in.
    pub id: String,
    pub name: String,
}

/// The rules or a person, whichever decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// The rules alone. They can only confirm; only a person may reject (§ 35a VwVfG).
    Rules,
    /// A person, with a reason.
    Person { person: Person, reason: String },
}
