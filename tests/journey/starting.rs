//! Each of the five services publishes and consumes nothing before it knows that its database has every fact that it
//! has published, and its process ends when one of its tasks ends.

use std::fs;
use std::sync::Arc;

use bus::{Bus, Subscriptions};
use chassis::{App, StartError, TestClock};
use events::{AnyFact, Cause, Kind, Service};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};
use testkit::{TestDatabase, samples, until};
use tests::{SECRET, settings};
use uuid::Uuid;

/// A fact that `service` publishes, with one of the frozen payloads of the contract.
fn fact_of(service: Service) -> AnyFact {
    let kind = *Kind::ALL.iter().find(|kind| kind.service() == service).expect("a kind");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/events/golden");
    let text = fs::read_to_string(format!("{folder}/{}.v1.json", kind.name())).expect("a frozen payload");
    let payload: Value = serde_json::from_str(&text).expect("JSON");
    AnyFact::read(kind, payload).expect("a payload of this kind")
}

/// Publishes a fact of `service`, as an earlier process of it would have done.
async fn publish(service: Service, nats: &bus::Settings, db: &PgPool) {
    let bus = Bus::connect(service, nats, db.clone(), samples::noon).await.expect("a bus");
    let running = bus.start(Arc::new(()), Subscriptions::new());
    let mut tx = bus.begin().await.expect("a unit of work");
    bus::outbox::append(&mut tx, Uuid::now_v7(), fact_of(service), Cause::default());
    bus.commit(tx).await.expect("committed");
    until("it is published", || rows(db, "outbox"), |left| *left == 0).await;
    running.drain().await.expect("drained");
}

async fn rows(db: &PgPool, table: &str) -> i64 {
    let count = format!("select count(*) from bus.{table}");
    sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(db).await.expect("a count")
}

struct Started {
    db: PgPool,
    app: App,
    serving: tokio::task::JoinHandle<Result<(), StartError>>,
}

/// Starts the service on this database; intake with a call to publish.
async fn start<S: host::Service>(database: &TestDatabase, nats: &str) -> Started {
    let mut own = settings(S::NAME, 0, &database.url, nats, "http://localhost", 1);
    if S::NAME == Service::Intake {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/calls/komm-in-2027.toml");
        let calls = toml::from_str::<toml::Table>(&format!("publish = [{file:?}]")).expect("TOML");
        own.insert("calls".to_owned(), calls.into());
    }
    let app = testkit::process(S::NAME.name(), TestClock::at(samples::noon()).clock());
    let service = host::start::<S>(&app, own.try_into().expect("settings")).await.expect("it starts");
    let serving = tokio::spawn(host::serve(app.clone(), service));
    Started { db: database.pool.clone(), app, serving }
}

/// The stream has a fact of the service and a fact for it. With a database restored from before its own fact, the
/// service publishes and consumes nothing; with the present one it consumes the other fact.
async fn says_nothing_from_an_old_backup<S: host::Service>() {
    let (broker, _folder) = testkit::broker("").await;
    let nats = bus::Settings::open(broker.url());
    let migrators = bescheid::service::migrators(S::NAME);
    let (present, restored) = (
        testkit::database(S::NAME.name(), &migrators).await,
        testkit::database(S::NAME.name(), &migrators).await,
    );
    let other = if S::NAME == Service::Intake { Service::Eligibility } else { Service::Intake };
    let others = testkit::database(other.name(), &[&bus::MIGRATIONS]).await;
    publish(S::NAME, &nats, &present.pool).await;
    publish(other, &nats, &others.pool).await;

    let started = start::<S>(&restored, &broker.url()).await;
    let broker_check = || async { started.app.health().report().await["nats"].detail.clone() };
    until("it says what is wrong", broker_check, |why| why.contains("restored from a backup")).await;
    started.app.shutdown().drain();
    started.serving.await.expect("no panic").expect("it ends in order");
    for table in ["event_log", "outbox", "inbox", "waiting"] {
        assert_eq!(rows(&started.db, table).await, 0, "{}: {table}", S::NAME);
    }

    let started = start::<S>(&present, &broker.url()).await;
    let taken_in = || async { rows(&started.db, "inbox").await + rows(&started.db, "waiting").await };
    until("it takes in what came", taken_in, |taken_in| *taken_in > 0).await;
    started.app.shutdown().drain();
    started.serving.await.expect("no panic").expect("it ends in order");
}

/// A task that panics ends the process, with an error that names it.
async fn ends_with_its_tasks<S: host::Service>() {
    let (broker, _folder) = testkit::broker("").await;
    let database = testkit::database(S::NAME.name(), &bescheid::service::migrators(S::NAME)).await;
    let started = start::<S>(&database, &broker.url()).await;
    started.app.spawn("broken", async {
        assert_ne!(SECRET.len(), 32, "as a mistake would");
        Ok::<_, StartError>(())
    });
    let error = started.serving.await.expect("no panic").expect_err("it does not go on");
    assert!(error.to_string().contains("broken"), "{}: {error}", S::NAME);
}

macro_rules! each {
    ($($service:ident)+) => {$(
        mod $service {
            #[tokio::test]
            async fn says_nothing_from_an_old_backup() {
                super::says_nothing_from_an_old_backup::<$service::AppState>().await;
            }

            #[tokio::test]
            async fn ends_with_its_tasks() {
                super::ends_with_its_tasks::<$service::AppState>().await;
            }
        }
    )+};
}

each!(intake eligibility review award notification);
