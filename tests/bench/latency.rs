//! How long a hop takes, from commit to commit, by the commit times that Postgres keeps.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use chassis::Clock;
use chrono::{DateTime, Utc};
use events::Service;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::journey::facts_each;
use super::system::System;
use super::table::{median, quantile};

/// Applications a second.
const RATE: u64 = 50;
/// Applications that travel alone, one after the other.
const ALONE: usize = 40;

/// What one round found, in milliseconds.
pub struct Latency {
    /// Of a hop at a steady rate.
    pub p50: f64,
    pub p99: f64,
    /// Of an application that is alone: its submission, and the flight to each next service.
    pub legs: [f64; 5],
}

impl Latency {
    /// Five hops of an application that is alone.
    pub fn alone(&self) -> f64 {
        self.legs.iter().sum()
    }
}

/// Hop times at a steady rate, and the five hops of an application that has the machine to itself.
pub async fn measure(system: &System, seconds: u64) -> Result<Latency> {
    let start = Clock::system().now();
    let before = system.consumed.count();
    let mut every = interval(Duration::from_micros(1_000_000 / RATE));
    every.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for _ in 0..RATE * seconds {
        every.tick().await;
        system.submit().await?;
    }
    system.consumed.until(before + RATE * seconds * facts_each()).await;
    let steady = hops(system, start).await?;
    let times = || steady.iter().map(|hop| hop.milliseconds);

    let mut alone = Vec::new();
    for _ in 0..ALONE {
        let (start, before, begun) = (Clock::system().now(), system.consumed.count(), Instant::now());
        system.submit().await?;
        let submitted = begun.elapsed().as_secs_f64() * 1e3;
        system.consumed.until(before + facts_each()).await;
        let flights = hops(system, start).await?;
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
    let legs = std::array::from_fn(|leg| median(alone.iter().map(|legs: &[f64; 5]| legs[leg])));
    Ok(Latency { p50: median(times()), p99: quantile(times(), 0.99), legs })
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
