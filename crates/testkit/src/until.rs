use std::time::Duration;

use tokio::time::{Instant, sleep};

/// A condition that has not come true by then never will: generous, since the machine may be busy.
const DEADLINE: Duration = Duration::from_secs(60);

/// Between two looks, at least.
const INTERVAL: Duration = Duration::from_millis(10);

/// Between two looks that take long.
const LONGEST: Duration = Duration::from_millis(500);

/// Waits until `condition` holds. `look` returns what is seen; on time-out the panic shows the
/// last thing seen.
pub async fn until<T, F>(what: &str, look: impl FnMut() -> F, condition: impl Fn(&T) -> bool) -> T
where
    T: std::fmt::Debug,
    F: Future<Output = T>,
{
    until_within(DEADLINE, what, look, condition).await
}

/// As [`until`], with a deadline of one's own: for what takes its time by design.
pub async fn until_within<T, F>(
    patience: Duration,
    what: &str,
    look: impl FnMut() -> F,
    condition: impl Fn(&T) -> bool,
) -> T
where
    T: std::fmt::Debug,
    F: Future<Output = T>,
{
    let mut look = look;
    let deadline = Instant::now() + patience;
    // What may take minutes is not looked at a hundred times a second.
    let interval = (patience / 2_000).max(INTERVAL);
    loop {
        let began = Instant::now();
        let seen = look().await;
        if condition(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain for: {what}; last seen: {seen:?}");
        // Looking must not slow down what is waited for.
        pause(began.elapsed().min(LONGEST).max(interval)).await;
    }
}

/// Waits until `look` finds something.
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
        pause(INTERVAL).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the interval between two looks at a condition")]
async fn pause(interval: Duration) {
    sleep(interval).await;
}
