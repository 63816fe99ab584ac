//! Rolling restarts and migrations: rows 41 and 42.

use std::time::Instant;

use bescheid::service::migrators;
use events::Service;
use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use testkit::environment;
use tests::{ClusterPlan, program};
use tokio::process::Command;

use crate::row::{Line, Row};

/// Each replica is replaced twice and no request fails; by the same program, since there is no earlier release yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_41_each_service_is_rolled_twice_under_load() {
    let plan = ClusterPlan { replicas: 2, ..ClusterPlan::default() };
    let row = Row {
        plan,
        applications: 24,
        rate: 1.0,
        ..Row::new("41", "each service rolled forth and back (the same release twice)")
    };
    row.run(async |cluster, drive| {
        drive.until_submitted(2).await;
        for _ in ["forth", "back"] {
            for replica in &cluster.all {
                replica.stop().await;
                replica.go_on().await;
                testkit::until("it is ready", || replica.is_ready(), |ready| *ready).await;
            }
        }
        assert_eq!(drive.repeated(), 0, "requests that failed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_42_three_migrate_at_once() {
    let began = Instant::now();
    let mut line = Line::begin("42", "three replicas migrate the same new database at once");
    let url = environment::get(environment::POSTGRES);
    let mut admin = PgConnection::connect(&url).await.expect("Postgres answers");
    let folder = tempfile::tempdir().expect("a folder");
    for service in Service::ALL {
        let name = format!("fresh_{service}_{}", std::process::id());
        sqlx::query(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut admin)
            .await
            .expect("a database");
        let (server, _) = url.rsplit_once('/').expect("an address names a database");
        let database = format!("{server}/{name}");
        let config = folder.path().join(format!("{service}.toml"));
        let settings =
            tests::settings(service, 0, &database, "nats://127.0.0.1:4222", "http://localhost", 25);
        std::fs::write(&config, settings.to_string()).expect("a settings file");
        let migrate = || {
            Command::new(program())
                .args(["service", service.name(), "migrate", "--config"])
                .arg(&config)
                .output()
        };
        // A service refuses to start on a database without its migrations.
        let early =
            Command::new(program()).args(["service", service.name(), "--config"]).arg(&config).output();
        let early = early.await.expect("a process");
        let said = String::from_utf8_lossy(&early.stderr).into_owned();
        assert!(!early.status.success() && said.contains("migrate"), "{said}");
        for output in join_all([migrate(), migrate(), migrate()]).await {
            let output = output.expect("a process");
            assert!(output.status.success(), "{service}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let pool = sqlx::PgPool::connect(&database).await.expect("the database answers");
        chassis::database::check_schema(&pool, &migrators(service)).await.expect("the schema is whole");
        pool.close().await;
    }
    line.done(&format!("{:>6} {:>53}", 0, began.elapsed().as_secs()));
}
