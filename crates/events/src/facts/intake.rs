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
    /// Version of the call's rules that were in force at the moment of submission; none in facts of an older release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_version: Option<u32>,
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

/// Why somebody may not act for the authority in an application (§ 20 VwVfG).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// They belong to a municipality that takes part.
    OwnMunicipality,
    /// They submitted it.
    Submitted,
    /// They are its contact person.
    Contact,
    /// They declared a tie themselves.
    Declared,
}

impl Tie {
    /// Its name: `own-municipality`, `submitted`, `contact`, `declared`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OwnMunicipality => "own-municipality",
            Self::Submitted => "submitted",
            Self::Contact => "contact",
            Self::Declared => "declared",
        }
    }
}

impl ApplicationSubmitted {
    /// The applicant and everybody who takes part.
    pub fn parties(&self) -> impl Iterator<Item = &Ags> {
        let others = self.application.joint.iter().flat_map(|joint| &joint.participants);
        std::iter::once(&self.applicant.ags).chain(others.map(|participant| &participant.ags))
    }

    /// What ties a person to it, as far as it says so itself: by their id, the key of their municipality and
    /// their email address, as the sign-in names them.
    pub fn tie_of(&self, person: &str, ags: Option<&str>, email: Option<&str>) -> Option<Tie> {
        let contact = self.application.contact.email.trim().to_lowercase();
        if ags.is_some_and(|own| self.parties().any(|party| party.as_str() == own)) {
            Some(Tie::OwnMunicipality)
        } else if self.submitted_by.id == person {
            Some(Tie::Submitted)
        } else if email.is_some_and(|email| !contact.is_empty() && email.trim().to_lowercase() == contact) {
            Some(Tie::Contact)
        } else {
            None
        }
    }
}
