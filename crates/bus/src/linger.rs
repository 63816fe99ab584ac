//! Facts that travel together cost less: one transaction, one commit. Where many come, it is worth a
//! moment to wait for them; where one comes, it is not.

use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt, Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

/// What another fact in the same transaction saves, roughly.
const SAVES: Duration = Duration::from_millis(1);
/// Fewer are no company: a timer takes a millisecond or two by itself.
const FEW: usize = 4;
/// Nobody waits longer than this.
const MOST: Duration = Duration::from_millis(50);

/// How long to wait for company, after so many came together the last time.
pub(crate) fn linger_for(last: usize) -> Duration {
    if last < FEW {
        return Duration::ZERO;
    }
    let others = u32::try_from(last - 1).unwrap_or(u32::MAX);
    SAVES.saturating_mul(others).min(MOST)
}

/// Adds what `stream` has ready, and what comes within `time`, until it ends.
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
            linger_for(FEW) > Duration::ZERO && linger_for(FEW) < linger_for(20) && linger_for(1_000) == MOST
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
