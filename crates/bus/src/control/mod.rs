//! Questions between services, and between operators and services, as NATS request and reply.
//!
//! Services ask on `bescheidctl.<service>.audit`, operators on `bescheidctl.<service>.operator`; the
//! permissions of the NATS users keep the two apart. No service reads another's database.

mod client;
mod operator;
mod serve;

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::{DateTime, Utc};
use events::Service;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::Failure;

pub(crate) use client::ask;
pub use client::{ControlError, Operator};
pub(crate) use serve::run;

/// Number of hash buckets in which keys are counted and compared.
pub(crate) const BUCKETS: i32 = 1_024;

/// The subject on which `service` answers other services.
pub(crate) fn audit_subject(service: Service) -> String {
    format!("bescheidctl.{service}.audit")
}

/// The subject on which `service` answers operators.
pub(crate) fn operator_subject(service: Service) -> String {
    format!("bescheidctl.{service}.operator")
}

/// What one service asks another. A number here is a version.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Question {
    /// How many facts of this source have you? Answer: [`Sums`].
    Sums {
        source: Service,
        /// Whether to count duplicates, too, which takes longer.
        duplicates: bool,
    },
    /// Which facts up to these versions do you lack? Answer: [`Missing`].
    Missing { source: Service, published: Vec<(Uuid, i64)> },
    /// Is this fact in your event log? Answer: a boolean.
    IsLogged { key: Uuid, version: i64, event_id: Uuid },
    /// Audit your consumers now: the database of one of them may have been restored from a backup.
    RequestAudit,
}

/// Numbers of facts that a consumer has of one source.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sums {
    /// Whether it consumes facts of that source at all.
    pub consumes: bool,
    /// Facts that have taken effect, or were given up.
    pub consumed: i64,
    /// Held behind a gap or a parked fact.
    pub held: i64,
    pub parked: i64,
    /// Parked because another fact with their version was consumed before.
    pub version_conflicts: i64,
    /// Facts in the inbox under two versions, and the difference between inbox and gates.
    pub duplicates: i64,
    /// Per bucket, the sum of consumed, held and parked.
    pub buckets: BTreeMap<i32, i64>,
}

/// Versions that a consumer lacks, and keys of which it knows later versions than it was asked for.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Missing {
    pub missing: Vec<(Uuid, i64)>,
    pub ahead: Vec<(Uuid, i64)>,
}

/// A fact by its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactName {
    pub source: Service,
    /// Id of the application or call.
    pub key: Uuid,
    pub version: i64,
    /// E.g. `application-submitted`.
    pub kind: String,
}

/// The balance of one publisher and one consumer, in numbers of facts:
/// logged = unpublished + under way + missing + consumed + held + parked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pair {
    pub publisher: Service,
    pub consumer: Service,
    /// In the publisher's event log.
    pub logged: i64,
    /// Of these, still in the publisher's outbox.
    pub unpublished: i64,
    pub consumed: i64,
    pub held: i64,
    pub parked: i64,
    /// Parked because the consumer has consumed another fact with the same version; not part of `parked`.
    pub version_conflicts: i64,
    /// Consumed twice.
    pub duplicates: i64,
    /// Lost on the way and published again now; the first thousand.
    pub missing: Vec<FactName>,
    /// All that were lost on the way.
    pub missing_count: usize,
    /// Not consumed yet, but perhaps not lost either: the wait for the consumer has ended before it caught up.
    pub under_way: usize,
}

impl Pair {
    /// Whether every logged fact is accounted for, once.
    pub fn is_balanced(&self) -> bool {
        self.missing_count == 0
            && self.version_conflicts == 0
            && self.duplicates == 0
            && self.logged == self.consumed + self.held + self.parked
    }
}

/// What an operator asks a service to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Compare the event log with every consumer. Answer: [`Reconciliation`].
    Reconciliation,
    /// Answer: [`Status`].
    Status,
    /// List the parked facts. Answer: [`Vec<WaitingFact>`].
    Parked,
    /// Show one parked fact in full. Answer: [`WaitingFactDetails`].
    Show(Which),
    /// Consume a parked fact in a transaction that is rolled back. Answer: [`DryRun`].
    DryRun(Which),
    /// Consume a parked fact again, and then what is held behind it. Answer: a sentence.
    Redrive {
        which: Which,
        /// Name of the operator.
        person: String,
    },
    /// Give up a parked fact: the first operator asks for it, a second one agrees. Answer: a sentence.
    Drop {
        which: Which,
        /// Name of the operator.
        person: String,
        /// Not empty from the operator who asks; empty from the one who agrees.
        reason: String,
    },
}

/// Identifies a fact that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Which {
    pub source: Service,
    /// Id of the application or call.
    pub key: Uuid,
    pub version: i64,
}

/// The balance of one publisher with all of its consumers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reconciliation {
    /// One for each service that consumes its facts.
    pub pairs: Vec<Pair>,
    /// Services that did not answer.
    pub silent: Vec<Service>,
    /// Facts in its event log, by kind.
    pub logged: BTreeMap<String, i64>,
    /// Applications in its database, by state; empty where it has none.
    pub states: BTreeMap<String, i64>,
}

/// The state of a service's bus.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Version of the running program.
    pub version: String,
    /// Epoch of the stream; None while the broker is away.
    pub epoch: Option<u64>,
    /// What is wrong with the broker; None if nothing is.
    pub broker: Option<String>,
    /// Facts appended, not yet acknowledged by the broker.
    pub outbox: i64,
    /// Age of the oldest of them in seconds.
    pub outbox_age_seconds: f64,
    pub held: i64,
    pub parked: i64,
    /// Messages set aside because they are no envelopes.
    pub unreadable: i64,
    /// Messages that the broker has not delivered to it yet; None where the broker does not tell.
    pub lag: Option<u64>,
}

/// A parked fact in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitingFact {
    pub which: Which,
    /// E.g. `application-submitted`.
    pub kind: String,
    /// Why it was parked.
    pub reason: String,
    /// The reason without ids and numbers: the same for all facts with the same error.
    pub group: String,
    pub since: DateTime<Utc>,
    /// Facts of the same application that are held behind it.
    pub held_behind: i64,
    /// The operator who has asked to give it up, and the reason.
    pub drop_asked: Option<(String, String)>,
}

/// A parked fact in full.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WaitingFactDetails {
    pub fact: WaitingFact,
    /// As it came; a string where it is no JSON.
    pub envelope: Value,
    /// What the service knows of the application; its shape is up to the service.
    pub state: Value,
}

/// What would happen if a parked fact were consumed now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DryRun {
    /// Why it would be parked again, if it would.
    pub error: Option<String>,
    /// What the service knows of the application now.
    pub before: Value,
    /// What it would know afterwards.
    pub after: Value,
    /// The facts that it would publish.
    pub publishes: Vec<RehearsedFact>,
    /// Facts held behind it, which would follow.
    pub held_behind: i64,
}

/// A fact that would be published.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RehearsedFact {
    /// Id of the application or call.
    pub key: Uuid,
    /// E.g. `application-submitted`.
    pub kind: String,
    pub data: Value,
}

fn value(answer: impl Serialize) -> Result<Value, Refusal> {
    Ok(serde_json::to_value(answer)?)
}

/// Why a question or a command gets no answer: a sentence for whoever asks.
struct Refusal(String);

impl Refusal {
    fn new(why: impl Display) -> Self {
        Self(why.to_string())
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::new(failure)
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::new(error)
    }
}
