//! When a fact is acknowledged to the broker, and when it must not be.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{Info, PullConsumer};
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{self, Context, context::ContextBuilder};
use bus::control::{Command, ControlError, Status};
use bus::{Failure, Stats, Subscriptions, Tx, outbox};
use events::{ApplicationSubmitted, Cause, Event, STREAM, Service};
use futures_util::{StreamExt, TryStreamExt};
use sqlx::{PgPool, PgTransaction};
use testkit::{copy_store, samples, until, until_some};

use crate::pair::{Pair, connect, new_application};

/// Until the transaction ends, every handler waits where it writes its effect.
async fn hold_handlers(db: &PgPool) -> PgTransaction<'static> {
    let mut hold = db.begin().await.expect("a transaction");
    sqlx::query("lock table effect in share mode").execute(&mut *hold).await.expect("locked");
    hold
}

async fn until_a_handler_is_held(db: &PgPool) {
    let held = || async {
        sqlx::query_scalar::<_, i64>(
            "select count(*) from pg_locks where relation = 'effect'::regclass and not granted",
        )
        .fetch_one(db)
        .await
        .expect("the locks")
    };
    until("a handler is held", held, |held| *held > 0).await;
}

async fn client(nats: &local::Nats) -> async_nats::Client {
    async_nats::connect(nats.url()).await.expect("a client")
}

async fn stream(client: &Context) -> Stream {
    until_some("the stream", async || client.get_stream(STREAM).await.ok()).await
}

/// The consumer's durables, of all epochs.
async fn durables(stream: &Stream) -> Vec<Info> {
    let all: Vec<_> = stream.consumers().try_collect().await.expect("the durables");
    all.into_iter().filter(|one| one.name.starts_with("eligibility")).collect()
}

/// Number of facts that were delivered to the consumer and not acknowledged.
async fn unacknowledged(stream: &Stream) -> usize {
    durables(stream).await.iter().map(|one| one.num_ack_pending).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_before_it_is_committed() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let stream = stream(&jetstream::new(client(&nats).await)).await;
    let hold = hold_handlers(&pair.consumer_db).await;
    pair.publish(new_application(), "one").await;
    until_a_handler_is_held(&pair.consumer_db).await;
    // A premature acknowledgement of the first fact would have come before the second one is delivered.
    pair.publish(new_application(), "two").await;
    let delivered = |all: &Vec<Info>| all.iter().any(|one| one.delivered.consumer_sequence == 2);
    until("the second is delivered", || durables(&stream), delivered).await;
    assert_eq!(unacknowledged(&stream).await, 2, "the process may still crash over it");
    hold.rollback().await.expect("let go");
    pair.until_effects(2).await;
    until("it is acknowledged", || unacknowledged(&stream), |left| *left == 0).await;
    pair.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_ends_leaves_nothing_to_be_delivered_again() {
    let (nats, _folder) = testkit::broker("").await;
    let mut pair = Pair::start(&nats.url()).await;
    let stream = stream(&jetstream::new(client(&nats).await)).await;
    let hold = hold_handlers(&pair.consumer_db).await;
    pair.publish(new_application(), "one").await;
    until_a_handler_is_held(&pair.consumer_db).await;
    for _ in 0..9 {
        pair.publish(new_application(), "more").await;
    }
    until("all are delivered", || unacknowledged(&stream), |waiting| *waiting == 10).await;
    let let_go = async { hold.rollback().await.expect("let go") };
    tokio::join!(pair.stop_consumer(), let_go);
    assert_eq!(pair.effects().await.len(), 10);
    until("all are acknowledged", || unacknowledged(&stream), |left| *left == 0).await;
    pair.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledgement_from_before_the_store_went_back_reaches_nobody() {
    let (mut nats, folder) = testkit::broker("").await;
    let mut pair = Pair::start(&nats.url()).await;
    let client = client(&nats).await;
    // The wait for the answer to an acknowledgement ends after a second.
    let hasty = ContextBuilder::new().timeout(Duration::from_secs(1)).build(client.clone());
    let client = jetstream::new(client);
    let durable = || async { hasty.get_stream(STREAM).await.ok()?.get_consumer("eligibility-e1").await.ok() };
    let durable: PullConsumer = until_some("the durable of the first epoch", durable).await;
    pair.stop_consumer().await;
    nats.kill().await.expect("killed");
    let (store, copy) = (nats.store(), folder.path().join("copy"));
    copy_store(&store, &copy);
    nats.restart().await.expect("started again");

    // Delivered to a process that is stopped before it acknowledges.
    pair.publish(new_application(), "one").await;
    let mut messages = durable.messages().await.expect("a pull");
    let late = messages.next().await.expect("a message").expect("a message");
    drop(messages);
    let place = i64::try_from(late.info().expect("its place").stream_sequence).expect("a number of Postgres");
    let noted = || async {
        sqlx::query_scalar::<_, i64>("select last_sequence from bus.broker")
            .fetch_one(&pair.publisher_db)
            .await
            .expect("what the publisher knows of the stream")
    };
    until("its publisher knows how far the stream was", noted, |noted| *noted == place).await;

    nats.kill().await.expect("killed");
    std::fs::remove_dir_all(&store).expect("the store goes");
    copy_store(&copy, &store);
    nats.restart().await.expect("started again");
    let stream = stream(&client).await;
    let republished = async || stream.get_raw_message(late.info().expect("its place").stream_sequence).await;
    until("the fact is published again, at the same place", republished, Result::is_ok)
        .await
        .expect("the fact");
    let hold = hold_handlers(&pair.consumer_db).await;
    pair.start_consumer().await;
    until_a_handler_is_held(&pair.consumer_db).await;
    // With an answer the server has taken it; without one it had a second to take it.
    let _ = late.double_ack().await;
    assert_eq!(unacknowledged(&stream).await, 1, "in the new epoch it is still to be consumed");
    hold.rollback().await.expect("let go");
    pair.until_effects(1).await;
    pair.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_went_back_and_was_filled_again_is_noticed() {
    let (mut nats, folder) = testkit::broker("").await;
    let mut pair = Pair::start(&nats.url()).await;
    let client = jetstream::new(client(&nats).await);
    pair.publish(new_application(), "zero").await;
    pair.until_effects(1).await;
    pair.stop_consumer().await;
    let before = stream(&client).await.cached_info().state.last_sequence;
    let zero = stream(&client).await.get_raw_message(before).await.expect("what was published");
    nats.kill().await.expect("killed");
    let (store, copy) = (nats.store(), folder.path().join("copy"));
    copy_store(&store, &copy);
    nats.restart().await.expect("started again");
    pair.publish(new_application(), "one").await;
    let noted = || async {
        let noted = sqlx::query_scalar::<_, i64>("select last_sequence from bus.broker");
        noted.fetch_one(&pair.publisher_db).await.expect("what the publisher knows of the stream")
    };
    let before = i64::try_from(before).expect("a number of Postgres");
    until("its publisher knows how far the stream was", noted, |noted| *noted > before).await;
    pair.stop_publisher().await;

    nats.kill().await.expect("killed");
    std::fs::remove_dir_all(&store).expect("the store goes");
    copy_store(&copy, &store);
    nats.restart().await.expect("started again");
    stream(&client).await;
    // Filled again with old facts: the stream is longer now than it ever was.
    for _ in 0..2 {
        let published = client.publish(zero.subject.clone(), zero.payload.clone()).await.expect("sent");
        published.await.expect("in the stream");
    }
    pair.start_publisher().await;
    let epoch = || async {
        let epoch = sqlx::query_scalar::<_, i64>("select epoch from bus.broker");
        epoch.fetch_one(&pair.publisher_db).await.expect("what the publisher knows of the stream")
    };
    until("the next epoch has begun", epoch, |epoch| *epoch == 2).await;
    pair.start_consumer().await;
    pair.until_effects(2).await;
    pair.finish().await;
}

/// Writes its effect, and answers.
async fn confirm(_: &(), tx: &mut Tx, event: &Event<ApplicationSubmitted>) -> Result<(), Failure> {
    sqlx::query("insert into effect (application, version, what) values ($1, 1, 'submitted')")
        .bind(event.key.uuid())
        .execute(&mut **tx)
        .await?;
    outbox::append(tx, event.key, samples::eligibility_confirmed(), Cause::default());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_appended_while_the_bus_drains_is_published_before_its_end() {
    let (nats, _folder) = testkit::broker("").await;
    let mut pair = Pair::start(&nats.url()).await;
    pair.stop_consumer().await;
    let bus = connect(Service::Eligibility, &pair.settings, &pair.consumer_db).await;
    let running = bus.start(Arc::new(()), Subscriptions::new().on::<ApplicationSubmitted, _>(confirm));
    let operator = pair.operator().await;
    let hold = hold_handlers(&pair.consumer_db).await;
    pair.publish(new_application(), "one").await;
    until_a_handler_is_held(&pair.consumer_db).await;

    let draining = tokio::spawn(running.drain());
    let status = || operator.execute::<Status>(Service::Eligibility, &Command::Status);
    let _ = until("it drains", status, |answer| matches!(answer, Err(ControlError::Silent(_)))).await;
    hold.rollback().await.expect("released");
    draining.await.expect("no panic").expect("drained");
    let stats = Stats::read(&pair.consumer_db).await.expect("the outbox");
    assert_eq!(stats.outbox, 0, "the answer is with the broker");
    pair.drain().await;
}
