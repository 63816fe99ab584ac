//! The pool, migrations and the check of the schema, on a real Postgres.

use std::borrow::Cow;
use std::future::poll_fn;
use std::task::Poll;

use chassis::StartError;
use chassis::database::{answers, check_schema, connect, migrate};
use chassis::settings::Database;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr};
use testkit::Logs;

fn migrator(versions: &[(i64, &'static str)]) -> Migrator {
    let one = |(version, sql): &(i64, &'static str)| {
        Migration::new(
            *version,
            Cow::Borrowed("step"),
            MigrationType::Simple,
            AssertSqlSafe(*sql).into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(versions.iter().map(one).collect())
}

#[tokio::test]
async fn two_sets_of_migrations_share_a_database_and_the_check_says_what_is_missing() {
    let database = testkit::database("chassis", &[]).await;
    let settings = Database::at(&database.url);
    let bus = migrator(&[(1, "create table outbox (id bigint)")]);
    let service = migrator(&[(1000, "create table cases (id bigint)")]);
    let newer =
        migrator(&[(1000, "create table cases (id bigint)"), (1001, "alter table cases add note text")]);
    let changed = migrator(&[(1000, "create table cases (id int)")]);

    let before = check_schema(&database.pool, &[&bus, &service]).await.unwrap_err();
    assert!(matches!(&before, StartError::Schema(missing) if missing == "1, 1000"), "{before}");
    assert!(before.to_string().contains("with the argument `migrate`"));
    migrate(&settings, &[&bus, &service]).await.unwrap();
    migrate(&settings, &[&bus, &service]).await.unwrap();
    check_schema(&database.pool, &[&bus, &service]).await.unwrap();
    assert!(
        matches!(check_schema(&database.pool, &[&bus, &newer]).await, Err(StartError::Schema(missing)) if missing == "1001")
    );
    assert!(matches!(check_schema(&database.pool, &[&changed]).await, Err(StartError::Migration(_))));

    migrate(&settings, &[&bus, &newer]).await.unwrap();
    check_schema(&database.pool, &[&bus, &service]).await.expect("an older program beside a newer schema");
    migrate(&settings, &[&bus, &service]).await.expect("an older program migrates nothing");
}

#[tokio::test]
async fn of_many_that_migrate_at_once_one_does_it_also_with_an_index_built_concurrently() {
    let database = testkit::database("chassis", &[]).await;
    let concurrently = Migration::new(
        2,
        Cow::Borrowed("index"),
        MigrationType::Simple,
        AssertSqlSafe("create index concurrently cases_note on cases (note)").into_sql_str(),
        true,
    );
    let mut steps: Vec<Migration> =
        migrator(&[(1, "create table cases (id bigint, note text)")]).iter().cloned().collect();
    steps.push(concurrently);
    let steps: &'static Migrator = Box::leak(Box::new(Migrator::with_migrations(steps)));
    let at_once = (0..4).map(|_| {
        let settings = Database::at(&database.url);
        tokio::spawn(async move { migrate(&settings, &[steps]).await })
    });
    for result in at_once.collect::<Vec<_>>() {
        result.await.unwrap().unwrap();
    }
    let valid: bool =
        sqlx::query_scalar("select indisvalid from pg_index where indexrelid = 'cases_note'::regclass")
            .fetch_one(&database.pool)
            .await
            .unwrap();
    assert!(valid);
}

#[tokio::test]
async fn a_begin_that_was_cancelled_loses_no_later_write() {
    let database = testkit::database("chassis", &[]).await;
    let pool = connect(&Database { max_connections: 1, ..Database::at(&database.url) }).await.unwrap();
    sqlx::query("create table notes (id int)").execute(&pool).await.unwrap();
    let mut other = PgConnection::connect(&database.url).await.unwrap();
    for id in 0..40 {
        while pool.num_idle() == 0 {
            tokio::task::yield_now().await;
        }
        // Polled a few times and dropped; some are dropped after BEGIN was sent and before it was answered.
        let mut begin = Box::pin(pool.begin());
        let mut wakes = 0;
        poll_fn(|context| {
            wakes += 1;
            let done = begin.as_mut().poll(context).is_ready() || wakes > id % 5;
            if done { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        drop(begin);
        sqlx::query("insert into notes values ($1)").bind(id).execute(&pool).await.unwrap();
        let stored: i64 = sqlx::query_scalar("select count(*) from notes where id = $1")
            .bind(id)
            .fetch_one(&mut other)
            .await
            .unwrap();
        assert_eq!(stored, 1, "an acknowledged write is seen from another connection");
    }
}

/// Postgres writes its warnings into its own log as well, one for each request.
#[tokio::test]
async fn a_connection_is_given_back_without_a_warning() {
    let logs = Logs::capture("sqlx::postgres::notice=warn");
    let database = testkit::database("chassis", &[]).await;
    let pool = connect(&Database { max_connections: 1, ..Database::at(&database.url) }).await.unwrap();
    for _ in 0..3 {
        pool.execute("select 1").await.unwrap();
        drop(pool.begin().await.unwrap());
        let mut open = pool.acquire().await.unwrap();
        open.execute("begin; create table lost (id int)").await.unwrap();
        drop(open);
        let mut failed = pool.acquire().await.unwrap();
        failed.execute("begin").await.unwrap();
        failed.execute("select 1 / 0").await.unwrap_err();
        drop(failed);
    }
    pool.execute("create table lost (id int)").await.expect("nothing is left of the transactions");
    pool.execute("do $$ begin raise warning 'heard'; end $$").await.unwrap();
    let text = logs.text();
    let warnings: Vec<_> = text.lines().collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[tokio::test]
async fn what_waiting_cannot_cure_is_said_at_once() {
    let database = testkit::database("chassis", &[]).await;
    assert!(answers(&database.pool).await.unwrap().contains("idle"));
    let elsewhere = format!("{}_missing", database.url);
    let error = connect(&Database::at(elsewhere)).await.unwrap_err().to_string();
    assert!(error.contains("does not exist"), "{error}");
    let error = connect(&Database::at("mysql://x")).await.unwrap_err().to_string();
    assert!(error.contains("expected postgres://"), "{error}");
    let settings = sqlx::query_scalar::<_, String>(
        "select current_setting('statement_timeout') || ' ' || current_setting('idle_in_transaction_session_timeout')",
    );
    assert_eq!(settings.fetch_one(&database.pool).await.unwrap(), "30s 1min");
}

#[tokio::test]
async fn half_of_the_connections_are_open_before_anybody_needs_them() {
    let database = testkit::database("chassis", &[]).await;
    let pool = connect(&Database { max_connections: 4, ..Database::at(&database.url) }).await.unwrap();
    assert_eq!(pool.size(), 2);
}

#[tokio::test]
async fn no_log_has_the_text_of_a_statement_not_even_of_a_slow_one() {
    let database = testkit::database("chassis", &[]).await;
    let pool = connect(&Database::at(&database.url)).await.unwrap();
    let logs = Logs::capture("trace");
    pool.execute("select 'Frau Beispiel'").await.unwrap();
    tracing::info!(sentence = "the log is captured");
    let text = logs.text();
    assert!(text.contains("the log is captured") && !text.contains("Frau Beispiel"), "{text}");
    // sqlx has a level of its own for statements that take long.
    assert!(format!("{:?}", pool.connect_options()).contains("slow_statements_level: Off"));
}
