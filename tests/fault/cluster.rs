//! Three brokers that are one: rows 18 to 20.

use std::time::Duration;

use tests::{Cluster, RigPlan};

use crate::row::{Row, lasting};

/// Three copies of the stream, on three servers.
fn row(number: &'static str, name: &'static str, cluster: &Cluster) -> Row {
    let plan = RigPlan { broker: Some(cluster.url.clone()), copies: 3, ..RigPlan::default() };
    Row { plan, ..Row::new(number, name) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_18_the_leader_is_killed_five_times() {
    let mut cluster = Cluster::start().await;
    let row = Row {
        applications: 18,
        rate: 1.0,
        ..row("18", "cluster of three: leader kill -9, five times", &cluster)
    };
    row.run(async |rig, drive| {
        for time in 1..=5 {
            drive.until_submitted(3 * time).await;
            let leader = cluster.leader(rig.jetstream().await).await;
            cluster.servers[leader].kill().await;
            rig.count_kill();
            drive.until_submitted(3 * time + 1).await;
            cluster.servers[leader].start().await;
        }
    })
    .await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_19_the_leader_is_cut_off() {
    let cluster = Cluster::start().await;
    let row = row("19", "cluster of three: leader cut off for 30 s (SIGSTOP)", &cluster);
    row.run(async |rig, drive| {
        drive.until_submitted(4).await;
        let leader = &cluster.servers[cluster.leader(rig.jetstream().await).await];
        leader.pause();
        lasting(Duration::from_secs(30)).await;
        leader.resume();
    })
    .await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_20_no_majority() {
    let cluster = Cluster::start().await;
    let row = row("20", "cluster of three: no majority for 60 s", &cluster);
    row.run(async |_, drive| {
        drive.until_submitted(4).await;
        for server in &cluster.servers[1..] {
            server.pause();
        }
        // The API stays up: people go on submitting.
        drive.until_submitted(12).await;
        lasting(Duration::from_secs(60)).await;
        for server in &cluster.servers[1..] {
            server.resume();
        }
    })
    .await;
    cluster.stop().await;
}
