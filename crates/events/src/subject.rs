//! The only place where a subject is spelled.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::facts::{award::*, eligibility::*, intake::*, notification::*, review::*};
use crate::{AnyFact, ApplicationId, CallId, EnvelopeError, Fact};

/// The one stream that holds all facts.
pub const STREAM: &str = "BESCHEID";

/// The five services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Calls, drafts, submission, withdrawal.
    Intake,
    /// Is the applicant a municipality with an immigration office?
    Eligibility,
    /// Queue, scores, recommendation.
    Review,
    /// Budget, approval, notice.
    Award,
    /// Emails.
    Notification,
}

impl Service {
    /// All five, in travel order.
    pub const ALL: [Self; 5] =
        [Self::Intake, Self::Eligibility, Self::Review, Self::Award, Self::Notification];

    /// Its name, as in subjects, databases and users.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Eligibility => "eligibility",
            Self::Review => "review",
            Self::Award => "award",
            Self::Notification => "notification",
        }
    }

    /// The service of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// What this service may publish: only below its own name.
    pub fn publishes(self) -> String {
        format!("bescheid.{}.>", self.name())
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! kinds {
    ($($variant:ident = $service:ident / $name:literal v $version:literal keyed $key:ident;)+) => {
        /// Every kind of fact there is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $(#[doc = concat!("`", $name, "`, see [`", stringify!($variant), "`].")] $variant),+ }

        impl Kind {
            /// All kinds, in travel order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The service that says it.
            pub const fn service(self) -> Service {
                match self { $(Self::$variant => Service::$service),+ }
            }

            /// Its name, past tense, e.g. `application-submitted`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The CloudEvents `type`, e.g. `de.bescheid.intake.application-submitted.v1`.
            pub const fn type_name(self) -> &'static str {
                match self { $(Self::$variant => kinds!(@type $service $name $version)),+ }
            }

            /// JSON Schema of the payload.
            pub fn schema(self) -> schemars::Schema {
                match self { $(Self::$variant => schemars::schema_for!($variant)),+ }
            }
        }

        $(impl Fact for $variant {
            const KIND: Kind = Kind::$variant;
            type Key = $key;
        }
        impl From<$variant> for AnyFact {
            fn from(fact: $variant) -> Self { Self::$variant(Box::new(fact)) }
        })+

        impl AnyFact {
            /// Which kind it is.
            pub fn kind(&self) -> Kind {
                match self { $(Self::$variant(_) => Kind::$variant),+ }
            }

            /// Payload as JSON.
            pub fn payload(&self) -> Result<serde_json::Value, EnvelopeError> {
                match self { $(Self::$variant(fact) => serde_json::to_value(fact)),+ }
                    .map_err(EnvelopeError::Json)
            }

            /// Reads the payload of `kind`.
            pub fn read(kind: Kind, payload: serde_json::Value) -> Result<Self, EnvelopeError> {
                match kind {
                    $(Kind::$variant => serde_json::from_value(payload).map(Self::$variant)),+
                }
                .map_err(EnvelopeError::Json)
            }
        }
    };
    (@type Intake $name:literal $version:literal) => { concat!("de.bescheid.intake.", $name, ".v", $version) };
    (@type Eligibility $name:literal $version:literal) => { concat!("de.bescheid.eligibility.", $name, ".v", $version) };
    (@type Review $name:literal $version:literal) => { concat!("de.bescheid.review.", $name, ".v", $version) };
    (@type Award $name:literal $version:literal) => { concat!("de.bescheid.award.", $name, ".v", $version) };
    (@type Notification $name:literal $version:literal) => { concat!("de.bescheid.notification.", $name, ".v", $version) };
}

kinds! {
    CallPublished = Intake / "call-published" v 1 keyed CallId;
    ApplicationSubmitted = Intake / "application-submitted" v 1 keyed ApplicationId;
    ApplicationWithdrawn = Intake / "application-withdrawn" v 1 keyed ApplicationId;
    ContactChanged = Intake / "contact-changed" v 1 keyed ApplicationId;
    ApplicantReplied = Intake / "applicant-replied" v 1 keyed ApplicationId;
    EligibilityConfirmed = Eligibility / "eligibility-confirmed" v 1 keyed ApplicationId;
    EligibilityReferred = Eligibility / "eligibility-referred" v 1 keyed ApplicationId;
    IneligibilityConfirmed = Eligibility / "ineligibility-confirmed" v 1 keyed ApplicationId;
    ReviewCompleted = Review / "review-completed" v 1 keyed ApplicationId;
    TieDeclared = Review / "tie-declared" v 1 keyed ApplicationId;
    TieEnded = Review / "tie-ended" v 1 keyed ApplicationId;
    AwardGranted = Award / "award-granted" v 1 keyed ApplicationId;
    AwardRejected = Award / "award-rejected" v 1 keyed ApplicationId;
    ApplicationWaitlisted = Award / "application-waitlisted" v 1 keyed ApplicationId;
    NoticeIssued = Award / "notice-issued" v 1 keyed ApplicationId;
    NoticeBecameFinal = Award / "notice-became-final" v 1 keyed ApplicationId;
    EmailSent = Notification / "email-sent" v 1 keyed ApplicationId;
    EmailBounced = Notification / "email-bounced" v 1 keyed ApplicationId;
}

impl Kind {
    /// The subject of one fact: `bescheid.<service>.<fact>.<application or call>`.
    pub fn subject(self, key: Uuid) -> String {
        format!("bescheid.{}.{}.{key}", self.service().name(), self.name())
    }

    /// The kind with this CloudEvents `type`.
    pub fn from_type(type_name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.type_name() == type_name)
    }
}
