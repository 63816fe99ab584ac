use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// A role of a person who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Applies for a municipality (whose key is [`Session::ags`]).
    Applicant,
    /// Decides applications that the rules of eligibility could not settle.
    CaseWorker,
    /// Scores the files that passed eligibility.
    Reviewer,
    /// Proposes and approves amounts.
    Approver,
    /// Resolves parked facts and restarts services.
    Operator,
}

impl Role {
    pub const ALL: [Self; 5] =
        [Self::Applicant, Self::CaseWorker, Self::Reviewer, Self::Approver, Self::Operator];

    /// As written in tokens: `case_worker`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::CaseWorker => "case_worker",
            Self::Reviewer => "reviewer",
            Self::Approver => "approver",
            Self::Operator => "operator",
        }
    }
}

/// A person who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The identity provider's id of the person.
    pub person: String,
    /// The name that pages show.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub roles: Vec<Role>,
    /// An applicant's municipality (official key, eight digits).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ags: Option<String>,
    /// When the session ends (UTC).
    #[serde(with = "chrono::serde::ts_seconds")]
    pub expires: DateTime<Utc>,
}

impl Session {
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether the person has at least one of these roles.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.has(*role))
    }

    /// Whether the person works for the authority and may see the status of every application. Reviewers may not.
    pub fn is_staff(&self) -> bool {
        self.has_any(&[Role::CaseWorker, Role::Approver, Role::Operator])
    }

    /// # Errors
    /// 403: the person does not have the role.
    pub fn require(&self, role: Role) -> Result<(), Problem> {
        if self.has(role) {
            return Ok(());
        }
        Err(Problem::forbidden().detail(format!("needs the role {}", role.id())))
    }
}
