//! Facts travel from one service to another over a real Postgres and a real nats-server.

use std::sync::Arc;

use bus::{Bus, Failure, Running, Settings, Stats, Subscriptions, Tx, Waiting, outbox};
use events::{
    ApplicationId, ApplicationSubmitted, ApplicationWithdrawn, Cause, Event, Kind, Person, Service,
};
use sqlx::{PgPool, Row};
use testkit::{TestDatabase, samples, until};
use uuid::Uuid;

/// A hearer that writes down what it hears, and stumbles where a test wants it to.
struct Recorder;

const POISON: &str = "POISON";
const PANIC: &str = "PANIC";

async fn submitted(_: &Recorder, tx: &mut Tx, event: &Event<ApplicationSubmitted>) -> Result<(), Failure> {
    let title = event.data.application.title.as_str();
    assert!(title != PANIC, "a handler that panics");
    if title == POISON {
        let cured: bool =
            sqlx::query_scalar("select exists(select 1 from cure)").fetch_one(&mut **tx).await?;
        if !cured {
            return Err(Failure::park("this title is poison"));
        }
    }
    note(tx, event.application(), event.version, "submitted").await
}

async fn withdrawn(_: &Recorder, tx: &mut Tx, event: &Event<ApplicationWithdrawn>) -> Result<(), Failure> {
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

fn registry() -> Subscriptions<Recorder> {
    Subscriptions::new().on::<ApplicationSubmitted, _>(submitted).on::<ApplicationWithdrawn, _>(withdrawn)
}

/// One saying and one hearing service.
struct Pair {
    sayer: Bus,
    sayer_db: PgPool,
    hearer_db: PgPool,
    running: Vec<Running>,
}

impl Pair {
    async fn start(nats_url: &str) -> Self {
        let sayer_db = database("intake").await;
        let hearer_db = database("eligibility").await;
        sqlx::raw_sql(
            "create table effect (n bigint generated always as identity, application uuid, version bigint, what text);
             create table cure (at int)",
        )
        .execute(&hearer_db)
        .await
        .expect("the hearer's tables");
        let sayer = connect(Service::Intake, nats_url, &sayer_db).await;
        let hearer = connect(Service::Eligibility, nats_url, &hearer_db).await;
        let running = vec![
            sayer.start(Arc::new(Recorder), Subscriptions::new()),
            hearer.start(Arc::new(Recorder), registry()),
        ];
        Self { sayer, sayer_db, hearer_db, running }
    }

    async fn say(&self, application: ApplicationId, title: &str) {
        let mut tx = self.sayer.begin().await.expect("a transaction");
        let mut fact = samples::application_submitted();
        fact.application.title = title.to_owned();
        outbox::append(&mut tx, application, fact, Cause::default());
        self.sayer.commit(tx).await.expect("said");
    }

    async fn say_withdrawn(&self, application: ApplicationId) {
        let mut tx = self.sayer.begin().await.expect("a transaction");
        let fact = ApplicationWithdrawn {
            withdrawn_at: samples::noon(),
            withdrawn_by: Person { id: "a".into(), name: "A".into() },
            reason: None,
        };
        outbox::append(&mut tx, application, fact, Cause::default());
        self.sayer.commit(tx).await.expect("said");
    }

    async fn effects(&self) -> Vec<(Uuid, i64)> {
        sqlx::query("select application, version from effect order by n")
            .fetch_all(&self.hearer_db)
            .await
            .map(|rows| rows.iter().map(|row| (row.get(0), row.get(1))).collect())
            .unwrap_or_default()
    }

    async fn until_effects(&self, count: usize) -> Vec<(Uuid, i64)> {
        until("all effects", || self.effects(), |effects| effects.len() >= count).await
    }

    /// Nothing on its way and nothing left behind, then the end.
    async fn finish(self) {
        for db in [&self.sayer_db, &self.hearer_db] {
            until("quiet", || async { Stats::read(db).await.expect("stats") }, Stats::is_quiet).await;
        }
        self.drain().await;
    }

    async fn drain(self) {
        for running in self.running {
            running.drain().await;
        }
    }
}

async fn database(service: &str) -> PgPool {
    let TestDatabase { pool, .. } = testkit::database(service, &[&bus::MIGRATIONS]).await;
    pool
}

async fn connect(service: Service, url: &str, db: &PgPool) -> Bus {
    Bus::connect(service, &Settings::open(url), db.clone(), samples::noon).await.expect("a bus")
}

fn new_application() -> ApplicationId {
    ApplicationId(Uuid::new_v4())
}

/// Every application's facts took effect once each, in order.
fn assert_once_and_in_order(effects: &[(Uuid, i64)], facts_each: i64) {
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

#[tokio::test]
async fn facts_take_effect_once_and_in_order() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let applications: Vec<_> = (0..40).map(|_| new_application()).collect();
    for application in &applications {
        pair.say(*application, "one").await;
    }
    for application in &applications {
        pair.say(*application, "two").await;
        pair.say_withdrawn(*application).await;
    }
    let effects = pair.until_effects(120).await;
    assert_once_and_in_order(&effects, 3);
    pair.finish().await;
}

#[tokio::test]
async fn doubled_deliveries_change_nothing() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let application = new_application();
    pair.say(application, "one").await;
    pair.say_withdrawn(application).await;
    pair.until_effects(2).await;

    // The same bytes again, as a relay that was killed before its commit would publish them; newest first.
    let log = sqlx::query("select kind, envelope from bus.event_log order by version desc")
        .fetch_all(&pair.sayer_db)
        .await
        .expect("the log");
    let raw = async_nats::connect(nats.url()).await.expect("a client");
    for row in &log {
        let kind = Kind::ALL.iter().find(|kind| kind.name() == row.get::<String, _>(0)).expect("a kind");
        let bytes: Vec<u8> = row.get(1);
        raw.publish(kind.subject(application.uuid()), bytes.into()).await.expect("published");
    }
    raw.flush().await.expect("flushed");

    // What comes behind the copies has taken effect: so the copies have been heard.
    let last = new_application();
    pair.say(last, "last").await;
    let effects = pair.until_effects(3).await;
    assert_eq!(effects, [(application.uuid(), 1), (application.uuid(), 2), (last.uuid(), 1)]);
    pair.finish().await;
}

#[tokio::test]
async fn a_gap_is_held_until_it_closes() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let application = new_application();

    // The first fact is said, but its way to the broker is lost.
    let mut tx = pair.sayer.begin().await.expect("a transaction");
    outbox::append(&mut tx, application, samples::application_submitted(), Cause::default());
    let lost = tx_without_outbox(&pair, tx, application).await;
    pair.say_withdrawn(application).await;
    until(
        "the second fact is held",
        || async { Waiting::count(&pair.hearer_db).await.expect("a count") },
        |waiting| waiting.held == 1,
    )
    .await;
    assert!(pair.effects().await.is_empty(), "nothing may take effect before the gap is closed");

    sqlx::query("insert into bus.outbox (slot, key, version) values ($1, $2, 1)")
        .bind(lost)
        .bind(application.uuid())
        .execute(&pair.sayer_db)
        .await
        .expect("the lost pointer again");
    let effects = pair.until_effects(2).await;
    assert_eq!(effects, [(application.uuid(), 1), (application.uuid(), 2)]);
    pair.finish().await;
}

/// Commits, and takes the pointer out of the outbox while no relay can see it. Returns its slot.
async fn tx_without_outbox(pair: &Pair, tx: Tx, application: ApplicationId) -> i16 {
    // A trigger takes the row away in the same transaction that writes it.
    sqlx::raw_sql(
        "create function lose() returns trigger language plpgsql as $$ begin return null; end $$;
         create trigger lose before insert on bus.outbox for each row execute function lose()",
    )
    .execute(&pair.sayer_db)
    .await
    .expect("a trigger");
    pair.sayer.commit(tx).await.expect("said");
    sqlx::raw_sql("drop trigger lose on bus.outbox").execute(&pair.sayer_db).await.expect("no trigger");
    i16::from(application.uuid().as_bytes()[15] % 16)
}

#[tokio::test]
async fn a_poisoned_fact_stops_its_application_and_nobody_else() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let (ill, crashing, well) = (new_application(), new_application(), new_application());
    pair.say(ill, POISON).await;
    pair.say(crashing, PANIC).await;
    pair.say_withdrawn(ill).await;
    pair.say(well, "one").await;
    pair.say_withdrawn(well).await;

    let effects = pair.until_effects(2).await;
    assert_eq!(effects, [(well.uuid(), 1), (well.uuid(), 2)]);
    let waiting = until(
        "two parked, one held",
        || async { Waiting::count(&pair.hearer_db).await.expect("a count") },
        |waiting| waiting.parked == 2 && waiting.held == 1,
    )
    .await;
    assert_eq!(waiting.unreadable, 0);
    let parked = bus::ParkedFact::list(&pair.hearer_db).await.expect("the list");
    assert!(parked.iter().any(|fact| fact.reason.contains("this title is poison")), "{parked:?}");
    assert!(parked.iter().any(|fact| fact.reason.contains("a handler that panics")), "{parked:?}");

    // The cause is mended; what was held follows in order.
    sqlx::query("insert into cure values (1)").execute(&pair.hearer_db).await.expect("cured");
    let hearer = connect(Service::Eligibility, &nats.url(), &pair.hearer_db).await;
    assert!(hearer.redrive(Service::Intake, ill.uuid(), 1).await.expect("redriven"));
    let effects = pair.until_effects(4).await;
    assert_eq!(effects[2..], [(ill.uuid(), 1), (ill.uuid(), 2)]);
    pair.drain().await;
}

#[tokio::test]
async fn what_is_no_envelope_is_set_aside() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let first = new_application();
    pair.say(first, "one").await;
    pair.until_effects(1).await;
    let raw = async_nats::connect(nats.url()).await.expect("a client");
    let subject = Kind::ApplicationSubmitted.subject(Uuid::new_v4());
    raw.publish(subject, "{ not json".into()).await.expect("published");
    raw.flush().await.expect("flushed");
    let second = new_application();
    pair.say(second, "two").await;
    pair.until_effects(2).await;
    until(
        "one unreadable",
        || async { Waiting::count(&pair.hearer_db).await.expect("a count") },
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
        pair.say(*application, "one").await;
    }
    pair.until_effects(10).await;

    nats.kill().await.expect("killed");
    for application in &applications {
        pair.say(*application, "two").await;
    }
    nats.restart().await.expect("started again");
    pair.until_effects(20).await;

    nats.kill().await.expect("killed");
    for application in &applications {
        pair.say_withdrawn(*application).await;
    }
    nats.wipe().expect("wiped");
    nats.restart().await.expect("started again");
    let effects = pair.until_effects(30).await;
    assert_once_and_in_order(&effects, 3);
    let epoch: i64 = sqlx::query_scalar("select epoch from bus.broker")
        .fetch_one(&pair.hearer_db)
        .await
        .expect("an epoch");
    assert_eq!(epoch, 2);
    pair.finish().await;
}

#[tokio::test]
async fn a_stream_deleted_by_hand_is_made_again() {
    let (nats, _folder) = testkit::broker("").await;
    let pair = Pair::start(&nats.url()).await;
    let application = new_application();
    pair.say(application, "one").await;
    pair.until_effects(1).await;
    let raw = async_nats::jetstream::new(async_nats::connect(nats.url()).await.expect("a client"));
    raw.delete_stream(events::STREAM).await.expect("deleted");
    pair.say_withdrawn(application).await;
    let effects = pair.until_effects(2).await;
    assert_once_and_in_order(&effects, 2);
    pair.finish().await;
}

#[tokio::test]
async fn each_service_may_only_speak_for_itself() {
    // The checked-in permissions, with a password for everybody.
    let permissions = events::contract::nats_permissions()
        .lines()
        .map(|line| match line.find("$BESCHEID_") {
            Some(start) => {
                let end =
                    start + line[start..].find("_PASSWORD").expect("a password variable") + "_PASSWORD".len();
                format!("{}secret{}", &line[..start], &line[end..])
            }
            None => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n");
    let (nats, _folder) = testkit::broker(&permissions).await;
    let as_user = |user: &str| Settings {
        user: Some(user.to_owned()),
        password: Some("secret".to_owned().into()),
        ..Settings::open(nats.url())
    };
    let sayer_db = database("intake").await;
    let hearer_db = database("eligibility").await;
    sqlx::raw_sql("create table effect (n bigint generated always as identity, application uuid, version bigint, what text); create table cure (at int)")
        .execute(&hearer_db)
        .await
        .expect("tables");
    let sayer = Bus::connect(Service::Intake, &as_user("intake"), sayer_db.clone(), samples::noon)
        .await
        .expect("a bus");
    let hearer =
        Bus::connect(Service::Eligibility, &as_user("eligibility"), hearer_db.clone(), samples::noon)
            .await
            .expect("a bus");
    let running = vec![
        sayer.start(Arc::new(Recorder), Subscriptions::new()),
        hearer.start(Arc::new(Recorder), registry()),
    ];
    let pair = Pair { sayer, sayer_db, hearer_db, running };
    pair.say(new_application(), "one").await;
    pair.until_effects(1).await;

    // Eligibility tries to speak as intake.
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
