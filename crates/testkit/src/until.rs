use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Generous, since the machine may be busy.
const DEADLINE: Duration = Duration::from_secs(60);

/// Shortest pause between two looks.
const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// Longest pause between two looks that are slow themselves.
const MAX_INTERVAL: Duration = Duration::from_millis(500);

/// Waits until `condition` is true for what `look` returns, and returns that.
///
/// # Panics
/// The condition is not true after a minute; the text shows what was seen last.
pub async fn until<T, F>(what: &str, look: impl FnMut() -> F, condition: impl Fn(&T) -> bool) -> T
where
    T: std::fmt::Debug,
    F: Future<Output = T>,
{
    until_within(DEADLINE, what, look, condition).await
}

/// As [`until`], with another deadline, for what is slow by design.
pub async fn until_within<T, F>(
    limit: Duration,
    what: &str,
    look: impl FnMut() -> F,
    condition: impl Fn(&T) -> bool,
) -> T
where
    T: std::fmt::Debug,
    F: Future<Output = T>,
{
    let mut look = look;
    let deadline = Instant::now() + limit;
    // What may take minutes need not be checked a hundred times a second.
    let interval = (limit / 2_000).max(MIN_INTERVAL);
    loop {
        let began = Instant::now();
        let seen = look().await;
        if condition(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain for: {what}; last seen: {seen:?}");
        // Frequent slow looks would slow down what is waited for.
        pause(began.elapsed().min(MAX_INTERVAL).max(interval)).await;
    }
}

/// As [`until`]: waits until `look` finds something.
pub async fn until_some<T, F>(what: &str, look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let mut look = look;
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for: {what}");
        pause(MIN_INTERVAL).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the interval between two looks at a condition")]
async fn pause(interval: Duration) {
    sleep(interval).await;
}
