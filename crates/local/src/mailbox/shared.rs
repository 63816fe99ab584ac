//! The state that SMTP connections and pages share.

use tokio::sync::watch;

use super::fault::Faults;
use super::store::Store;

pub(super) struct Shared {
    pub store: Store,
    pub faults: Faults,
    /// The number of emails that have arrived; a change wakes those who wait.
    pub arrived: watch::Sender<u64>,
    pub _lock: std::fs::File,
}
