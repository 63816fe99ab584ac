//! The table of all facts: what each is called, who publishes it, and what it is about.

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::facts::{award::*, eligibility::*, intake::*, notification::*, review::*};
use crate::{ApplicationId, CallId, Service};

/// The type of one kind of fact.
pub trait Fact: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    const KIND: Kind;
    /// Id of what it is about; the facts of a publisher are numbered for each key.
    type Key: From<Uuid> + Into<Uuid> + Copy + Send + Sync;
}

macro_rules! kinds {
    ($($variant:ident = $service:ident / $name:literal v $version:literal keyed $key:ident;)+) => {
        /// Every kind of fact, in travel order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $(#[doc = concat!("`", $name, "`, see [`", stringify!($variant), "`].")] $variant),+ }

        impl Kind {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The only service that publishes it.
            pub const fn service(self) -> Service {
                match self { $(Self::$variant => Service::$service),+ }
            }

            /// E.g. `application-submitted`.
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

        /// Any fact, for transitions that can result in facts of several kinds. Its JSON is that of its payload.
        #[expect(missing_docs, reason = "each variant is the type of the same name")]
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        pub enum AnyFact { $($variant(Box<$variant>)),+ }

        impl AnyFact {
            pub fn kind(&self) -> Kind {
                match self { $(Self::$variant(_) => Kind::$variant),+ }
            }

            pub fn read(kind: Kind, payload: serde_json::Value) -> serde_json::Result<Self> {
                match kind {
                    $(Kind::$variant => serde_json::from_value(payload).map(Self::$variant)),+
                }
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
