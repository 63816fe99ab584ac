//! Who is asking: a signed cookie (or the same token as `Authorization: Bearer`) that every service can verify,
//! and the proof that a form comes from our own page.

mod extract;
mod form;
mod keys;
mod origin;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use extract::NoSession;
pub use form::{CSRF_FIELD, Fields, PageForm, PublicForm, typed};
pub use keys::{COOKIE, SessionKeys};

use crate::problem::Problem;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Applies for a municipality (whose key is [`Session::ags`]).
    Applicant,
    /// Decides what the machine referred.
    CaseWorker,
    /// Scores files.
    Reviewer,
    /// Proposes and approves amounts.
    Approver,
    /// Runs the system.
    Operator,
}

impl Role {
    /// All of them.
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

/// Where to go after signing in: `next` if it is a path of this site, else the start page.
pub fn return_path(next: &str) -> &str {
    let mut start = next.chars();
    let local = start.next() == Some('/') && !matches!(start.next(), Some('/' | '\\'));
    if local && !next.chars().any(char::is_control) { next } else { "/" }
}

/// A person who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The identity provider's id of the person.
    pub person: String,
    /// As shown.
    pub name: String,
    /// Where mail reaches them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What they may do.
    pub roles: Vec<Role>,
    /// An applicant's municipality (official key, eight digits).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ags: Option<String>,
    /// When it ends (UTC).
    #[serde(with = "chrono::serde::ts_seconds")]
    pub expires: DateTime<Utc>,
}

impl Session {
    /// May they?
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Goes on only for somebody with `role`.
    ///
    /// # Errors
    /// 403 for everybody else.
    pub fn require(&self, role: Role) -> Result<(), Problem> {
        if self.has(role) {
            return Ok(());
        }
        Err(Problem::forbidden().detail(format!("needs the role {}", role.id())))
    }
}
