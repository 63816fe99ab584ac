//! Questions between services, and between operators and services, as NATS request and reply.
//!
//! `bescheidctl.<service>.audit` is asked by other services, `bescheidctl.<service>.operator` by
//! operators only; the permissions of the NATS users keep the two apart. Nobody reads another's
//! database.

mod client;
mod operator;
mod serve;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::Service;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub(crate) use client::ask;
pub use client::{ControlError, Operator};
pub(crate) use serve::run;

/// Keys are compared in so many groups.
pub(crate) const BUCKETS: i32 = 1_024;

/// The subject on which `service` answers other services.
pub(crate) fn audit_subject(service: Service) -> String {
    format!("bescheidctl.{service}.audit")
}

/// The subject on which `service` answers operators.
pub(crate) fn operator_subject(service: Service) -> String {
    format!("bescheidctl.{service}.operator")
}

/// What one service asks another.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Question {
    /// How much have you of this source?
    Sums {
        source: Service,
        /// Whether to count what is noted twice, too.
        duplicates: bool,
    },
    /// Which of these numbers do you lack?
    Missing { source: Service, published: Vec<(Uuid, i64)> },
    /// Have you said this?
    IsLogged { key: Uuid, version: i64, event_id: Uuid },
    /// I may have lost something: audit me.
    RequestAudit,
}

/// What a consumer has of one source.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sums {
    /// Whether it listens to it at all.
    pub consumes: bool,
    /// Facts in effect.
    pub consumed: i64,
    /// Held behind a gap or a parked fact.
    pub held: i64,
    /// Parked.
    pub parked: i64,
    /// Parked because their number was consumed before with another id.
    pub version_conflicts: i64,
    /// Numbers noted twice, or more numbers noted than took effect.
    pub duplicates: i64,
    /// Per bucket, all of these but the version_conflicts.
    pub buckets: BTreeMap<i32, i64>,
}

/// Numbers that a consumer lacks, and keys of which it knows more.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Missing {
    pub missing: Vec<(Uuid, i64)>,
    pub ahead: Vec<(Uuid, i64)>,
}

/// A fact by its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactName {
    /// Who said it.
    pub source: Service,
    /// Application or call.
    pub key: Uuid,
    /// Its number.
    pub version: i64,
    /// Name of its kind.
    pub kind: String,
}

/// One publisher and one consumer: said = unpublished + under way + consumed + held + parked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pair {
    /// Who said.
    pub publisher: Service,
    /// Who consumes.
    pub consumer: Service,
    /// Facts in the publisher's event log.
    pub logged: i64,
    /// Of these, not yet with the broker.
    pub unpublished: i64,
    /// In effect at the consumer.
    pub consumed: i64,
    /// Held at the consumer.
    pub held: i64,
    /// Parked at the consumer.
    pub parked: i64,
    /// Parked at the consumer because their number was known with another id.
    pub version_conflicts: i64,
    /// Noted twice by the consumer.
    pub duplicates: i64,
    /// Lost on the way, the first thousand of them; published again by now.
    pub missing: Vec<FactName>,
    /// How many were lost on the way.
    pub missing_count: usize,
    /// Still on the way when it was asked.
    pub under_way: usize,
}

impl Pair {
    /// Whether everything that was said is accounted for, once.
    pub fn is_balanced(&self) -> bool {
        self.missing_count == 0
            && self.version_conflicts == 0
            && self.duplicates == 0
            && self.logged == self.consumed + self.held + self.parked
    }
}

/// What an operator asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Compare everything said with every consumer. Answer: [`Reconciliation`].
    Reconciliation,
    /// How is it? Answer: [`Status`].
    Status,
    /// What waits? Answer: [`Vec<WaitingFact>`].
    Parked,
    /// One waiting fact in full. Answer: [`Shown`].
    Show(Which),
    /// What would happen if it were consumed now? Answer: [`DryRun`].
    DryRun(Which),
    /// Let it try again, and what is held behind it after it. Answer: a sentence.
    Redrive {
        /// Which fact.
        which: Which,
        /// Who orders it.
        person: String,
    },
    /// Give it up: asked by one person, agreed to by another. Answer: a sentence.
    Drop {
        /// Which fact.
        which: Which,
        /// Who orders it.
        person: String,
        /// Why.
        reason: String,
    },
}

/// A waiting fact by source, key and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Which {
    /// Who said it.
    pub source: Service,
    /// Application or call.
    pub key: Uuid,
    /// Its number.
    pub version: i64,
}

/// Accounts of one service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reconciliation {
    /// With each service that listens to it.
    pub pairs: Vec<Pair>,
    /// Services that did not answer.
    pub silent: Vec<Service>,
    /// How many facts of each kind it has said.
    pub logged: BTreeMap<String, i64>,
    /// How many applications it keeps in each state, where it keeps any.
    pub states: BTreeMap<String, i64>,
}

/// One look at a service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Version of its program.
    pub version: String,
    /// Epoch of the stream it knows.
    pub epoch: Option<u64>,
    /// What is wrong with the broker, if anything.
    pub broker: Option<String>,
    /// Appended, not yet with the broker.
    pub outbox: i64,
    /// Age of the oldest of them in seconds.
    pub outbox_age_seconds: f64,
    /// Held.
    pub held: i64,
    /// Parked.
    pub parked: i64,
    /// Unreadable messages set aside.
    pub unreadable: i64,
    /// Messages that its durable has not delivered yet.
    pub lag: Option<u64>,
}

/// A parked fact in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitingFact {
    /// Which.
    pub which: Which,
    /// Name of its kind.
    pub kind: String,
    /// Why it cannot be right.
    pub reason: String,
    /// The reason without what differs from fact to fact; the same for facts with the same error.
    pub group: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Facts of the same application that are held behind it.
    pub held_behind: i64,
    /// Who has asked to give it up, and why.
    pub drop_asked: Option<(String, String)>,
}

/// One waiting fact in full.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// As in the list.
    pub fact: WaitingFact,
    /// Its envelope, as it came.
    pub envelope: Value,
    /// What this service knows of the application now.
    pub state: Value,
}

/// What would happen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DryRun {
    /// Why it would be parked again, if it would.
    pub error: Option<String>,
    /// What this service knows of the application now.
    pub before: Value,
    /// What it would know afterwards.
    pub after: Value,
    /// The facts it would say.
    pub publishes: Vec<RehearsedFact>,
    /// Facts held behind it, which would follow.
    pub held_behind: i64,
}

/// A fact that would be said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RehearsedFact {
    /// Application or call.
    pub key: Uuid,
    /// Name of its kind.
    pub kind: String,
    /// Its payload.
    pub data: Value,
}

/// An answer as JSON.
fn value(answer: impl Serialize) -> Result<Value, crate::Failure> {
    Ok(serde_json::to_value(answer)?)
}
