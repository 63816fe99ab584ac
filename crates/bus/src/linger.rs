//! Facts in one batch share one transaction and one commit. When many arrive, a short wait makes the
//! batch larger and each fact cheaper; when one arrives, waiting would only delay it. Facts that are only noted wait for
//! company in any case: whoever a person or another service waits for goes first.

use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt, Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

/// What one more fact in the same transaction saves, roughly.
const SAVED_PER_FACT: Duration = Duration::from_millis(1);
/// For smaller batches waiting does not pay: a timer alone takes a millisecond or two.
const MIN_BATCH: usize = 4;
const MAX_LINGER: Duration = Duration::from_millis(50);
/// How long facts that are only noted wait for others: nobody sees that, and what is urgent has passed by then.
const LEISURE: Duration = Duration::from_millis(10);

/// How long to wait for more facts, given the size of the last batch.
pub(crate) fn linger_for(last: usize) -> Duration {
    if last < MIN_BATCH {
        return Duration::ZERO;
    }
    let others = u32::try_from(last - 1).unwrap_or(u32::MAX);
    SAVED_PER_FACT.saturating_mul(others).min(MAX_LINGER)
}

/// Adds what `stream` has ready, and what arrives within `time`, until the stream ends. A batch in which nothing is
/// urgent waits a moment longer, until something is.
pub(crate) async fn fill_batch<T>(
    batch: &mut Vec<T>,
    stream: impl Stream<Item = T>,
    time: Duration,
    is_urgent: impl Fn(&T) -> bool,
) {
    let mut stream = pin!(stream);
    let begun = Instant::now();
    let mut urgent = batch.iter().any(&is_urgent);
    loop {
        let more = match stream.next().now_or_never() {
            Some(more) => more,
            None => {
                let end = begun + if urgent { time } else { time.max(LEISURE) };
                if end <= Instant::now() {
                    return;
                }
                timeout_at(end, stream.next()).await.unwrap_or_default()
            }
        };
        let Some(more) = more else { return };
        urgent |= is_urgent(&more);
        batch.push(more);
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
        let more = stream::iter([2, 3]).chain(stream::pending());
        fill_batch(&mut batch, more, linger_for(1), |_| true).await;
        assert_eq!(batch, [1, 2, 3], "what is there comes along");
        let soon = stream::once(async {
            tokio::task::yield_now().await;
            4
        });
        fill_batch(&mut batch, soon, Duration::from_secs(60), |_| true).await;
        assert_eq!(batch, [1, 2, 3, 4], "so does what comes in time");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_only_noted_waits_until_something_urgent_comes() {
        let begun = Instant::now();
        let every_millisecond = |numbers: std::ops::Range<u32>| {
            stream::iter(numbers).then(|number| async move {
                tokio::time::advance(Duration::from_millis(1)).await;
                number
            })
        };
        let mut batch = vec![1];
        let more = every_millisecond(2..9).chain(stream::pending());
        fill_batch(&mut batch, more, Duration::ZERO, |number| *number == 5).await;
        assert_eq!(batch, [1, 2, 3, 4, 5]);

        fill_batch(&mut batch, stream::pending(), Duration::ZERO, |number| *number > 5).await;
        assert!(begun.elapsed() >= LEISURE, "and not for ever");
    }
}
