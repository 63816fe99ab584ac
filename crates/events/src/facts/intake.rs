//! Facts that intake publishes.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Person;
use crate::{Ags, Application, Call, CallId, Contact};

/// The rules of a funding round are valid from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallPublished {
    pub call: Call,
}

/// The municipality that applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Applicant {
    pub ags: Ags,
    pub name: String,
}

/// A municipality has submitted its application, which has a file number now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApplicationSubmitted {
    pub call: CallId,
    /// Version of the call's rules that were in force at the moment of submission; none in facts of an older release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_version: Option<u32>,
    /// File number (Aktenzeichen), unique.
    pub file_number: String,
    pub submitted_at: DateTime<Utc>,
    /// Whether it came after the end of the window: such an application is accepted and flagged (§ 24 (3) VwVfG).
    pub late: bool,
    /// The municipality that applies; in a joint project, the lead.
    pub applicant: Applicant,
    /// Names of the other municipalities of a joint project, in the order of its participants.
    #[serde(default)]
    pub participant_names: Vec<String>,
    pub submitted_by: Person,
    pub application: Application,
}

/// The applicant has withdrawn the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApplicationWithdrawn {
    pub withdrawn_at: DateTime<Utc>,
    pub withdrawn_by: Person,
    /// None where the applicant gave no reason.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The contact has been corrected. Nothing else in the application changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContactChanged {
    /// The whole contact, as it is from now on.
    pub contact: Contact,
    /// The address that emails went to before.
    pub previous_email: String,
    /// Who corrected it: somebody of the municipality, or a case worker.
    pub changed_by: Person,
    pub changed_at: DateTime<Utc>,
}

/// The applicant answers while a person decides whether the application may be funded (§ 25 (1), § 28 (1) VwVfG).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApplicantReplied {
    /// Plain text of at most 4,000 characters.
    pub text: String,
    pub replied_by: Person,
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
    /// The name in databases and messages.
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
    /// The keys of the applicant and of all participants of a joint project.
    pub fn parties(&self) -> impl Iterator<Item = &Ags> {
        let others = self.application.joint.iter().flat_map(|joint| &joint.participants);
        std::iter::once(&self.applicant.ags).chain(others.map(|participant| &participant.ags))
    }

    /// The tie of a person to this application, as far as the application itself shows it. `person` is the person's id,
    /// `ags` the key of their municipality and `email` their address, all from the sign-in.
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
