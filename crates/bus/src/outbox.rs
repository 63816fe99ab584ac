//! What a service calls to have a fact published. The tables are written by `Tx` at its commit; the relay publishes.

use chrono::{DateTime, Utc};
use events::{AnyFact, Cause, EventId};
use uuid::{NoContext, Timestamp, Uuid};

use crate::Tx;
use crate::tx::Appended;

/// Publishes `fact` about `key` once the transaction has committed. Returns the id that the fact will have.
///
/// Facts of one key are numbered in the order in which they are appended.
pub fn append(tx: &mut Tx, key: impl Into<Uuid>, fact: impl Into<AnyFact>, cause: Cause) -> EventId {
    let id = new_id(tx.now());
    tx.append(Appended { id, key: key.into(), fact: fact.into(), cause });
    id
}

/// A new id (UUID version 7): later ids sort after earlier ones.
pub fn new_id(now: DateTime<Utc>) -> EventId {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    EventId(Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos())))
}
