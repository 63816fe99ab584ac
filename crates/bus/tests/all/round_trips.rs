//! How often a service and its Postgres wait for each other over a fact that is alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bus::Subscriptions;
use events::Service;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::pair::{Pair, Recorder, connect, new_application, registry};

/// Facts one after the other. Other tasks ask Postgres as well, now and then: what counts is the fact with the fewest.
const FACTS: usize = 30;

#[tokio::test]
async fn a_fact_that_is_alone_costs_three_round_trips_where_it_is_consumed() {
    let (nats, _folder) = testkit::broker("").await;
    let mut pair = Pair::start(&nats.url()).await;
    pair.stop_consumer().await;
    let trips = RoundTrips::default();
    let db = trips.pool(&pair.consumer_db).await;
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
    let trips = RoundTrips::default();
    let db = trips.pool(&pair.publisher_db).await;
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

/// Counts the questions to Postgres on all connections of a pool.
#[derive(Clone, Default)]
struct RoundTrips(Arc<AtomicUsize>);

impl RoundTrips {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// A pool of the same database through a proxy that counts.
    async fn pool(&self, db: &PgPool) -> PgPool {
        let options = (*db.connect_options()).clone();
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, options.get_port()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let count = self.0.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server).await.expect("Postgres");
                for socket in [&client, &server] {
                    socket.set_nodelay(true).expect("a socket takes options");
                }
                let ((questions, answered), (answers, asked)) = (client.into_split(), server.into_split());
                let (count, waiting) = (count.clone(), Arc::new(AtomicBool::new(false)));
                let waits = waiting.clone();
                tokio::spawn(pass_on(questions, asked, move || {
                    // A question may come in several pieces.
                    if !waits.swap(true, Ordering::SeqCst) {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                }));
                tokio::spawn(pass_on(answers, answered, move || waiting.store(false, Ordering::SeqCst)));
            }
        });
        PgPoolOptions::new().max_connections(8).connect_lazy_with(options.port(port))
    }
}

/// Passes on what comes until the connection ends, and calls `seen` for each piece before.
async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, seen: impl Fn()) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut piece).await
        && length > 0
    {
        seen();
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
