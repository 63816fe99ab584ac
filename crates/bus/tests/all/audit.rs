//! What the broker, a consumer or a publisher has lost is found, and repaired where possible.

use std::time::Duration;

use async_nats::jetstream;
use bus::control::{self, Command, Reconciliation};
use bus::{Failure, outbox};
use events::{ApplicationId, Cause, Kind, STREAM, Service};
use futures_util::StreamExt;
use sqlx::Row;
use testkit::{samples, until};

use crate::pair::{Pair, assert_once_and_in_order, new_application};

#[tokio::test]
async fn what_the_broker_lost_from_the_middle_is_published_again() {
    let (nats, _folder) = testkit::broker("").await;
    let mut pair = Pair::audited(&nats.url()).await;
    pair.publish(new_application(), "known").await;
    pair.until_effects(1).await;
    pair.stop_consumer().await;
    // One application loses its first fact, the other its last, behind which no later fact shows the gap.
    let (first, last) = (new_application(), new_application());
    for application in [first, last] {
        pair.publish(application, "one").await;
        pair.publish_withdrawn(application).await;
    }
    let raw = jetstream::new(async_nats::connect(nats.url()).await.expect("a client"));
    let stream = raw.get_stream(STREAM).await.expect("the stream");
    let full = || async { stream.get_info().await.expect("info").state.messages };
    until("all are with the broker", full, |messages| *messages == 5).await;
    for (application, kind) in [(first, Kind::ApplicationSubmitted), (last, Kind::ApplicationWithdrawn)] {
        let message = stream.get_last_raw_message_by_subject(&kind.subject(application.uuid())).await;
        stream.delete_message(message.expect("a message").sequence).await.expect("lost");
    }
    pair.start_consumer().await;
    let effects = pair.until_effects(5).await;
    let of = |application: ApplicationId| -> Vec<_> {
        effects.iter().filter(|(id, _)| *id == application.uuid()).copied().collect()
    };
    assert_once_and_in_order(&of(first), 2);
    assert_once_and_in_order(&of(last), 2);
    pair.finish().await;
}

#[tokio::test]
async fn a_consumer_restored_from_an_old_backup_gets_everything_again() {
    let (nats, _folder) = testkit::broker("").await;
    let mut pair = Pair::audited(&nats.url()).await;
    let (old, new) = (new_application(), new_application());
    pair.publish(old, "one").await;
    pair.until_effects(1).await;
    let backup = dump(&pair).await;
    pair.publish_withdrawn(old).await;
    pair.publish(new, "one").await;
    pair.until_effects(3).await;
    pair.stop_consumer().await;
    restore(&pair, &backup).await;
    assert_eq!(pair.effects().await.len(), 1, "the backup knows one effect");
    pair.start_consumer().await;
    let effects = pair.until_effects(3).await;
    assert_eq!(effects[0], (old.uuid(), 1));
    assert!(effects.contains(&(old.uuid(), 2)) && effects.contains(&(new.uuid(), 1)), "{effects:?}");
    pair.finish().await;
}

/// A backup of the consumer: its gate, its inbox, its effects.
async fn dump(pair: &Pair) -> Vec<(String, String)> {
    let mut tables = Vec::new();
    for table in ["bus.inbox_head", "bus.inbox", "effect"] {
        let statement = format!("select coalesce(jsonb_agg(t), '[]')::text from {table} t");
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).fetch_one(&pair.consumer_db).await;
        tables.push((table.to_owned(), rows.expect("rows").get::<String, _>(0)));
    }
    tables
}

async fn restore(pair: &Pair, backup: &[(String, String)]) {
    for (table, rows) in backup {
        let statement = format!(
            "with gone as (select 1) insert into {table} overriding system value
             select * from jsonb_populate_recordset(null::{table}, $1::jsonb)"
        );
        let emptied = format!("truncate {table}");
        sqlx::query(sqlx::AssertSqlSafe(emptied)).execute(&pair.consumer_db).await.expect("emptied");
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(rows)
            .execute(&pair.consumer_db)
            .await
            .expect("restored");
    }
}

/// Deletes the last fact from the publisher's database, as a restore from an old backup would.
async fn lose_last(pair: &Pair, application: ApplicationId) {
    sqlx::raw_sql(
        "delete from bus.event_log where version = 2; update bus.head set version = 1 where version = 2",
    )
    .execute(&pair.publisher_db)
    .await
    .expect("lost");
    let left: i64 = sqlx::query_scalar("select version from bus.head where key = $1")
        .bind(application.uuid())
        .fetch_one(&pair.publisher_db)
        .await
        .expect("a head");
    assert_eq!(left, 1);
}

#[tokio::test]
async fn a_publisher_that_has_lost_data_publishes_nothing_more() {
    let (nats, _folder) = testkit::broker("").await;
    let mut pair = Pair::audited(&nats.url()).await;
    let application = new_application();
    pair.publish(application, "one").await;
    pair.publish_withdrawn(application).await;
    pair.until_effects(2).await;
    pair.stop_publisher().await;
    lose_last(&pair, application).await;
    pair.connect_publisher().await;
    let mut begun_before = pair.publisher.begin().await.expect("a transaction");
    pair.run_publisher();
    // On a busy machine it gives up waiting, hence several times.
    let found = || async {
        pair.publisher.wait_for_broker_check().await;
        pair.publisher.has_lost_data()
    };
    until("the first check finds it", found, |found| *found).await;
    let broker = || async { pair.publisher.broker().err().unwrap_or_default() };
    let told = until("the operator is told", broker, |told| told.contains("backup")).await;
    assert!(told.contains("point-in-time recovery"), "it says what to do: {told}");
    outbox::append(&mut begun_before, application, samples::application_submitted(), Cause::default());
    let refused = pair.publisher.commit(begun_before).await.expect_err("nothing is published any more");
    assert!(matches!(refused, Failure::Retry(_)), "{refused}");
    let begun = pair.publisher.begin().await.map(drop);
    assert!(matches!(begun, Err(Failure::Retry(_))), "nothing is begun any more: {begun:?}");
    assert_eq!(pair.effects().await.len(), 2);
    pair.drain().await;
}

/// The broker cannot show it, since it has lost everything too; a consumer can.
#[tokio::test]
async fn a_consumer_that_knows_more_stops_its_publisher() {
    let (mut nats, _folder) = testkit::broker("").await;
    let mut pair = Pair::audited(&nats.url()).await;
    let application = new_application();
    pair.publish(application, "one").await;
    pair.publish_withdrawn(application).await;
    pair.until_effects(2).await;
    pair.stop_publisher().await;
    lose_last(&pair, application).await;
    nats.kill().await.expect("killed");
    nats.wipe().expect("wiped");
    nats.restart().await.expect("started again");
    pair.start_publisher().await;
    let broker = || async { pair.publisher.broker().err().unwrap_or_default() };
    until("the operator is told", broker, |told| told.contains("point-in-time recovery")).await;
    pair.drain().await;
}

#[tokio::test]
async fn a_number_given_twice_is_parked_not_dropped() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::audited(&nats.url()).await;
    let application = new_application();
    pair.publish(application, "one").await;
    pair.until_effects(1).await;
    // The same version with another id, as from a publisher that has lost data.
    let envelope: Vec<u8> = sqlx::query_scalar("select envelope from bus.event_log")
        .fetch_one(&pair.publisher_db)
        .await
        .expect("an envelope");
    let raw = async_nats::connect(nats.url()).await.expect("a client");
    let subject = Kind::ApplicationSubmitted.subject(application.uuid());
    raw.publish(subject, with_another_id(&envelope).into()).await.expect("published");
    raw.flush().await.expect("flushed");
    pair.until_waiting("the second one is parked", |waiting| waiting.parked == 1).await;
    let operator = pair.operator().await;
    let reconciliation: Reconciliation =
        operator.execute(Service::Intake, &Command::Reconciliation).await.expect("the reconciliation");
    assert_eq!(reconciliation.pairs[0].version_conflicts, 1, "{reconciliation:?}");
    assert!(!reconciliation.pairs[0].is_balanced());
    pair.drain().await;
}

fn with_another_id(envelope: &[u8]) -> String {
    let mut other: serde_json::Value = serde_json::from_slice(envelope).expect("JSON");
    other["id"] = uuid::Uuid::now_v7().to_string().into();
    other.to_string()
}

#[tokio::test]
async fn a_number_given_twice_while_the_first_is_held_is_parked() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    pair.publish(new_application(), "there is a stream").await;
    pair.until_effects(1).await;
    // Version 2 of an application whose version 1 has not come.
    let application = new_application();
    let subject = Kind::ApplicationSubmitted.subject(application.uuid());
    let envelope: Vec<u8> = sqlx::query_scalar("select envelope from bus.event_log")
        .fetch_one(&pair.publisher_db)
        .await
        .expect("an envelope");
    let mut second: serde_json::Value = serde_json::from_slice(&envelope).expect("JSON");
    second["subject"] = application.uuid().to_string().into();
    second["version"] = 2.into();
    let second = second.to_string();
    let raw = async_nats::connect(nats.url()).await.expect("a client");
    raw.publish(subject.clone(), second.clone().into()).await.expect("published");
    raw.flush().await.expect("flushed");
    pair.until_waiting("held", |waiting| waiting.held == 1).await;
    raw.publish(subject, with_another_id(second.as_bytes()).into()).await.expect("published");
    raw.flush().await.expect("flushed");
    pair.until_waiting("parked", |waiting| waiting.parked == 1 && waiting.held == 0).await;
    pair.drain().await;
}

#[tokio::test]
async fn a_fact_of_a_newer_release_is_parked_until_the_upgrade() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    pair.publish(new_application(), "there is a stream").await;
    pair.until_effects(1).await;
    let application = new_application();
    let envelope = serde_json::json!({
        "specversion": "1.0", "id": uuid::Uuid::now_v7(), "source": "/bescheid/intake",
        "type": "de.bescheid.intake.application-moved.v1", "subject": application.uuid(),
        "time": samples::noon(), "datacontenttype": "application/json", "version": 1, "data": {},
    });
    let raw = async_nats::connect(nats.url()).await.expect("a client");
    let subject = Kind::ApplicationSubmitted.subject(application.uuid());
    raw.publish(subject, envelope.to_string().into()).await.expect("published");
    raw.flush().await.expect("flushed");
    pair.until_waiting("it is parked under its own name", |waiting| {
        waiting.parked == 1 && waiting.unreadable == 0
    })
    .await;
    // Others go on.
    pair.publish(new_application(), "one").await;
    pair.until_effects(2).await;
    pair.drain().await;
}

#[tokio::test]
async fn the_accounts_of_a_quiet_pair_balance() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    for _ in 0..20 {
        let application = new_application();
        pair.publish(application, "one").await;
        pair.publish_withdrawn(application).await;
    }
    pair.until_effects(40).await;
    let operator = pair.operator().await;
    let reconciliation: Reconciliation =
        operator.execute(Service::Intake, &Command::Reconciliation).await.expect("the reconciliation");
    let both = &reconciliation.pairs[0];
    assert_eq!(
        (both.logged, both.consumed, both.held, both.parked, both.duplicates),
        (40, 40, 0, 0, 0),
        "{both:?}"
    );
    assert!(reconciliation.pairs.iter().all(control::Pair::is_balanced));
    assert_eq!(reconciliation.logged["application-submitted"], 20);
    let reconciliation: Reconciliation =
        operator.execute(Service::Eligibility, &Command::Reconciliation).await.expect("the reconciliation");
    assert_eq!(reconciliation.states["submitted"], 20, "{reconciliation:?}");
    pair.finish().await;
}

/// Three processes have crashed while they consumed this fact: the next one parks it without trying.
#[tokio::test]
async fn a_fact_that_kills_its_process_is_parked() {
    parked_when_delivered_before(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_is_a_copy_of_it_that_was_published_again() {
    parked_when_delivered_before(0).await;
}

/// Two processes have crashed over a fact, whose message was delivered `times` times.
async fn parked_when_delivered_before(times: usize) {
    let (nats, _folder) = testkit::broker("").await;
    let mut pair = Pair::start(&nats.url()).await;
    pair.publish(new_application(), "there is a durable").await;
    pair.until_effects(1).await;
    let deadly = new_application();
    pair.stop_consumer().await;
    pair.publish(deadly, "one").await;
    pair.publish_withdrawn(deadly).await;
    let id: uuid::Uuid =
        sqlx::query_scalar("select event_id from bus.event_log where version = 1 and key = $1")
            .bind(deadly.uuid())
            .fetch_one(&pair.publisher_db)
            .await
            .expect("an id");
    sqlx::query("insert into bus.attempt (event_id, process, deaths) values ($1, $2, 2)")
        .bind(id)
        .bind(uuid::Uuid::new_v4())
        .execute(&pair.consumer_db)
        .await
        .expect("the record of a dead process");
    // Delivered and refused, as by a process that did not get through it.
    let raw = jetstream::new(async_nats::connect(nats.url()).await.expect("a client"));
    let stream = raw.get_stream(STREAM).await.expect("the stream");
    let consumer: jetstream::consumer::PullConsumer =
        stream.get_consumer("eligibility-e1").await.expect("the durable");
    let mut delivered = 0;
    while delivered < times {
        let batch = consumer.fetch().max_messages(1).expires(Duration::from_secs(5)).messages().await;
        let message = batch.expect("a batch").next().await.expect("a message").expect("a message");
        if message.subject.contains("application-submitted") {
            delivered += 1;
        }
        message.ack_with(jetstream::AckKind::Nak(None)).await.expect("refused");
    }
    pair.start_consumer().await;
    pair.until_waiting("parked, the next one held behind it", |waiting| {
        waiting.parked == 1 && waiting.held == 1
    })
    .await;
    assert_eq!(pair.effects().await.len(), 1, "nothing of it has taken effect");
    pair.drain().await;
}
