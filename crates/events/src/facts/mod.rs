//! The facts, by the service that says them.

pub mod award;
pub mod eligibility;
pub mod intake;
pub mod notification;
pub mod review;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A person who acted, as the sign-in names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// Id given by the sign-in.
    pub id: String,
    /// Name to show.
    pub name: String,
}

/// Who decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// The rules alone. They only ever confirm: a machine turns nobody down (§ 35a VwVfG).
    Rules,
    /// A person, with a reason.
    Person {
        /// Who.
        person: Person,
        /// Why.
        reason: String,
    },
}
