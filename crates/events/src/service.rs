use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The five services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Calls, drafts, submission, withdrawal.
    Intake,
    /// Checks whether an application may be funded.
    Eligibility,
    /// Queue, scores, recommendation.
    Review,
    /// Budget, approval, notice.
    Award,
    /// Emails.
    Notification,
}

impl Service {
    /// In the order in which an application travels.
    pub const ALL: [Self; 5] =
        [Self::Intake, Self::Eligibility, Self::Review, Self::Award, Self::Notification];

    /// The name in subjects, databases and users.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Eligibility => "eligibility",
            Self::Review => "review",
            Self::Award => "award",
            Self::Notification => "notification",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
