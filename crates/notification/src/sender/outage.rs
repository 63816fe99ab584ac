//! Whether the mail server is reachable. During an outage nothing is claimed, so that no email fails because of it.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

/// The mail server is unreachable, or refuses all emails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away {
    /// UTC.
    pub since: DateTime<Utc>,
    /// The latest error.
    pub why: String,
}

pub struct Outage {
    away: watch::Sender<Option<Away>>,
    /// Number of failures since an email was last accepted, and the time of the first one.
    failures: Mutex<(u32, Option<DateTime<Utc>>)>,
    longest_pause: Duration,
}

impl Outage {
    pub fn new(longest_pause: Duration) -> Self {
        metrics::gauge!("mail_server_away").set(0.0);
        Self { away: watch::Sender::new(None), failures: Mutex::new((0, None)), longest_pause }
    }

    /// `None`: no outage is known.
    pub fn now(&self) -> Option<Away> {
        self.away.borrow().clone()
    }

    /// Records a failure. Returns the pause before the next attempt: it doubles, with a jitter of 0.5 to 1.5 so that
    /// connections which failed together do not return together.
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

    /// A connection was made: emails may be tried again.
    pub fn reached(&self) {
        self.away.send_if_modified(|away| away.take().is_some());
    }

    /// An email was accepted: the outage is over.
    pub fn resolved(&self) {
        let mut known = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 > 0 {
            tracing::info!(failures = known.0, "the mail server takes emails again");
            *known = (0, None);
            metrics::gauge!("mail_server_away").set(0.0);
        }
    }

    /// Waits until no outage is known.
    pub async fn until_reached(&self) {
        let waited = self.away.subscribe().wait_for(Option::is_none).await.is_ok();
        debug_assert!(waited, "the sender of the watch lives as long as this");
    }
}
