//! Applications through all five services, as many as go.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::system::System;

/// What one application makes the five services consume, when emails are only queued:
/// `application-submitted` 4 times, `eligibility-confirmed` and `review-completed` 3 times each,
/// `award-granted` and `notice-issued` twice each.
pub const FACTS_EACH: u64 = 14;
/// People who submit at the same time.
const SUBMITTERS: usize = 8;
/// Applications under way at most.
const UNDER_WAY: u64 = 1_000;

/// How many a second.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    pub applications: f64,
    pub consumed: f64,
}

/// From the first submission until the last fact is consumed.
pub async fn run(system: &System, count: usize) -> Result<Rates> {
    let before = system.consumed.count();
    let begun = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let submitters = (0..SUBMITTERS).map(|_| {
        let next = next.clone();
        async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<_, anyhow::Error>(());
                }
                while (number as u64).saturating_sub((system.consumed.count() - before) / FACTS_EACH)
                    > UNDER_WAY
                {
                    moment().await;
                }
                system.submit().await?;
            }
        }
    });
    futures_util::future::try_join_all(submitters).await?;
    let consumed = before + count as u64 * FACTS_EACH;
    system.until_consumed(consumed).await;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Rates { applications: count as f64 / seconds, consumed: (count as u64 * FACTS_EACH) as f64 / seconds })
}

#[expect(clippy::disallowed_methods, reason = "who waits for room looks again after a moment")]
pub async fn moment() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}
