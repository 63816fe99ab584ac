//! Facts travel from one service to another.

use bus::control::{self, Command, Reconciliation, WaitingFact};
use bus::{Settings, Waiting};
use events::{Kind, Service};
use sqlx::Row;
use testkit::{Logs, until};
use uuid::Uuid;

use crate::pair::{PANIC, POISON, Pair, TRACE, assert_once_and_in_order, new_application};

#[tokio::test]
async fn facts_take_effect_once_and_in_order() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let applications: Vec<_> = (0..40).map(|_| new_application()).collect();
    for application in &applications {
        pair.publish(*application, "one").await;
    }
    for application in &applications {
        pair.publish(*application, "two").await;
        pair.publish_withdrawn(*application).await;
    }
    let effects = pair.until_effects(120).await;
    assert_once_and_in_order(&effects, 3);
    pair.finish().await;
}

/// A sequential scan is switched off there, so its estimated cost is above every threshold of the JIT compiler.
#[tokio::test]
async fn no_statement_of_a_unit_of_work_is_compiled() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let mut tx = pair.publisher.begin().await.expect("a unit of work");
    sqlx::query("create temporary table bare (n int) on commit drop")
        .execute(&mut *tx)
        .await
        .expect("a table");
    let plan: Vec<String> = sqlx::query_scalar("explain analyze select count(*) from bare")
        .fetch_all(&mut *tx)
        .await
        .expect("a plan");
    assert!(plan.iter().any(|line| line.contains("Seq Scan")), "{plan:?}");
    assert!(!plan.iter().any(|line| line.contains("JIT")), "{plan:?}");
    drop(tx);
    pair.drain().await;
}

#[tokio::test]
async fn what_is_logged_of_a_fact_names_it_and_the_trace_of_the_request_that_caused_it() {
    let logs = Logs::capture("info");
    let (nats, _folder) = testkit::broker("").await;
    let mut pair = Pair::start(&nats.url()).await;
    let (application, poisoned) = (new_application(), new_application());
    pair.publish_withdrawn(application).await;
    pair.publish(poisoned, POISON).await;
    pair.until_waiting("parked", |waiting| waiting.parked == 1).await;
    pair.until_effects(1).await;

    let consumed = logs.lines_with("message", "consumes a withdrawal");
    let span = &consumed.first().expect("a line")["span"];
    assert_eq!((&span["trace_id"], &span["kind"]), (&TRACE.into(), &"application-withdrawn".into()));
    assert_eq!(span["key"], application.uuid().to_string());
    let id = sqlx::query_scalar::<_, Uuid>("select event_id from bus.event_log where key = $1")
        .bind(application.uuid())
        .fetch_one(&pair.publisher_db)
        .await
        .expect("the log");
    assert_eq!(span["event_id"], id.to_string());

    for message in ["consumes what was submitted", "parked"] {
        let lines = logs.lines_with("message", message);
        let span = &lines.first().expect("a line")["span"];
        assert_eq!((&span["trace_id"], &span["kind"]), (&TRACE.into(), &"application-submitted".into()));
    }

    pair.stop_consumer().await;
    for _ in 0..40 {
        pair.publish(new_application(), "one of many").await;
    }
    pair.start_consumer().await;
    pair.until_effects(41).await;
    let together = logs.lines_with("name", "facts");
    let span = &together.first().expect("several at once")["span"];
    assert_eq!(span["kind"], "application-submitted");
    assert!(span["count"].as_u64() > Some(1), "{span}");
}

#[tokio::test]
async fn duplicate_deliveries_change_nothing() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let application = new_application();
    pair.publish(application, "one").await;
    pair.publish_withdrawn(application).await;
    pair.until_effects(2).await;

    // The same bytes again, as from a relay that was killed before its commit; newest first.
    let log = sqlx::query("select kind, envelope from bus.event_log order by version desc")
        .fetch_all(&pair.publisher_db)
        .await
        .expect("the log");
    let raw = async_nats::connect(nats.url()).await.expect("a client");
    for row in &log {
        let kind = Kind::ALL.iter().find(|kind| kind.name() == row.get::<String, _>(0)).expect("a kind");
        let bytes: Vec<u8> = row.get(1);
        raw.publish(kind.subject(application.uuid()), bytes.into()).await.expect("published");
    }
    raw.flush().await.expect("flushed");

    // What comes behind the copies has taken effect, so the copies have been consumed.
    let last = new_application();
    pair.publish(last, "last").await;
    let effects = pair.until_effects(3).await;
    assert_eq!(effects, [(application.uuid(), 1), (application.uuid(), 2), (last.uuid(), 1)]);
    pair.finish().await;
}

#[tokio::test]
async fn a_gap_is_held_until_it_closes() {
    let (nats, _folder) = testkit::broker("").await;
    let mut pair = Pair::start(&nats.url()).await;
    pair.publish(new_application(), "the broker knows the stream").await;
    pair.until_effects(1).await;

    // Nobody can publish the two facts: the process that commits them has no relay, and that of the other process finds
    // their slot locked. The second one overtakes the first.
    pair.connect_publisher().await;
    let application = new_application();
    let mut busy = pair.publisher_db.begin().await.expect("a transaction");
    let slot = i32::from(application.uuid().as_bytes()[15] % 16);
    sqlx::query("select pg_advisory_xact_lock(2908, $1)")
        .bind(slot)
        .execute(&mut *busy)
        .await
        .expect("the relay's lock of this slot");
    pair.publish(application, "one").await;
    pair.publish_withdrawn(application).await;
    let left = sqlx::query_scalar::<_, i64>("select count(*) from bus.outbox").fetch_one(&pair.publisher_db);
    assert_eq!(
        left.await.expect("a count"),
        2,
        "the relay, and not the audit, is to publish what was committed"
    );
    let second: Vec<u8> =
        sqlx::query_scalar("select envelope from bus.event_log where key = $1 and version = 2")
            .bind(application.uuid())
            .fetch_one(&pair.publisher_db)
            .await
            .expect("the second fact");
    let raw = async_nats::connect(nats.url()).await.expect("a client");
    let subject = Kind::ApplicationWithdrawn.subject(application.uuid());
    raw.publish(subject, second.into()).await.expect("published");
    raw.flush().await.expect("flushed");
    pair.until_waiting("the second fact is held", |waiting| waiting.held == 1).await;
    assert_eq!(pair.effects().await.len(), 1, "nothing may take effect before the gap is closed");

    busy.rollback().await.expect("the relay may go on");
    let effects = pair.until_effects(3).await;
    assert_eq!(effects[1..], [(application.uuid(), 1), (application.uuid(), 2)]);
    pair.finish().await;
}

#[tokio::test]
async fn a_poisoned_fact_stops_its_application_and_nobody_else() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let (ill, crashing, well) = (new_application(), new_application(), new_application());
    pair.publish(ill, POISON).await;
    pair.publish(crashing, PANIC).await;
    pair.publish_withdrawn(ill).await;
    pair.publish(well, "one").await;
    pair.publish_withdrawn(well).await;

    let effects = pair.until_effects(2).await;
    assert_eq!(effects, [(well.uuid(), 1), (well.uuid(), 2)]);
    let waiting = until(
        "two parked, one held",
        || async { Waiting::count(&pair.consumer_db).await.expect("a count") },
        |waiting| waiting.parked == 2 && waiting.held == 1,
    )
    .await;
    assert_eq!(waiting.unreadable, 0);
    let operator = pair.operator().await;
    let parked: Vec<WaitingFact> =
        operator.execute(Service::Eligibility, &Command::Parked).await.expect("the list");
    assert!(parked.iter().any(|fact| fact.reason.contains("this title is poison")), "{parked:?}");
    assert!(parked.iter().any(|fact| fact.reason.contains("a handler that panics")), "{parked:?}");
    pair.drain().await;
}

#[tokio::test]
async fn what_is_no_envelope_is_set_aside() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let first = new_application();
    pair.publish(first, "one").await;
    pair.until_effects(1).await;
    let raw = async_nats::connect(nats.url()).await.expect("a client");
    let subject = Kind::ApplicationSubmitted.subject(Uuid::new_v4());
    raw.publish(subject, "{ not json".into()).await.expect("published");
    raw.flush().await.expect("flushed");
    let second = new_application();
    pair.publish(second, "two").await;
    pair.until_effects(2).await;
    until(
        "one unreadable",
        || async { Waiting::count(&pair.consumer_db).await.expect("a count") },
        |waiting| waiting.unreadable == 1 && waiting.parked == 0,
    )
    .await;
    pair.drain().await;
}

#[tokio::test]
async fn a_broker_that_was_killed_or_wiped_loses_nothing() {
    let (mut nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let applications: Vec<_> = (0..10).map(|_| new_application()).collect();
    for application in &applications {
        pair.publish(*application, "one").await;
    }
    pair.until_effects(10).await;

    nats.kill().await.expect("killed");
    for application in &applications {
        pair.publish(*application, "two").await;
    }
    nats.restart().await.expect("started again");
    pair.until_effects(20).await;

    nats.kill().await.expect("killed");
    for application in &applications {
        pair.publish_withdrawn(*application).await;
    }
    nats.wipe().expect("wiped");
    nats.restart().await.expect("started again");
    let effects = pair.until_effects(30).await;
    assert_once_and_in_order(&effects, 3);
    let epoch: i64 = sqlx::query_scalar("select epoch from bus.broker")
        .fetch_one(&pair.consumer_db)
        .await
        .expect("an epoch");
    assert_eq!(epoch, 2);
    // Not only what its consumers lacked: a new consumer must find everything.
    let raw = async_nats::jetstream::new(async_nats::connect(nats.url()).await.expect("a client"));
    let stream = raw.get_stream(events::STREAM).await.expect("the stream");
    let held = || async { stream.get_info().await.expect("info").state.messages };
    until("the stream holds the whole event log again", held, |messages| *messages >= 30).await;
    pair.finish().await;
}

#[tokio::test]
async fn a_stream_deleted_by_hand_is_made_again() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let application = new_application();
    pair.publish(application, "one").await;
    pair.until_effects(1).await;
    let raw = async_nats::jetstream::new(async_nats::connect(nats.url()).await.expect("a client"));
    raw.delete_stream(events::STREAM).await.expect("deleted");
    pair.publish_withdrawn(application).await;
    let effects = pair.until_effects(2).await;
    assert_once_and_in_order(&effects, 2);
    pair.finish().await;
}

#[tokio::test]
async fn each_service_may_publish_only_its_own_facts() {
    let (nats, _folder) = testkit::broker(&permissions()).await;
    let settings = Settings {
        user: Some("operator".to_owned()),
        password: Some("secret".to_owned().into()),
        audit_seconds: 1,
        ..Settings::open(nats.url())
    };
    let as_service = |settings: &Settings, service: Service| Settings {
        user: Some(service.name().to_owned()),
        ..settings.clone()
    };
    let pair = Pair::start_as(settings, as_service).await;
    pair.publish(new_application(), "one").await;
    pair.until_effects(1).await;
    // With these permissions services can audit each other, and operators can send commands.
    let operator = pair.operator().await;
    let reconciliation: Reconciliation =
        operator.execute(Service::Intake, &Command::Reconciliation).await.expect("the reconciliation");
    assert!(reconciliation.pairs.iter().all(control::Pair::is_balanced), "{reconciliation:?}");
    assert_eq!(reconciliation.pairs.len(), 1, "{reconciliation:?}");

    // Eligibility tries to publish as intake.
    let options = async_nats::ConnectOptions::with_user_and_password("eligibility".into(), "secret".into())
        .custom_inbox_prefix("_INBOX.eligibility");
    let client = options.connect(nats.url()).await.expect("connected");
    let stream =
        async_nats::jetstream::new(client.clone()).get_stream(events::STREAM).await.expect("may look");
    let before = stream.get_info().await.expect("info").state.messages;
    client
        .publish(Kind::ApplicationSubmitted.subject(Uuid::new_v4()), "forged".into())
        .await
        .expect("the client only queues it");
    client.flush().await.expect("flushed");
    assert_eq!(stream.get_info().await.expect("info").state.messages, before, "the forged fact got in");
    pair.finish().await;
}

/// The permissions in the repository, with the same password for every user.
fn permissions() -> String {
    let with_password = |line: &str| match line.find("$BESCHEID_") {
        Some(start) => {
            let end =
                start + line[start..].find("_PASSWORD").expect("a password variable") + "_PASSWORD".len();
            format!("{}secret{}", &line[..start], &line[end..])
        }
        None => line.to_owned(),
    };
    bus::nats_permissions().lines().map(with_password).collect::<Vec<_>>().join("\n")
}
