//! Saying a fact.

use chrono::{DateTime, Utc};
use events::{AnyFact, Cause, EventId};
use uuid::{NoContext, Timestamp, Uuid};

use crate::Tx;
use crate::tx::Said;

/// How many relays can work side by side.
pub(crate) const SLOTS: i16 = 16;

/// Says `fact` about `key` when the transaction commits. Returns the id it will have.
///
/// Facts of one key are numbered in the order in which they are appended.
pub fn append(tx: &mut Tx, key: impl Into<Uuid>, fact: impl Into<AnyFact>, cause: Cause) -> EventId {
    let id = new_id(tx.now());
    tx.say(Said { id, key: key.into(), fact: fact.into(), cause });
    id
}

/// A new id whose order follows time.
pub fn new_id(now: DateTime<Utc>) -> EventId {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    EventId(Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos())))
}

/// The slot of a key: its last byte, which is random in every UUID version used here.
/// The statement in `watch.rs` that refills the outbox computes the same.
pub(crate) fn slot(key: Uuid) -> i16 {
    i16::from(key.as_bytes()[15]) % SLOTS
}
