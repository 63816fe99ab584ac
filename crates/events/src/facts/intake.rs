//! What intake says.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Person;
use crate::{Ags, Application, Call, CallId, Contact};

/// The rules of a funding round hold from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallPublished {
    /// The rules.
    pub call: Call,
}

/// The body that applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Applicant {
    /// Its key.
    pub ags: Ags,
    /// Its name.
    pub name: String,
}

/// A municipality has submitted its application; it has a file number now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApplicationSubmitted {
    /// The call it answers.
    pub call: CallId,
    /// Aktenzeichen.
    pub file_number: String,
    /// The moment of submission.
    pub submitted_at: DateTime<Utc>,
    /// After the end of the window: taken in and flagged (§ 24 (3) VwVfG).
    pub late: bool,
    /// Who applies; the lead of a joint project.
    pub applicant: Applicant,
    /// Names of the other municipalities of a joint project, in the order of its participants.
    #[serde(default)]
    pub participant_names: Vec<String>,
    /// Who pressed the button.
    pub submitted_by: Person,
    /// The form.
    pub application: Application,
}

/// The applicant has taken the application back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApplicationWithdrawn {
    /// The moment.
    pub withdrawn_at: DateTime<Utc>,
    /// Who withdrew.
    pub withdrawn_by: Person,
    /// Why, if they said so.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Whom to write to has been corrected. Nothing of what was applied for changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContactChanged {
    /// The whole contact, as it is from now on.
    pub contact: Contact,
    /// The address that emails went to before.
    pub previous_email: String,
    /// Who corrected it: somebody of the municipality, or a case worker.
    pub changed_by: Person,
    /// The moment.
    pub changed_at: DateTime<Utc>,
}

/// The applicant answers while a person decides whether the application may be funded (§ 25 (1), § 28 (1) VwVfG).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApplicantReplied {
    /// What they write; plain text of at most 4,000 characters.
    pub text: String,
    /// Who wrote it.
    pub replied_by: Person,
    /// The moment.
    pub replied_at: DateTime<Utc>,
}
