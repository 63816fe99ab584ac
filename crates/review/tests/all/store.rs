//! The SQL statements, compared with the state machine.

use chassis::list::Cursor;
use chrono::TimeDelta;
use events::{ApplicationId, Cause, Recommendation, ReviewGiven};
use review::file::{File, Refused};
use review::store::files;
use review::store::queue::{self, Bucket};
use sqlx::{AssertSqlSafe, Connection};
use testkit::samples;

use crate::stage::{Stage, with_paderborn};

const PEOPLE: [&str; 4] = ["anna", "bela", "cem", "dora"];

fn review(by: &str) -> ReviewGiven {
    ReviewGiven {
        reviewer: samples::person(by),
        scores: Vec::new(),
        weighted: 5_000,
        recommendation: Recommendation::Fund,
        comment: "Gut.".into(),
    }
}

/// The statement that takes the next file takes exactly what the state machine allows.
#[tokio::test]
async fn the_statement_and_the_state_machine_agree() {
    let stage = Stage::new().await;
    let bus = stage.bus().await;
    let mut chance = Chance(20_261_123);
    let mut ids = Vec::new();
    for _ in 0..25 {
        let joint = chance.below(3) == 0;
        let id = stage
            .open_file_of(|submitted| {
                if joint {
                    with_paderborn(submitted)
                }
            })
            .await;
        ids.push(id);
        // Random transitions; those that are not possible are refused, which is fine here.
        for _ in 0..chance.below(6) {
            let mut tx = bus.begin().await.unwrap();
            let file = files::lock(&mut tx, id).await.unwrap().unwrap();
            let who = PEOPLE[chance.below(PEOPLE.len())];
            let now = tx.now();
            let until = now + TimeDelta::hours(2);
            let busy = queue::held(&mut tx, who).await.unwrap().is_some_and(|held| held != id);
            let lived: Result<File, Refused> = match chance.below(6) {
                0 | 1 if !busy => file.taken(samples::person(who), &[], until, now),
                2 => file.returned(samples::person(who), now),
                3 => file.abstained(samples::person(who), "Bekannt".into(), now),
                4 => file.reviewed(review(who), &[], now).map(|(file, _)| file),
                5 => Ok(file.expired(now)),
                _ => Ok(file),
            };
            if let Ok(file) = lived {
                files::save(&mut tx, &file, &Cause::default()).await.unwrap();
                bus.commit(tx).await.unwrap();
            }
        }
    }
    for who in PEOPLE.into_iter().chain(["emil"]) {
        for ties in [vec![], vec![samples::ags("05774032")], vec![samples::ags("05122000")]] {
            let mut tx = bus.begin().await.unwrap();
            let until = tx.now() + TimeDelta::hours(2);
            let mut expected: Option<ApplicationId> = None;
            let mut free = 0;
            for id in &ids {
                let file = stage.read(*id).await.unwrap();
                let fits = file.involvement_of(who).is_none()
                    && file.taken(samples::person(who), &ties, until, tx.now()).is_ok();
                free += i64::from(fits);
                expected = expected.or(fits.then_some(*id));
            }
            assert_eq!(
                queue::offered(&mut tx, who, None, &ties, 1_000).await.unwrap(),
                free,
                "{who} {ties:?}"
            );
            let busy = queue::held(&mut tx, who).await.unwrap().is_some();
            let claimed =
                queue::claim_next(&mut tx, &samples::person(who), None, &ties, until).await.unwrap();
            assert_eq!(claimed, if busy { None } else { expected }, "{who} {ties:?}");
            if let Some(claimed) = claimed {
                let file = files::read(&mut tx, claimed).await.unwrap().unwrap();
                let before = stage.read(claimed).await.unwrap();
                let same = before.taken(samples::person(who), &ties, until, tx.now()).unwrap();
                assert_eq!((file.held(), file.involvement_of(who)), (same.held(), same.involvement_of(who)));
            }
            // Not committed: the next person finds the same files.
        }
    }
    stage.end().await;
}

#[tokio::test]
async fn the_queue_is_read_by_index() {
    let stage = Stage::new().await;
    stage.open_file().await;
    let bus = stage.bus().await;
    let mut tx = bus.begin().await.unwrap();
    // With few rows a scan would be cheaper; the question is whether the index can answer.
    sqlx::query("set local enable_seqscan = off").execute(&mut *tx).await.unwrap();
    sqlx::query("set local enable_sort = off").execute(&mut *tx).await.unwrap();
    let until = tx.now() + TimeDelta::hours(2);
    assert!(queue::claim_next(&mut tx, &samples::person("anna"), None, &[], until).await.unwrap().is_some());
    // The exact statement, as the driver has prepared it on this connection.
    let prepared = "select name from pg_prepared_statements where statement like 'with next as%'";
    let name: String = sqlx::query_scalar(prepared).fetch_one(&mut *tx).await.unwrap();
    let explain = format!("explain execute {name} ('bela', 'Dr. bela', '{{}}', now(), now(), null)");
    let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut *tx).await.unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("files_bucket") && !plan.contains("Sort"), "{plan}");
    drop(tx);
    stage.end().await;
}

#[tokio::test]
async fn what_is_done_comes_newest_first_and_what_waits_oldest_first() {
    let stage = Stage::new().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(stage.open_file().await.uuid());
    }
    let mut connection = stage.db.acquire().await.unwrap();
    for (bucket, order) in [(Bucket::Waiting, [0, 1, 2]), (Bucket::Withdrawn, [2, 1, 0])] {
        if bucket == Bucket::Withdrawn {
            sqlx::query("update files set state = 'withdrawn'").execute(&mut *connection).await.unwrap();
        }
        let mut after = None;
        for place in order {
            let rows = queue::list(&mut connection, bucket, after, 1).await.unwrap();
            assert_eq!(rows[0].application, ids[place], "{bucket:?}");
            after = Some(Cursor::at(rows[0].submitted_at, rows[0].application));
        }
        assert!(queue::list(&mut connection, bucket, after, 1).await.unwrap().is_empty());
    }
    drop(connection);
    stage.end().await;
}

/// A transaction that has updated a counter may lock further files, so no update of a counter may wait. With seventeen
/// connections two would share one of sixteen counter rows.
#[tokio::test]
async fn who_counts_waits_for_nobody() {
    let stage = Stage::new().await;
    let mut ids = Vec::new();
    for _ in 0..17 {
        ids.push(stage.open_file().await);
    }
    let mut connections = Vec::new();
    for id in &ids {
        let mut connection = sqlx::PgConnection::connect_with(&stage.db.connect_options()).await.unwrap();
        sqlx::raw_sql("begin; set local lock_timeout = '5s'").execute(&mut connection).await.unwrap();
        sqlx::query("update files set state = 'withdrawn' where application = $1")
            .bind(id.uuid())
            .execute(&mut connection)
            .await
            .expect("nobody is waited for");
        connections.push(connection);
    }
    for connection in &mut connections {
        sqlx::raw_sql("commit").execute(connection).await.unwrap();
    }
    stage.end().await;
}

/// Pseudo-random numbers, the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}
