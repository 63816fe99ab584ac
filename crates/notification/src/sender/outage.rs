//! Is the mail server there? While it is not, nobody claims: an outage fails no email.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

/// The mail server is away, or lets us send nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away {
    /// Since when.
    pub since: DateTime<Utc>,
    /// What it, or the way to it, says.
    pub why: String,
}

/// What is known of the mail server.
pub struct Outage {
    away: watch::Sender<Option<Away>>,
    /// Attempts that failed since an email was last accepted, and since when.
    failures: Mutex<(u32, Option<DateTime<Utc>>)>,
    longest_pause: Duration,
}

impl Outage {
    /// Nothing is known against the server.
    pub fn new(longest_pause: Duration) -> Self {
        metrics::gauge!("mail_server_away").set(0.0);
        Self { away: watch::Sender::new(None), failures: Mutex::new((0, None)), longest_pause }
    }

    /// What is wrong, if something is.
    pub fn now(&self) -> Option<Away> {
        self.away.borrow().clone()
    }

    /// The server did not let us. Returns how long to wait before the next attempt; half to one and a half of a
    /// time that doubles, so that connections which failed together do not come back together.
    pub fn report(&self, why: &str, now: DateTime<Utc>) -> Duration {
        let mut known = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        known.0 = known.0.saturating_add(1);
        let since = *known.1.get_or_insert(now);
        if known.0 == 1 {
            tracing::error!(why, "the mail server takes no email; nothing is lost, it is tried again");
        }
        metrics::gauge!("mail_server_away").set(1.0);
        self.away.send_replace(Some(Away { since, why: why.to_owned() }));
        let doubled = Duration::from_millis(500).saturating_mul(1 << known.0.min(10));
        doubled.min(self.longest_pause).mul_f64(rand::random_range(0.5..1.5))
    }

    /// A connection could be made: emails may be tried again.
    pub fn reached(&self) {
        self.away.send_if_modified(|away| away.take().is_some());
    }

    /// An email was accepted: all is well.
    pub fn over(&self) {
        let mut known = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 > 0 {
            tracing::info!(failures = known.0, "the mail server takes emails again");
            *known = (0, None);
            metrics::gauge!("mail_server_away").set(0.0);
        }
    }

    /// Returns when the server is not known to be away.
    pub async fn until_reached(&self) {
        let waited = self.away.subscribe().wait_for(Option::is_none).await.is_ok();
        debug_assert!(waited, "the sender of the watch lives as long as this");
    }
}
