//! Faults of the broker: rows 10 to 17, 21, 22 and 35.

use std::path::Path;
use std::time::Duration;

use async_nats::jetstream::stream::Stream;
use events::{STREAM, Service};
use local::Signal;
use testkit::{copy_store, until, until_within};
use tests::{Cluster, ClusterPlan, Disk, Drive, RECOVERY_DEADLINE};

use crate::row::{Row, lasting, left_out};

async fn stream(cluster: &Cluster) -> Stream {
    testkit::until_some("the stream", || async { cluster.jetstream().await.get_stream(STREAM).await.ok() })
        .await
}

/// The epoch that intake has recorded.
async fn epoch(cluster: &Cluster) -> i64 {
    let epoch = sqlx::query_scalar("select coalesce(max(epoch), 0) from bus.broker");
    epoch.fetch_one(cluster.database(Service::Intake)).await.unwrap_or(0)
}

/// Number of facts in intake's outbox.
async fn outbox(cluster: &Cluster) -> i64 {
    let rows = sqlx::query_scalar("select count(*) from bus.outbox");
    rows.fetch_one(cluster.database(Service::Intake)).await.unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_10_the_broker_is_killed_and_comes_back() {
    let row = Row::new("10", "nats-server kill -9 and restart, under load");
    row.run(async |cluster, drive| {
        for submitted in [3, 7] {
            drive.until_submitted(submitted).await;
            cluster.kill_broker().await;
            drive.until_submitted(submitted + 2).await;
            cluster.restart_broker().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_11_the_broker_stands_still() {
    let row = Row::new("11", "nats-server SIGSTOP 30 s, publishes in flight");
    row.run(async |cluster, drive| {
        drive.until_submitted(4).await;
        let nats = cluster.nats.lock().await;
        let nats = nats.as_ref().expect("the cluster's own broker");
        nats.pause().expect("it stands still");
        lasting(Duration::from_secs(30)).await;
        nats.resume().expect("it goes on");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_12_the_broker_loses_everything_while_it_is_down() {
    let row = Row::new("12", "nats-server killed and its data wiped, mid-workflow");
    row.run(async |cluster, drive| {
        drive.until_submitted(6).await;
        let before = epoch(cluster).await;
        cluster.kill_broker().await;
        wipe(cluster).await;
        drive.until_submitted(8).await;
        cluster.restart_broker().await;
        until("the next epoch has begun", || epoch(cluster), |epoch| *epoch > before).await;
    })
    .await;
}

async fn wipe(cluster: &Cluster) {
    cluster.nats.lock().await.as_ref().expect("the cluster's own broker").wipe().expect("wiped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_13_late_acknowledgements_meet_a_wiped_broker() {
    // Eligibility is stopped in a handler, and continues after the broker was wiped: its acknowledgements are late.
    let steps = [(Service::Eligibility, vec!["handled=stop@3".to_owned()])].into();
    let plan = ClusterPlan { steps, ..ClusterPlan::default() };
    let row = Row { plan, ..Row::new("13", "broker wiped while a handler stands still; late acks") };
    row.run(async |cluster, drive| {
        let stopped = cluster.first(Service::Eligibility);
        until_within(
            RECOVERY_DEADLINE,
            "the handler stands still",
            || async { stopped.stands_still() },
            |is| *is,
        )
        .await;
        drive.until_submitted(8).await;
        let before = epoch(cluster).await;
        cluster.kill_broker().await;
        wipe(cluster).await;
        cluster.restart_broker().await;
        until("the next epoch has begun", || epoch(cluster), |epoch| *epoch > before).await;
        drive.until_submitted(10).await;
        stopped.signal(Signal::CONT);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_14_the_broker_comes_back_with_an_older_store() {
    let row = Row::new("14", "nats store rolled back to an older copy (as after a power loss)");
    row.run(async |cluster, drive| {
        drive.until_submitted(3).await;
        cluster.kill_broker().await;
        let store = cluster.nats.lock().await.as_ref().expect("the cluster's own broker").store();
        let copy = store.with_extension("copy");
        copy_store(&store, &copy);
        cluster.restart_broker().await;
        let copied = last_sequence(cluster).await;
        drive.until_submitted(9).await;
        // Only a service that knows a fact which the copy lacks can detect that the copy is older.
        until("intake knows of later facts", || noted(cluster), |noted| *noted > copied).await;
        let before = epoch(cluster).await;
        cluster.kill_broker().await;
        std::fs::remove_dir_all(&store).expect("the store goes");
        copy_store(&copy, &store);
        cluster.restart_broker().await;
        until("the next epoch has begun", || epoch(cluster), |epoch| *epoch > before).await;
    })
    .await;
}

/// The last sequence number of the broker's stream.
async fn last_sequence(cluster: &Cluster) -> i64 {
    let jetstream = cluster.jetstream().await;
    let last = || async {
        jetstream.get_stream(STREAM).await.map(|stream| stream.cached_info().state.last_sequence)
    };
    let last = until("the broker answers", last, Result::is_ok).await.expect("an answer");
    i64::try_from(last).expect("a number of Postgres")
}

/// The last sequence number that intake has recorded.
async fn noted(cluster: &Cluster) -> i64 {
    let noted = sqlx::query_scalar("select coalesce(max(last_sequence), 0) from bus.broker");
    noted.fetch_one(cluster.database(Service::Intake)).await.unwrap_or(0)
}

/// Damages the broker while eligibility is stopped, so that it loses facts which eligibility has not consumed.
async fn without_eligibility(cluster: &Cluster, drive: &Drive, submitted: usize, damage: impl AsyncFnOnce()) {
    let eligibility = cluster.first(Service::Eligibility);
    eligibility.stop().await;
    drive.until_submitted(submitted).await;
    until("what was said is with the broker", || outbox(cluster), |rows| *rows == 0).await;
    damage().await;
    eligibility.go_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_15_bytes_of_the_stored_stream_are_flipped() {
    let row = Row::new("15", "flipped bytes in the middle of the stored stream");
    row.run(async |cluster, drive| {
        without_eligibility(cluster, drive, 8, async || {
            cluster.kill_broker().await;
            let store = cluster.nats.lock().await.as_ref().expect("the cluster's own broker").store();
            let flipped = flip(&store);
            assert!(flipped > 0, "no block of the stream in {}", store.display());
            cluster.restart_broker().await;
        })
        .await;
    })
    .await;
}

/// Flips bytes in each block of messages below a folder; returns the number of blocks.
fn flip(folder: &Path) -> usize {
    let mut flipped = 0;
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            flipped += flip(&path);
        } else if path.extension().is_some_and(|end| end == "blk") {
            let mut bytes = std::fs::read(&path).expect("a block");
            let middle = bytes.len() / 2;
            bytes[middle..middle + 8].iter_mut().for_each(|byte| *byte ^= 0xff);
            std::fs::write(&path, bytes).expect("a block");
            flipped += 1;
        }
    }
    flipped
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_15_a_block_of_the_stored_stream_is_cut_short() {
    let row = Row::new("15", "block of the stored stream cut short");
    row.run(async |cluster, drive| {
        without_eligibility(cluster, drive, 8, async || {
            cluster.kill_broker().await;
            let store = cluster.nats.lock().await.as_ref().expect("the cluster's own broker").store();
            let found = std::process::Command::new("find").arg(&store).args(["-name", "*.blk"]).output();
            let found = String::from_utf8(found.expect("find").stdout).expect("paths");
            for block in found.lines() {
                let file = std::fs::File::options().write(true).open(block).expect("a block");
                file.set_len(file.metadata().expect("its size").len() * 6 / 10).expect("cut");
            }
            cluster.restart_broker().await;
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_35_a_message_is_missing_in_the_middle() {
    let row = Row::new("35", "messages missing in the middle of the stream");
    row.run(async |cluster, drive| {
        without_eligibility(cluster, drive, 8, async || {
            let mut stream = stream(cluster).await;
            let state = stream.info().await.expect("its state").state.clone();
            let mut deleted = 0;
            for sequence in (state.first_sequence..=state.last_sequence).rev() {
                let Ok(message) = stream.get_raw_message(sequence).await else { continue };
                if message.subject.starts_with("bescheid.intake.application-submitted") && deleted < 3 {
                    stream.delete_message(sequence).await.expect("deleted");
                    deleted += 1;
                }
            }
            assert_eq!(deleted, 3);
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_16_somebody_deletes_the_stream() {
    let row = Row::new("16", "stream deleted by hand");
    row.run(async |cluster, drive| {
        drive.until_submitted(6).await;
        let before = epoch(cluster).await;
        cluster.jetstream().await.delete_stream(STREAM).await.expect("deleted");
        until("the next epoch has begun", || epoch(cluster), |epoch| *epoch > before).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_17_somebody_deletes_the_durables() {
    let row = Row::new("17", "every durable deleted by hand");
    let checks = row
        .run(async |cluster, drive| {
            drive.until_submitted(6).await;
            let stream = stream(cluster).await;
            for durable in cluster.durables().await {
                stream.delete_consumer(&durable.name).await.expect("deleted");
            }
            let back = || async { cluster.durables().await.len() };
            until("the durables are back", back, |count| *count == Service::ALL.len()).await;
        })
        .await;
    assert!(checks.redeliveries > 0, "everything comes again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_21_the_brokers_disk_is_full() {
    let name = "disk of nats-server full (tmpfs); then room, and a restart";
    let Ok(disk) = Disk::of_megabytes(64) else {
        return left_out("21", name, "it mounts a tmpfs, which needs root");
    };
    let folder = disk.path().join("nats");
    let plan = ClusterPlan { broker_folder: Some(folder), max_bytes: 24 << 20, ..ClusterPlan::default() };
    let row = Row { plan, ..Row::new("21", name) };
    row.run(async |cluster, drive| {
        drive.until_submitted(3).await;
        disk.fill();
        // The server buffers writes: it refuses facts only once it needs a new block on the disk.
        until_within(RECOVERY_DEADLINE, "facts wait", || outbox(cluster), |rows| *rows > 0).await;
        drive.until_submitted(8).await;
        disk.make_room();
        // A server that could not write does not answer until it is restarted.
        let mut nats = cluster.nats.lock().await;
        nats.as_mut().expect("the cluster's own broker").restart().await.expect("it comes back");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_22_the_stream_is_full() {
    let plan = ClusterPlan { max_bytes: 60_000, ..ClusterPlan::default() };
    let row = Row { plan, ..Row::new("22", "stream at max_bytes, discard new") };
    row.run(async |cluster, drive| {
        drive.until_submitted(12).await;
        until_within(RECOVERY_DEADLINE, "facts wait", || outbox(cluster), |rows| *rows > 0).await;
        let mut stream = stream(cluster).await;
        let config = stream.info().await.expect("the stream's state").config.clone();
        let wider = async_nats::jetstream::stream::Config { max_bytes: 1 << 30, ..config };
        cluster.jetstream().await.update_stream(wider).await.expect("more room");
    })
    .await;
}
