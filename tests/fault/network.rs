//! Faults of the network and of the clock: rows 29 to 31.

use std::path::{Path, PathBuf};
use std::time::Duration;

use events::Service;
use tests::{ClusterPlan, NetworkFault};

use crate::row::{Row, lasting, left_out};

fn proxied() -> ClusterPlan {
    ClusterPlan { proxied: true, ..ClusterPlan::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_29_connections_to_nats_are_half_open() {
    let row = Row { plan: proxied(), ..Row::new("29", "half-open TCP to NATS, under load and idle") };
    row.run(async |cluster, drive| {
        drive.until_submitted(4).await;
        cluster.proxies().nats.set(NetworkFault { swallow: true, ..NetworkFault::default() });
        lasting(Duration::from_secs(10)).await;
        // The affected connections stay dead: each process must notice this, and reconnect.
        cluster.proxies().nats.heal();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_29_connections_to_postgres_are_half_open() {
    let row = Row { plan: proxied(), ..Row::new("29", "half-open TCP to Postgres, under load and idle") };
    row.run(async |cluster, drive| {
        drive.until_submitted(4).await;
        cluster.proxies().postgres.set(NetworkFault { swallow: true, ..NetworkFault::default() });
        lasting(Duration::from_secs(10)).await;
        cluster.proxies().postgres.heal();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_30_a_slow_network_that_cuts_connections() {
    let row = Row {
        plan: proxied(),
        applications: 8,
        rate: 1.0,
        ..Row::new("30", "200 ms round trip, one connection in twenty cut")
    };
    row.run(async |cluster, drive| {
        let bad = NetworkFault {
            latency: Duration::from_millis(100),
            cut_share: 0.05,
            cut_after: 20_000,
            ..NetworkFault::default()
        };
        let ways = cluster.proxies();
        for way in [&ways.postgres, &ways.nats, &ways.smtp] {
            way.set(bad);
            // Only new connections are cut by the fault.
            way.cut_all();
        }
        drive.until_ended(8).await;
        for way in [&ways.postgres, &ways.nats, &ways.smtp] {
            way.heal();
        }
    })
    .await;
}

/// The library that shifts the clock of a process, if it is installed.
fn faketime() -> Option<PathBuf> {
    ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/lib64", "/usr/local/lib"]
        .map(|folder| Path::new(folder).join("faketime/libfaketimeMT.so.1"))
        .into_iter()
        .find(|library| library.exists())
}

async fn clock_off(name: &'static str, by: &str) {
    let Some(library) = faketime() else {
        return left_out("31", name, "libfaketime is not installed (Debian: libfaketime)");
    };
    let environment = vec![
        ("LD_PRELOAD".to_owned(), library.display().to_string()),
        ("FAKETIME".to_owned(), by.to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC".to_owned(), "1".to_owned()),
    ];
    let environment = [(Service::Eligibility, environment)].into();
    let row = Row { plan: ClusterPlan { environment, ..ClusterPlan::default() }, ..Row::new("31", name) };
    row.run(async |cluster, drive| {
        drive.until_submitted(6).await;
        // If the fault did not work, the row would show nothing.
        let off: bool = sqlx::query_scalar(
            "select bool_and(abs(extract(epoch from said_at - now())) > 3000) from bus.event_log",
        )
        .fetch_one(cluster.database(Service::Eligibility))
        .await
        .expect("times");
        assert!(off, "the clock of eligibility is not off");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_31_a_clock_is_an_hour_fast() {
    clock_off("clock of eligibility one hour fast", "+1h").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_31_a_clock_is_an_hour_slow() {
    clock_off("clock of eligibility one hour slow", "-1h").await;
}
