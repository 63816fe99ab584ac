//! The outbox is divided into slots, so that several relays can empty it at the same time.

use uuid::Uuid;

/// Number of slots, and of relays that can work at once.
pub(crate) const SLOTS: i16 = 16;

/// The slot of a key: its last byte, which is random in every UUID version used here.
/// The statement in `watch.rs` that refills the outbox computes the same.
pub(crate) fn slot(key: Uuid) -> i16 {
    i16::from(key.as_bytes()[15]) % SLOTS
}
