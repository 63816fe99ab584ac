//! What connections and pages share.

use tokio::sync::watch;

use super::fault::Faults;
use super::store::Store;

/// What connections and pages share.
pub(super) struct Shared {
    pub store: Store,
    pub faults: Faults,
    /// Counts what arrived, to wake those who wait.
    pub arrived: watch::Sender<u64>,
    pub _lock: std::fs::File,
}
