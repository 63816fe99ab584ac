//! Faults of a NATS cluster of three servers: rows 18 to 20.

use std::time::Duration;

use tests::{Brokers, ClusterPlan};

use crate::row::{Row, lasting};

/// A row whose stream has a copy on each server.
fn row(number: &'static str, name: &'static str, brokers: &Brokers) -> Row {
    let plan = ClusterPlan { broker: Some(brokers.url.clone()), copies: 3, ..ClusterPlan::default() };
    Row { plan, ..Row::new(number, name) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_18_the_leader_is_killed_five_times() {
    let mut brokers = Brokers::start().await;
    let row = Row {
        applications: 18,
        rate: 1.0,
        ..row("18", "brokers of three: leader kill -9, five times", &brokers)
    };
    row.run(async |cluster, drive| {
        for time in 1..=5 {
            drive.until_submitted(3 * time).await;
            let leader = brokers.leader(cluster.jetstream().await).await;
            brokers.servers[leader].kill().await;
            cluster.count_kill();
            drive.until_submitted(3 * time + 1).await;
            brokers.servers[leader].start().await;
        }
    })
    .await;
    brokers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_19_the_leader_is_cut_off() {
    let brokers = Brokers::start().await;
    let row = row("19", "brokers of three: leader cut off for 30 s (SIGSTOP)", &brokers);
    row.run(async |cluster, drive| {
        drive.until_submitted(4).await;
        let leader = &brokers.servers[brokers.leader(cluster.jetstream().await).await];
        leader.pause();
        lasting(Duration::from_secs(30)).await;
        leader.resume();
    })
    .await;
    brokers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_20_no_majority() {
    let brokers = Brokers::start().await;
    let row = row("20", "brokers of three: no majority for 60 s", &brokers);
    row.run(async |_, drive| {
        drive.until_submitted(4).await;
        for server in &brokers.servers[1..] {
            server.pause();
        }
        // The API works without the broker: people go on submitting.
        drive.until_submitted(12).await;
        lasting(Duration::from_secs(60)).await;
        for server in &brokers.servers[1..] {
            server.resume();
        }
    })
    .await;
    brokers.stop().await;
}
