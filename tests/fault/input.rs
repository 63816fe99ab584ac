//! Messages that are wrong, deadly or repeated: rows 32 to 34 and 43.

use async_nats::jetstream::consumer::{DeliverPolicy, pull::OrderedConfig};
use bus::control::{Command, WaitingFact};
use events::{Kind, STREAM, Service};
use futures_util::StreamExt;
use testkit::{until, until_within};
use tests::{Cluster, ClusterPlan, Course, Drive, RECOVERY_DEADLINE, consumes};
use uuid::Uuid;

use crate::row::Row;

/// All messages in the stream so far.
async fn everything(cluster: &Cluster) -> Vec<(async_nats::Subject, Vec<u8>)> {
    let mut stream = cluster.jetstream().await.get_stream(STREAM).await.expect("the stream");
    let last = stream.info().await.expect("its state").state.last_sequence;
    let config = OrderedConfig { deliver_policy: DeliverPolicy::All, ..OrderedConfig::default() };
    let mut messages =
        stream.create_consumer(config).await.expect("a consumer").messages().await.expect("messages");
    let mut found = Vec::new();
    while let Some(Ok(message)) = messages.next().await {
        let sequence = message.info().expect("a message of a stream").stream_sequence;
        found.push((message.subject.clone(), message.payload.to_vec()));
        if sequence >= last {
            break;
        }
    }
    found
}

async fn publish(cluster: &Cluster, subject: String, payload: Vec<u8>) {
    let published = cluster.jetstream().await.publish(subject, payload.into()).await.expect("published");
    published.await.expect("stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_32_every_fact_ten_times_in_any_order() {
    let row = Row::new("32", "every fact ten times more, shuffled");
    let checks = row
        .run(async |cluster, drive| {
            // While journeys are under way, and again after all have ended.
            for ended in [4, 12] {
                drive.until_ended(ended).await;
                let all = everything(cluster).await;
                // With a stride that is coprime to the length, each index is visited once, in scattered order.
                let length = 10 * all.len();
                let stride = (length / 3..).find(|stride| coprime(*stride, length)).expect("one");
                for step in 0..length {
                    let (subject, payload) = &all[step * stride % length % all.len()];
                    publish(cluster, subject.to_string(), payload.clone()).await;
                }
            }
        })
        .await;
    assert!(checks.redeliveries > 1_000, "only {} came again", checks.redeliveries);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_33_messages_that_nobody_can_understand() {
    let row = Row::new("33", "poison: not JSON, unknown type, wrong content");
    row.run(async |cluster, drive| {
        drive.until_submitted(3).await;
        let (key, newer) = (Uuid::now_v7(), Uuid::now_v7());
        let subject = Kind::ApplicationSubmitted.subject(key);
        publish(cluster, subject.clone(), b"this is no envelope".to_vec()).await;
        let envelope = |kind: &str, key: Uuid| {
            format!(
                r#"{{"specversion":"1.0","id":"{}","source":"/bescheid/intake","type":"{kind}","subject":"{key}",
                    "time":"2026-11-23T11:00:00Z","datacontenttype":"application/json","version":1,"data":{{}}}}"#,
                Uuid::now_v7()
            )
        };
        let sung = envelope("de.bescheid.intake.application-sung.v1", newer);
        publish(cluster, Kind::ApplicationSubmitted.subject(newer), sung.into()).await;
        publish(cluster, subject, envelope(Kind::ApplicationSubmitted.type_name(), key).into()).await;
        for consumer in Service::ALL.into_iter().filter(|consumer| consumes(*consumer, Service::Intake)) {
            let kept = || async { count(cluster, consumer, "select count(*) from bus.unreadable").await };
            until(&format!("{consumer} keeps what it cannot read"), kept, |kept| *kept == 1).await;
            let parked = || async { count(cluster, consumer, "select count(*) from bus.waiting where status = 'parked' and reason is not null").await };
            until(&format!("{consumer} parks what cannot be right"), parked, |parked| *parked == 2).await;
        }
        drive.until_ended(12).await;
        // In place of operators, who would drop these facts after a look.
        for consumer in Service::ALL.into_iter().filter(|consumer| consumes(*consumer, Service::Intake)) {
            let dropped = sqlx::query("delete from bus.waiting where key = any($1)").bind([key, newer]);
            dropped.execute(cluster.database(consumer)).await.expect("dropped");
        }
    })
    .await;
}

async fn count(cluster: &Cluster, service: Service, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(cluster.database(service)).await.expect("a count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_43_the_whole_log_is_published_again() {
    let row = Row::new("43", "the whole log of all services published again, live");
    let checks = row
        .run(async |cluster, drive| {
            drive.until_ended(6).await;
            // Published without message ids, or the broker itself would drop the duplicates.
            for service in Service::ALL {
                let log: Vec<(Uuid, String, Vec<u8>)> = sqlx::query_as(
                    "select key, kind, envelope from bus.event_log order by said_at, key, version",
                )
                .fetch_all(cluster.database(service))
                .await
                .expect("the log");
                for (key, kind, envelope) in log {
                    let kind = Kind::ALL.iter().find(|known| known.name() == kind).expect("a kind");
                    publish(cluster, kind.subject(key), envelope).await;
                }
            }
        })
        .await;
    assert!(checks.redeliveries > 50, "only {} came again", checks.redeliveries);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_34_a_fact_kills_the_process_that_hears_it() {
    // Each start but the first is killed by the first fact it consumes. Twenty starts are armed, since the number of
    // crashes until the fact is parked depends on when the audit publishes the fact again.
    let deaths = std::iter::repeat_n("handled=kill@1".to_owned(), 20);
    let steps = [(Service::Eligibility, std::iter::once(String::new()).chain(deaths).collect())].into();
    let plan = ClusterPlan { steps, ..ClusterPlan::default() };
    let row =
        Row { plan, applications: 0, ..Row::new("34", "a fact whose handler kills its process, each time") };
    row.run(async |cluster, drive| {
        let eligibility = cluster.first(Service::Eligibility);
        cluster.kill(Service::Eligibility);
        until("it is armed", || async { eligibility.starts() }, |starts| *starts == 2).await;
        // At least five crashes, each 30 s after the last: so long the broker waits before it redelivers.
        let long = 4 * RECOVERY_DEADLINE;
        let deadly = Drive::start_with_deadline(&cluster.api, 1, 1.0, |_| Course::Granted, long);
        let parked = || parked(cluster);
        until_within(long, "it is parked", parked, |parked| parked.len() == 1).await;
        // Facts of other applications are consumed meanwhile.
        eligibility.disarm();
        cluster.kill(Service::Eligibility);
        let others = Drive::start(&cluster.api, 5, 2.0, |number| Course::of(number + 3));
        for (id, course) in others.finish().await.expect("the others come to their end") {
            drive.accept(id, course);
        }
        let fact = parked().await.remove(0);
        let which = fact.which;
        let order = Command::Redrive { which, person: "operator-1".to_owned() };
        let said: String = cluster.operator.execute(Service::Eligibility, &order).await.expect("an answer");
        println!("{said}");
        for (id, course) in deadly.finish().await.expect("redriven, it comes to its end") {
            drive.accept(id, course);
        }
    })
    .await;
}

/// The facts that eligibility has parked, from its answer to an operator's command.
async fn parked(cluster: &Cluster) -> Vec<WaitingFact> {
    cluster.operator.execute(Service::Eligibility, &Command::Parked).await.unwrap_or_default()
}

fn coprime(a: usize, b: usize) -> bool {
    let (mut a, mut b) = (a, b);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a == 1
}
