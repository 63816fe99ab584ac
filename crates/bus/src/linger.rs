//! Facts in one batch share one transaction and one commit. When many arrive, a short wait makes the
//! batch larger and each fact cheaper; when one arrives, waiting would only delay it.

use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt, Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

/// What one more fact in the same transaction saves, roughly.
const SAVED_PER_FACT: Duration = Duration::from_millis(1);
/// For smaller batches waiting does not pay: a timer alone takes a millisecond or two.
const MIN_BATCH: usize = 4;
const MAX_LINGER: Duration = Duration::from_millis(50);

/// How long to wait for more facts, given the size of the last batch.
pub(crate) fn linger_for(last: usize) -> Duration {
    if last < MIN_BATCH {
        return Duration::ZERO;
    }
    let others = u32::try_from(last - 1).unwrap_or(u32::MAX);
    SAVED_PER_FACT.saturating_mul(others).min(MAX_LINGER)
}

/// Adds what `stream` has ready, and what arrives within `time`, until the stream ends.
pub(crate) async fn fill_batch<T>(batch: &mut Vec<T>, stream: impl Stream<Item = T>, time: Duration) {
    let mut stream = pin!(stream);
    while let Some(Some(one)) = stream.next().now_or_never() {
        batch.push(one);
    }
    if time.is_zero() {
        return;
    }
    let end = Instant::now() + time;
    while let Ok(Some(one)) = timeout_at(end, stream.next()).await {
        batch.push(one);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn one_alone_waits_for_nobody_and_many_wait_for_more() {
        assert_eq!(linger_for(0), Duration::ZERO);
        assert_eq!(linger_for(1), Duration::ZERO);
        assert!(
            linger_for(MIN_BATCH) > Duration::ZERO
                && linger_for(MIN_BATCH) < linger_for(20)
                && linger_for(1_000) == MAX_LINGER
        );

        let mut batch = vec![1];
        fill_batch(&mut batch, stream::iter([2, 3]).chain(stream::pending()), linger_for(1)).await;
        assert_eq!(batch, [1, 2, 3], "what is there comes along");
        let soon = stream::once(async {
            tokio::task::yield_now().await;
            4
        });
        fill_batch(&mut batch, soon, Duration::from_secs(60)).await;
        assert_eq!(batch, [1, 2, 3, 4], "so does what comes in time");
    }
}
