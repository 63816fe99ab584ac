//! Applications through all five services, as many as go.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Result;
use events::{Kind, Service};
use tests::consumes;

use super::system::System;

/// How many facts one application makes the five services consume, when emails are only queued.
pub fn facts_each() -> u64 {
    let said = [
        Kind::ApplicationSubmitted,
        Kind::EligibilityConfirmed,
        Kind::ReviewCompleted,
        Kind::AwardGranted,
        Kind::NoticeIssued,
    ];
    let consumers = |kind: Kind| {
        let others = Service::ALL.into_iter().filter(move |service| *service != kind.service());
        others.filter(|service| consumes(*service, kind.service())).count() as u64
    };
    said.into_iter().map(consumers).sum()
}
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
                let earlier = (number as u64).saturating_sub(UNDER_WAY);
                system.consumed.until(before + earlier * facts_each()).await;
                system.submit().await?;
            }
        }
    });
    futures_util::future::try_join_all(submitters).await?;
    let consumed = before + count as u64 * facts_each();
    system.consumed.until(consumed).await;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Rates {
        applications: count as f64 / seconds,
        consumed: (count as u64 * facts_each()) as f64 / seconds,
    })
}
