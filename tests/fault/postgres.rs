//! Faults of Postgres, and processes or clients that stop while they use it: rows 7 to 9, 23 to 28 and 44.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use chassis::Role;
use events::Service;
use futures_util::future::join_all;
use local::{Durability, Signal};
use serde_json::json;
use sqlx::Connection;
use testkit::{until, until_within};
use tests::{Applicant, Cluster, ClusterPlan, Course, Disk, RECOVERY_DEADLINE, Replica, form};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::kills::direct;
use crate::row::{Row, lasting, left_out};

fn own() -> ClusterPlan {
    ClusterPlan { own_postgres: Some(Durability::Fast), ..ClusterPlan::default() }
}

/// One of two replicas of eligibility is stopped (SIGSTOP) at a step; the journeys end without it.
async fn stands_still(number: &'static str, name: &'static str, step: &str) {
    let steps = [(Service::Eligibility, vec![format!("{step}=stop@2")])].into();
    let plan = ClusterPlan { replicas: 2, steps, ..ClusterPlan::default() };
    let row = Row { plan, ..Row::new(number, name) };
    row.run(async |cluster, drive| {
        let (stopped, other) = {
            let mut both = cluster.replicas(Service::Eligibility);
            (both.next().expect("two"), both.next().expect("two"))
        };
        until_within(RECOVERY_DEADLINE, "it stands still", || async { stopped.stands_still() }, |is| *is)
            .await;
        cluster.route(Service::Eligibility, other);
        drive.until_ended(12).await;
        // It continues as if no time had passed.
        stopped.signal(Signal::CONT);
        until_within(RECOVERY_DEADLINE, "it is ready again", || stopped.is_ready(), |ready| *ready).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_7_a_process_stands_still_with_a_slot_of_the_outbox() {
    stands_still("7", "SIGSTOP > 60 s with a slot of the outbox locked", "relay-taken").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_8_a_process_stands_still_in_a_handler() {
    stands_still("8", "SIGSTOP for longer than ack_wait in a handler, then CONT", "handled").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_9_clients_go_away_during_post() {
    const KEYS: usize = 20;
    const TIMES: usize = 50;
    let row = Row::new("9", "1,000 clients go away during POST");
    row.run(async |cluster, drive| {
        let intake = cluster.first(Service::Intake);
        let api = direct(intake);
        let token = api.token("solingen", Role::Applicant, Some(Applicant::SOLINGEN.ags));
        let body = json!({ "call": "komm-in-2027", "application": form(Applicant::SOLINGEN) });
        let text = body.to_string();
        for number in 0..KEYS {
            let key = format!("gone-{number}");
            let head = format!(
                "POST /apply/api/applications HTTP/1.1\r\nhost: cluster\r\nauthorization: Bearer {token}\r\n\
                 content-type: application/json\r\nidempotency-key: {key}\r\ncontent-length: {}\r\n\r\n{text}",
                text.len()
            );
            // Some disconnect before the end of their request, some right after it, some while it is processed.
            let gone = (0..TIMES).map(|time| {
                let sent = head.len() - (time % 5) * 100;
                let head = &head;
                async move {
                    let mut socket = TcpStream::connect(intake.listen).await.expect("a connection");
                    socket.write_all(&head.as_bytes()[..sent]).await.expect("written");
                    if time % 2 == 0 {
                        lasting(Duration::from_millis(time as u64 / 2)).await;
                    }
                }
            });
            join_all(gone).await;
            let (status, answer) = api
                .call(Method::POST, "/apply/api/applications", &token, Some(&key), Some(&body))
                .await
                .expect("an answer");
            assert_eq!(status, StatusCode::CREATED, "{answer}");
            let id = answer["id"].as_str().expect("an id");
            drive.accept(id.parse().expect("an id"), Course::Withdrawn);
            let path = format!("/apply/api/applications/{id}/withdrawal");
            let reason = json!({ "reason": "Kein Bedarf" });
            let key = Uuid::new_v4().to_string();
            let (status, answer) =
                api.call(Method::POST, &path, &token, Some(&key), Some(&reason)).await.expect("an answer");
            assert!(status.is_success(), "{status} {answer}");
        }
        assert!(open_transactions(cluster).await == 0, "no transaction stays open");
    })
    .await;
}

/// Waits until no session of intake idles in a transaction; returns their number.
async fn open_transactions(cluster: &Cluster) -> i64 {
    until(
        "no transaction stays open",
        || async {
            let open: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity where datname = current_database()
                 and state like 'idle in transaction%' and xact_start < now() - interval '1 second'",
            )
            .fetch_one(cluster.database(Service::Intake))
            .await
            .expect("a count");
            open
        },
        |open| *open == 0,
    )
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_23_postgres_is_killed() {
    let row = Row { plan: own(), ..Row::new("23", "postgres kill -9 of the postmaster, under load") };
    row.run(async |cluster, drive| {
        for submitted in [3, 7] {
            drive.until_submitted(submitted).await;
            cluster.end_postgres(Signal::KILL).await;
            restart_postgres(cluster).await;
        }
    })
    .await;
}

async fn restart_postgres(cluster: &Cluster) {
    cluster.restart_postgres().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_24_postgres_stops_at_once() {
    let row =
        Row { plan: own(), rate: 6.0, ..Row::new("24", "postgres immediate stop in the middle of commits") };
    row.run(async |cluster, drive| {
        for submitted in [2, 5, 8] {
            drive.until_submitted(submitted).await;
            cluster.end_postgres(Signal::QUIT).await;
            restart_postgres(cluster).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_25_every_session_is_terminated_each_second() {
    let row = Row { rate: 1.5, ..Row::new("25", "pg_terminate_backend on all sessions, each second") };
    row.run(async |cluster, drive| {
        for submitted in 1..=8 {
            drive.until_submitted(submitted).await;
            for service in Service::ALL {
                terminate(cluster.database_url(service)).await;
            }
            lasting(Duration::from_secs(1)).await;
        }
    })
    .await;
}

async fn terminate(url: &str) {
    let mut admin = sqlx::PgConnection::connect(url).await.expect("Postgres answers");
    let ended = sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()",
    )
    .execute(&mut admin)
    .await;
    ended.expect("terminated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_26_the_disk_of_postgres_is_full() {
    let name = "disk of Postgres full (tmpfs)";
    let Ok(disk) = Disk::of_megabytes(512) else {
        return left_out("26", name, "it mounts a tmpfs, which needs root");
    };
    let plan = ClusterPlan { postgres_folder: Some(disk.path().join("postgres")), ..own() };
    let row = Row { plan, ..Row::new("26", name) };
    row.run(async |cluster, drive| {
        drive.until_submitted(3).await;
        disk.fill();
        // Postgres has WAL segments in reserve: it refuses writes only once these are full, too.
        let refuses = || async { !fill_log(cluster).await };
        until_within(RECOVERY_DEADLINE, "writes are refused", refuses, |refuses| *refuses).await;
        lasting(Duration::from_secs(5)).await;
        disk.make_room();
        // Postgres ends when it cannot write its WAL; in production its supervisor starts it again.
        cluster.restart_postgres().await;
    })
    .await;
}

/// Writes as much as the services do in a busy hour. False: Postgres refuses.
async fn fill_log(cluster: &Cluster) -> bool {
    let written = sqlx::query(
        "create table filler as select repeat(md5(n::text), 200) as text from generate_series(1, 4000) n",
    )
    .execute(cluster.database(Service::Intake))
    .await;
    written.is_ok()
        && sqlx::query("drop table if exists filler").execute(cluster.database(Service::Intake)).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_27_a_long_transaction() {
    let row = Row { applications: 18, ..Row::new("27", "a transaction that stays open for the whole run") };
    row.run(async |cluster, drive| {
        let mut open = Vec::new();
        for service in Service::ALL {
            let mut tx = cluster.database(service).begin().await.expect("a transaction");
            sqlx::query("create temporary table held (n int)")
                .execute(&mut *tx)
                .await
                .expect("an id is taken");
            sqlx::query("select count(*) from bus.outbox").execute(&mut *tx).await.expect("a snapshot");
            open.push(tx);
        }
        drive.until_ended(18).await;
        for tx in open {
            // The server may have ended the session: sessions that idle in a transaction have a time-out.
            let _ = tx.rollback().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_28_no_connection_is_free() {
    let plan = ClusterPlan { pool: 2, ..ClusterPlan::default() };
    let row = Row { plan, ..Row::new("28", "pool of two connections, 300 requests at once") };
    row.run(async |cluster, drive| {
        drive.until_submitted(2).await;
        let api = direct(cluster.first(Service::Intake));
        let token = api.token("operator", Role::Operator, None);
        let burst = (0..300).map(|_| api.call(Method::GET, "/apply/api/calls", &token, None, None));
        for answer in join_all(burst).await {
            let (status, said) = answer.expect("an answer");
            let orderly = status == StatusCode::OK || status == StatusCode::SERVICE_UNAVAILABLE;
            assert!(orderly, "{status} {said}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_44_a_database_comes_back_from_an_old_backup() {
    let row = Row {
        plan: own(),
        ..Row::new("44", "old backup of intake restored, the others know more; then undone")
    };
    row.run(async |cluster, drive| {
        let intake = cluster.first(Service::Intake);
        drive.until_submitted(4).await;
        let mut backup = Backup::of(cluster, intake).await;
        drive.until_ended(8).await;
        backup.restore().await;
        // It detects the data loss, publishes nothing more, and logs why. Until then it tells nobody that an
        // application does not exist, since that may be among what was lost.
        let token = cluster.api.token("applicant-0", Role::Applicant, Some(Applicant::HILDEN.ags));
        let withdrawal = format!("/apply/api/applications/{}/withdrawal", Uuid::new_v4());
        let answers = Mutex::new(BTreeSet::new());
        let knows = || async {
            let asked = cluster.api.call(Method::POST, &withdrawal, &token, None, Some(&json!({}))).await;
            answers.lock().expect("answers").extend(asked.ok().map(|(status, _)| status));
            std::fs::read_to_string(&intake.log).unwrap_or_default()
        };
        until_within(RECOVERY_DEADLINE, "it knows", knows, |log| log.contains(FORGOTTEN)).await;
        let answers = answers.into_inner().expect("answers");
        assert!(answers.iter().all(StatusCode::is_server_error), "{answers:?}");
        until("it is not ready", || intake.is_ready(), |ready| !ready).await;
        backup.undo().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_44_a_backup_with_emails_that_have_been_sent() {
    let row = Row {
        plan: own(),
        ..Row::new("44", "old backup of notification restored, its queue was sent since; then undone")
    };
    row.run(async |cluster, drive| {
        let notification = cluster.first(Service::Notification);
        cluster.mailbox.stop().await;
        let queued = || async {
            let queued = sqlx::query_scalar(
                "select count(*) from deliveries where state not in ('sent', 'failed', 'superseded')",
            );
            queued.fetch_one(cluster.database(Service::Notification)).await.ok()
        };
        until_within(RECOVERY_DEADLINE, "emails are queued", queued, |count: &Option<i64>| *count > Some(3))
            .await;
        let mut backup = Backup::of(cluster, notification).await;
        cluster.mailbox.restart().await.expect("it comes back");
        drive.until_ended(12).await;
        until_within(RECOVERY_DEADLINE, "all are sent", queued, |count| *count == Some(0)).await;
        backup.restore().await;
        let says = || async { std::fs::read_to_string(&notification.log).unwrap_or_default() };
        // It logs this at each check; after six it would have sent the queue, and the row would find doubled emails.
        let often = |log: &String| log.matches(FORGOTTEN).count() > 5;
        until_within(RECOVERY_DEADLINE, "it has known for a while", says, often).await;
        until("it is not ready", || notification.is_ready(), |ready| !ready).await;
        backup.undo().await;
    })
    .await;
}

/// Logged by a service with data loss.
const FORGOTTEN: &str = "has lost facts that others know";

/// A backup of a service's database.
struct Backup<'a> {
    replica: &'a Replica,
    admin: sqlx::PgConnection,
}

impl<'a> Backup<'a> {
    /// Copies the database as it is now.
    async fn of(cluster: &Cluster, replica: &'a Replica) -> Self {
        let url = cluster.postgres.lock().await.as_ref().expect("the cluster's own Postgres").url("postgres");
        let admin = sqlx::PgConnection::connect(&url).await.expect("Postgres answers");
        let mut backup = Self { replica, admin };
        let name = replica.service.name();
        backup.while_stopped(&[format!("create database backup template {name} owner {name}")]).await;
        backup
    }

    /// Replaces the database with the backup.
    async fn restore(&mut self) {
        let name = self.replica.service.name();
        let statements = [
            format!("alter database {name} rename to newest"),
            format!("alter database backup rename to {name}"),
        ];
        self.while_stopped(&statements).await;
    }

    /// Does what the service's log asks for: restores the later database, and starts the service again.
    async fn undo(&mut self) {
        let name = self.replica.service.name();
        let statements = [
            format!("alter database {name} rename to backup"),
            format!("alter database newest rename to {name}"),
        ];
        self.while_stopped(&statements).await;
    }

    async fn while_stopped(&mut self, statements: &[String]) {
        self.replica.stop().await;
        for statement in statements {
            self.alone(statement).await;
        }
        self.replica.go_on().await;
    }

    /// Executes a statement that fails while there are other sessions on these databases.
    async fn alone(&mut self, statement: &str) {
        for _ in 0..50 {
            let ended = sqlx::query(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname in ($1, 'backup', 'newest')",
            )
            .bind(self.replica.service.name())
            .execute(&mut self.admin)
            .await;
            ended.expect("terminated");
            if sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut self.admin).await.is_ok() {
                return;
            }
            lasting(Duration::from_millis(50)).await;
        }
        panic!("cannot: {statement}");
    }
}
