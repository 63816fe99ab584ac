use std::time::Duration;

/// Waiting times that double up to a limit, each with jitter, so that clients that failed together
/// do not come back together.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    limit: Duration,
    failures: u32,
}

impl Backoff {
    pub fn new(first: Duration, limit: Duration) -> Self {
        Self { first, limit, failures: 0 }
    }

    /// To be called after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Counts one more failure; the time to wait now.
    #[expect(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        Self::delay(self.first, self.limit, self.failures)
    }

    /// The waiting time after the given number of failures: between half and one and a half of
    /// `first` · 2^(failures - 1), `limit` at most.
    pub(crate) fn delay(first: Duration, limit: Duration, failures: u32) -> Duration {
        let doubled = first.saturating_mul(1 << failures.saturating_sub(1).min(16));
        doubled.min(limit).mul_f64(rand::random_range(0.5..1.5)).min(limit)
    }
}
