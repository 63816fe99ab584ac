//! The contract: everything one service may know of another.
//!
//! A *fact* is something that has happened, named in the past tense. Each kind of fact is one type. A fact
//! carries all that its consumers need, since they cannot ask its publisher. Facts travel in an [`Event`]
//! (a CloudEvents 1.0 envelope), on the subject that [`Kind::subject`] gives.
//!
//! This crate does no I/O, and has nothing that only one service needs.

mod ags;
mod application;
mod call;
pub mod contract;
mod envelope;
mod fact;
mod facts;
mod ids;
mod money;
mod municipality;
mod service;
mod subject;

pub use ags::{Ags, AgsError};
pub use application::{
    Application, Contact, Declaration, FinancingPlan, FundingPriority, JointProject, Language, Participant,
    Partner, PartnerKind, Period, ProjectTheme,
};
pub use call::{Authority, BadRules, BudgetYear, Call, Court, Criterion, Letters, OfficeRule, Text, Window};
pub use envelope::{Cause, EnvelopeError, Event, Header, TraceParent, UnknownFact};
pub use fact::{AnyFact, Fact, Kind};
pub use facts::award::{
    ApplicationWaitlisted, AwardGranted, AwardRejected, NoticeBecameFinal, NoticeIssued, NoticeKind,
};
pub use facts::eligibility::{
    EligibilityConfirmed, EligibilityReferred, Finding, FindingTexts, IneligibilityConfirmed, Outcome, Rule,
};
pub use facts::intake::{
    Applicant, ApplicantReplied, ApplicationSubmitted, ApplicationWithdrawn, CallPublished, ContactChanged,
    Tie,
};
pub use facts::notification::{EmailBounced, EmailSent};
pub use facts::review::{Recommendation, ReviewCompleted, ReviewGiven, Score, TieDeclared, TieEnded};
pub use facts::{Decider, Person};
pub use ids::{ApplicationId, CallId, EventId, NoticeId};
pub use money::Cents;
pub use municipality::{Municipality, MunicipalityKind, municipalities, municipality};
pub use service::Service;
pub use subject::{ALL_FACTS, STREAM};
