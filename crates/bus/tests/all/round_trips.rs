//! How often a service and its Postgres wait for each other over a fact that is alone.

use std::sync::Arc;

use bus::Subscriptions;
use events::Service;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use testkit::RoundTrips;

use crate::pair::{Pair, Recorder, connect, new_application, registry};

/// Facts one after the other. Other tasks ask Postgres as well, now and then: what counts is the fact with the fewest.
const FACTS: usize = 30;

#[tokio::test]
async fn a_fact_that_is_alone_costs_three_round_trips_where_it_is_consumed() {
    let (nats, _folder) = testkit::broker("").await;
    let mut pair = Pair::start(&nats.url()).await;
    pair.stop_consumer().await;
    let trips = RoundTrips::start().await;
    let db = pool(&trips, &pair.consumer_db);
    let consumer = connect(Service::Eligibility, &pair.settings, &db).await;
    pair.consuming = Some(consumer.start(Arc::new(Recorder), registry()));

    let mut fewest = usize::MAX;
    for number in 1..=FACTS {
        let before = trips.count();
        pair.publish(new_application(), "alone").await;
        pair.until_effects(number).await;
        fewest = fewest.min(trips.count() - before);
    }
    // It begins with what the gate knows, the handler has one statement, and the rest goes with the commit.
    assert_eq!(fewest, 3);
    pair.finish().await;
}

#[tokio::test]
async fn a_fact_that_is_alone_costs_three_round_trips_where_it_is_published() {
    let (nats, _folder) = testkit::broker("").await;
    let mut pair = Pair::start(&nats.url()).await;
    pair.stop_publisher().await;
    let trips = RoundTrips::start().await;
    let db = pool(&trips, &pair.publisher_db);
    pair.publisher = connect(Service::Intake, &pair.settings, &db).await;
    pair.publishing = Some(pair.publisher.start(Arc::new(Recorder), Subscriptions::new()));

    let mut fewest = usize::MAX;
    for number in 1..=FACTS {
        let before = trips.count();
        pair.publish(new_application(), "alone").await;
        pair.until_effects(number).await;
        let left = async || {
            let left = sqlx::query_scalar::<_, i64>("select count(*) from bus.outbox");
            left.fetch_one(&pair.publisher_db).await.expect("a count")
        };
        testkit::until("its row is deleted", left, |left| *left == 0).await;
        fewest = fewest.min(trips.count() - before);
    }
    // It begins; event log and outbox go with the commit; the relay deletes what the broker has acknowledged.
    assert_eq!(fewest, 3);
    pair.finish().await;
}

fn pool(trips: &RoundTrips, db: &PgPool) -> PgPool {
    let options = trips.through((*db.connect_options()).clone());
    PgPoolOptions::new().max_connections(8).connect_lazy_with(options)
}
