use std::collections::HashSet;
use std::sync::Arc;

use bus::control::Operator;
use bus::{Bus, Failure, Running, Settings, Stats, Subscriptions, Tx, Waiting, outbox};
use events::{ApplicationId, ApplicationSubmitted, ApplicationWithdrawn, Cause, Event, Person, Service};
use sqlx::{PgPool, Row};
use testkit::{TestDatabase, samples, until};
use uuid::Uuid;

/// A service that records what it consumes, and fails where a test wants it to.
pub struct Recorder;

pub const POISON: &str = "POISON";
pub const PANIC: &str = "PANIC";

/// The trace of the request that caused every fact.
pub const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn request() -> Cause {
    Cause::request(Some(format!("00-{TRACE}-b7ad6b7169203331-01")))
}

async fn submitted(_: &Recorder, tx: &mut Tx, events: &[Event<ApplicationSubmitted>]) -> Result<(), Failure> {
    let each: HashSet<_> = events.iter().map(Event::application).collect();
    assert_eq!(each.len(), events.len(), "two facts of one application are not consumed at once");
    tracing::info!("consumes what was submitted");
    for event in events {
        let title = event.data.application.title.as_str();
        assert!(title != PANIC, "a handler that panics");
        if title == POISON {
            let cured: bool =
                sqlx::query_scalar("select exists(select 1 from cure)").fetch_one(&mut **tx).await?;
            if !cured {
                return Err(Failure::park("this title is poison"));
            }
        }
        note(tx, event.application(), event.version, "submitted").await?;
    }
    Ok(())
}

async fn withdrawn(_: &Recorder, tx: &mut Tx, event: &Event<ApplicationWithdrawn>) -> Result<(), Failure> {
    tracing::info!("consumes a withdrawal");
    note(tx, event.application(), event.version, "withdrawn").await
}

async fn note(tx: &mut Tx, application: ApplicationId, version: u64, what: &str) -> Result<(), Failure> {
    // No unique constraint: an effect that happened twice must be seen.
    sqlx::query("insert into effect (application, version, what) values ($1, $2, $3)")
        .bind(application.uuid())
        .bind(i64::try_from(version).expect("small"))
        .bind(what)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub fn registry() -> Subscriptions<Recorder> {
    Subscriptions::new()
        .on_many::<ApplicationSubmitted, _>(submitted)
        .on::<ApplicationWithdrawn, _>(withdrawn)
        .describe("select to_jsonb(array_agg(what order by n)) from effect where application = $1")
        .census("select what, count(*) from effect group by what")
}

/// One publishing and one consuming service.
pub struct Pair {
    pub settings: Settings,
    pub publisher: Bus,
    pub publisher_db: PgPool,
    pub consumer_db: PgPool,
    pub publishing: Option<Running>,
    pub consuming: Option<Running>,
}

impl Pair {
    pub async fn start(nats_url: &str) -> Self {
        Self::start_as(Settings::open(nats_url), |settings, _| settings.clone()).await
    }

    /// With an audit each second.
    pub async fn audited(nats_url: &str) -> Self {
        let settings = Settings { audit_seconds: 1, ..Settings::open(nats_url) };
        Self::start_as(settings, |settings, _| settings.clone()).await
    }

    pub async fn start_as(settings: Settings, as_user: impl Fn(&Settings, Service) -> Settings) -> Self {
        let publisher_db = database("intake").await;
        let consumer_db = database("eligibility").await;
        sqlx::raw_sql(
            "create table effect (n bigint generated always as identity, application uuid, version bigint, what text);
             create table cure (at int)",
        )
        .execute(&consumer_db)
        .await
        .expect("the consumer's tables");
        let publisher = connect(Service::Intake, &as_user(&settings, Service::Intake), &publisher_db).await;
        let consumer =
            connect(Service::Eligibility, &as_user(&settings, Service::Eligibility), &consumer_db).await;
        let publishing = Some(publisher.start(Arc::new(Recorder), Subscriptions::new()));
        let consuming = Some(consumer.start(Arc::new(Recorder), registry()));
        Self { settings, publisher, publisher_db, consumer_db, publishing, consuming }
    }

    pub async fn stop_consumer(&mut self) {
        self.consuming.take().expect("it consumes").drain().await.expect("drained");
    }

    /// A new process of the consuming service.
    pub async fn start_consumer(&mut self) {
        let consumer = connect(Service::Eligibility, &self.settings, &self.consumer_db).await;
        self.consuming = Some(consumer.start(Arc::new(Recorder), registry()));
    }

    pub async fn stop_publisher(&mut self) {
        self.publishing.take().expect("it publishes").drain().await.expect("drained");
    }

    /// A new process of the publishing service.
    pub async fn start_publisher(&mut self) {
        self.connect_publisher().await;
        self.run_publisher();
    }

    /// A new process of the publishing service whose tasks do not run yet.
    pub async fn connect_publisher(&mut self) {
        self.publisher = connect(Service::Intake, &self.settings, &self.publisher_db).await;
    }

    pub fn run_publisher(&mut self) {
        self.publishing = Some(self.publisher.start(Arc::new(Recorder), Subscriptions::new()));
    }

    pub async fn operator(&self) -> Operator {
        Operator::connect(&self.settings).await.expect("an operator")
    }

    /// Returns what waits at the consumer once it is as `expected`.
    pub async fn until_waiting(&self, what: &str, expected: impl Fn(&Waiting) -> bool) -> Waiting {
        until(what, || async { Waiting::count(&self.consumer_db).await.expect("a count") }, expected).await
    }

    pub async fn publish(&self, application: ApplicationId, title: &str) {
        let mut tx = self.publisher.begin().await.expect("a transaction");
        let mut fact = samples::application_submitted();
        fact.application.title = title.to_owned();
        outbox::append(&mut tx, application, fact, request());
        self.publisher.commit(tx).await.expect("published");
    }

    pub async fn publish_withdrawn(&self, application: ApplicationId) {
        let mut tx = self.publisher.begin().await.expect("a transaction");
        let fact = ApplicationWithdrawn {
            withdrawn_at: samples::noon(),
            withdrawn_by: Person { id: "a".into(), name: "A".into() },
            reason: None,
        };
        outbox::append(&mut tx, application, fact, request());
        self.publisher.commit(tx).await.expect("published");
    }

    pub async fn effects(&self) -> Vec<(Uuid, i64)> {
        sqlx::query("select application, version from effect order by n")
            .fetch_all(&self.consumer_db)
            .await
            .map(|rows| rows.iter().map(|row| (row.get(0), row.get(1))).collect())
            .unwrap_or_default()
    }

    pub async fn until_effects(&self, count: usize) -> Vec<(Uuid, i64)> {
        until("all effects", || self.effects(), |effects| effects.len() >= count).await
    }

    /// Waits until nothing is under way and nothing waits, then stops both services.
    pub async fn finish(self) {
        for db in [&self.publisher_db, &self.consumer_db] {
            until("quiet", || async { Stats::read(db).await.expect("stats") }, Stats::is_quiet).await;
        }
        self.drain().await;
    }

    pub async fn drain(self) {
        for running in [self.publishing, self.consuming].into_iter().flatten() {
            running.drain().await.expect("drained");
        }
    }
}

pub async fn database(service: &str) -> PgPool {
    let TestDatabase { pool, .. } = testkit::database(service, &[&bus::MIGRATIONS]).await;
    pool
}

pub async fn connect(service: Service, settings: &Settings, db: &PgPool) -> Bus {
    Bus::connect(service, settings, db.clone(), samples::noon).await.expect("a bus")
}

pub fn new_application() -> ApplicationId {
    ApplicationId(Uuid::new_v4())
}

/// Asserts that the facts of every application took effect once each, in order.
pub fn assert_once_and_in_order(effects: &[(Uuid, i64)], facts_each: i64) {
    let mut heads = std::collections::HashMap::new();
    for (application, version) in effects {
        let head = heads.entry(*application).or_insert(0);
        assert_eq!(*version, *head + 1, "out of order or twice: {application}");
        *head = *version;
    }
    for (application, head) in heads {
        assert_eq!(head, facts_each, "not whole: {application}");
    }
}
