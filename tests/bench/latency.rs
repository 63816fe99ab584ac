//! How long a hop takes, from commit to commit, by the commit times that Postgres keeps.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use chassis::Clock;
use chrono::{DateTime, Utc};
use events::Service;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::journey::FACTS_EACH;
use super::system::System;
use super::table::{Table, median, quantile};

/// Applications a second.
const RATE: u64 = 50;
/// Applications that travel alone, one after the other.
const ALONE: usize = 40;

/// Hop times at a steady rate, and the five hops of an application that has the machine to itself.
pub async fn measure(system: &System, seconds: u64, table: &mut Table) -> Result<()> {
    let start = Clock::system().now();
    let before = system.consumed.count();
    let mut every = interval(Duration::from_micros(1_000_000 / RATE));
    every.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for _ in 0..RATE * seconds {
        every.tick().await;
        system.submit().await?;
    }
    system.until_consumed(before + RATE * seconds * FACTS_EACH).await;
    let hops = hops(system, start).await?;
    let times = || hops.iter().map(|hop| hop.milliseconds);
    table.below(
        "2  a hop at 50 applications/s, commit to commit, p50",
        format!("{} hops", hops.len()),
        median(times()),
        3.0,
        "ms",
    );
    table.below("2  the same, p99", String::new(), quantile(times(), 0.99), 25.0, "ms");

    let mut alone = Vec::new();
    for _ in 0..ALONE {
        let (start, before, begun) = (Clock::system().now(), system.consumed.count(), Instant::now());
        system.submit().await?;
        let submitted = begun.elapsed().as_secs_f64() * 1e3;
        system.until_consumed(before + FACTS_EACH).await;
        let flights = self::hops(system, start).await?;
        let leg = |kind: &str, consumer| {
            let leg = flights.iter().find(|hop| hop.kind == kind && hop.consumer == consumer);
            leg.map_or(f64::NAN, |hop| hop.milliseconds)
        };
        alone.push([
            submitted,
            leg("application-submitted", Service::Eligibility),
            leg("eligibility-confirmed", Service::Review),
            leg("review-completed", Service::Award),
            leg("notice-issued", Service::Notification),
        ]);
    }
    let legs: Vec<String> =
        (0..5).map(|leg| format!("{:.1}", median(alone.iter().map(|legs| legs[leg])))).collect();
    table.below(
        "2  five hops of one application alone, p50",
        legs.join(" + "),
        median(alone.iter().map(|legs| legs.iter().sum())),
        10.0,
        "ms",
    );
    Ok(())
}

struct Hop {
    kind: String,
    consumer: Service,
    milliseconds: f64,
}

/// All hops of facts published since `start`.
async fn hops(system: &System, start: DateTime<Utc>) -> Result<Vec<Hop>> {
    let mut published = HashMap::new();
    for db in system.databases().values() {
        let rows: Vec<(Uuid, String, DateTime<Utc>)> = sqlx::query_as(
            "select event_id, kind, pg_xact_commit_timestamp(xmin) from bus.event_log where said_at >= $1",
        )
        .bind(start)
        .fetch_all(db)
        .await?;
        published.extend(rows.into_iter().map(|(id, kind, at)| (id, (kind, at))));
    }
    let mut hops = Vec::new();
    for (consumer, db) in system.databases() {
        // Without an index: only ever asked when nothing runs.
        let rows: Vec<(Uuid, DateTime<Utc>)> = sqlx::query_as(
            "select event_id, pg_xact_commit_timestamp(xmin) from bus.inbox where heard_at >= $1",
        )
        .bind(start)
        .fetch_all(db)
        .await?;
        for (id, consumed) in rows {
            let Some((kind, published)) = published.get(&id) else { continue };
            let milliseconds = (consumed - *published).num_microseconds().unwrap_or_default() as f64 / 1e3;
            hops.push(Hop { kind: kind.clone(), consumer: *consumer, milliseconds });
        }
    }
    Ok(hops)
}
