use std::time::Duration;

/// Waiting times that double up to a limit, each with jitter, so that those who failed together
/// do not come back together.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    limit: Duration,
    failures: u32,
}

impl Backoff {
    /// From `first` on, up to `limit`.
    pub fn new(first: Duration, limit: Duration) -> Self {
        Self { first, limit, failures: 0 }
    }

    /// It worked: the next failure is the first one again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// The waiting time after one more failure.
    #[expect(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        Self::delay(self.first, self.limit, self.failures)
    }

    /// The waiting time after the given number of failures: between half and one and a half of
    /// `first` · 2^(failures - 1), `limit` at most.
    pub(crate) fn delay(first: Duration, limit: Duration, failures: u32) -> Duration {
        let duplicates = first.saturating_mul(1 << failures.saturating_sub(1).min(16));
        duplicates.min(limit).mul_f64(rand::random_range(0.5..1.5)).min(limit)
    }
}
