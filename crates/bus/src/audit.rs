//! The audit: does every hearer have what this service has said?
//!
//! The broker may lose what it has acknowledged, from the middle of the stream, without a sign. So
//! each sayer asks its hearers which numbers they lack: what was published since the last audit
//! every minute, and everything at the start, every tenth time, and when somebody asks.
//!
//! A fact that is under way is not lost. Lost is what a hearer still lacks after its durable has
//! passed the place in the stream where the fact must be. That is published again. No clock decides.
//!
//! The other way round, a hearer that knows more than this service remembers shows that this
//! database has lost something. Then nothing is said any more, and the operator is told.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_nats::jetstream::consumer::{Info, pull};
use events::{STREAM, Service};
use futures_util::future::join_all;
use tokio::time::Instant;
use uuid::Uuid;

use crate::Failure;
use crate::answered::within;
use crate::connection::Core;
use crate::control::{self, FactName, Missing, Pair, Question, Sums};
use crate::outbox;

/// Every so many audits look at everything.
const WHOLE: u32 = 10;
/// More published keys than this are not remembered one by one; the next audit is a whole one.
const REMEMBERED: usize = 100_000;
/// Keys in one question.
const QUESTION: usize = 2_000;
/// Facts named in a report at most.
const NAMED: usize = 1_000;
/// How long a hearer may take to pass the place of a missing fact before this audit gives up.
const PATIENCE: Duration = Duration::from_secs(300);
/// So long after its last message was delivered, a hearer that refuses one for now holds up the
/// audit of the others no longer.
const GRACE: Duration = Duration::from_secs(60);

/// Keys that the relay has published facts of.
#[derive(Default)]
pub(crate) struct Published {
    keys: HashSet<Uuid>,
    too_many: bool,
}

impl Published {
    pub(crate) fn note(&mut self, keys: Vec<Uuid>) {
        if self.keys.len() + keys.len() > REMEMBERED {
            self.keys.clear();
            self.too_many = true;
        }
        if !self.too_many {
            self.keys.extend(keys);
        }
    }
}

/// What an operator must know of a database that has lost a part of its event log.
pub(crate) fn forgotten(service: Service, key: &Uuid, version: u64) -> String {
    format!(
        "the database of {service} has lost facts that others know, e.g. number {version} about {key}: it was \
         restored from a backup that is too old. {service} says nothing more, and takes nothing in, until it is \
         restored to a later moment (point-in-time recovery to the last commit) and started again"
    )
}

/// Audits until shutdown.
pub(crate) async fn run(core: Arc<Core>) {
    let every = Duration::from_secs(u64::from(core.settings.audit_seconds.max(1)));
    let mut epochs = core.epoch.subscribe();
    let mut last_epoch = None;
    let mut round = 0_u32;
    loop {
        let epoch = *epochs.borrow_and_update();
        if let Some(epoch) = epoch {
            let asked = round == 0;
            let published =
                std::mem::take(&mut *core.published.lock().unwrap_or_else(PoisonError::into_inner));
            let whole = asked || last_epoch != Some(epoch) || published.too_many;
            last_epoch = Some(epoch);
            let keys = (!whole).then(|| published.keys.into_iter().collect::<Vec<_>>());
            if keys.as_ref().is_none_or(|keys| !keys.is_empty()) {
                let audits = others(core.service).map(|hearer| {
                    within(2 * PATIENCE, audit(&core, hearer, keys.as_deref(), PATIENCE, false))
                });
                for (hearer, done) in others(core.service).zip(join_all(audits).await) {
                    let unfinished = match done {
                        Ok(pair) => pair.is_some_and(|pair| pair.under_way > 0),
                        Err(failure) => {
                            tracing::debug!(%hearer, %failure, "audit: not now");
                            true
                        }
                    };
                    if unfinished {
                        // What could not be compared is compared with everything else.
                        core.published.lock().unwrap_or_else(PoisonError::into_inner).too_many = true;
                    }
                }
            }
            metrics::counter!("bus_audits_total").increment(1);
        }
        tokio::select! {
            () = core.pause(every) => round = (round + 1) % WHOLE,
            () = core.audit_now.notified() => round = 0,
            _ = epochs.changed() => {}
        }
        if core.shutdown.is_cancelled() {
            return;
        }
    }
}

/// The services that may hear this one.
pub(crate) fn others(service: Service) -> impl Iterator<Item = Service> {
    Service::ALL.into_iter().filter(move |other| *other != service)
}

/// Compares with one hearer, and publishes again what it lacks; `keys` or everything. Waits at
/// most `patience` for what is under way. None: it does not listen to this service.
pub(crate) async fn audit(
    core: &Core,
    hearer: Service,
    keys: Option<&[Uuid]>,
    patience: Duration,
    doubled: bool,
) -> Result<Option<Pair>, Failure> {
    let Some(theirs) = sums(core, hearer, doubled).await? else { return Ok(None) };
    let own = own_sums(core).await?;
    let said = match keys {
        Some(keys) => said_about(core, keys).await?,
        None => {
            let differ: Vec<i32> = (0..control::BUCKETS)
                .filter(|bucket| own.published.get(bucket) != theirs.buckets.get(bucket))
                .collect();
            said_in(core, &differ).await?
        }
    };
    let last = last_sequence(core).await?;
    let (missing, ahead) = compare(core, hearer, &said).await?;
    check_ahead(core, &ahead).await?;
    let mut under_way = 0;
    let lost = match missing.is_empty() {
        true => Vec::new(),
        false if passed(core, hearer, last, patience).await? => {
            let candidates: HashSet<(Uuid, i64)> = missing.into_iter().collect();
            let keys: Vec<Uuid> =
                candidates.iter().map(|(key, _)| *key).collect::<HashSet<_>>().into_iter().collect();
            let (missing, _) = compare(core, hearer, &said_about(core, &keys).await?).await?;
            missing.into_iter().filter(|one| candidates.contains(one)).collect()
        }
        false => {
            under_way = missing.len();
            Vec::new()
        }
    };
    let named = name(core, &lost).await?;
    if !lost.is_empty() {
        tracing::error!(%hearer, facts = lost.len(), first = ?named.first(), "lost on the way: published again");
        publish_again(core, &lost).await?;
    }
    metrics::gauge!("bus_pair_said", "hearer" => hearer.name()).set(own.said as f64);
    metrics::gauge!("bus_pair_heard", "hearer" => hearer.name()).set(theirs.heard as f64);
    metrics::gauge!("bus_pair_held", "hearer" => hearer.name()).set(theirs.held as f64);
    metrics::gauge!("bus_pair_parked", "hearer" => hearer.name()).set(theirs.parked as f64);
    metrics::counter!("bus_lost_and_published_again_total", "hearer" => hearer.name())
        .increment(lost.len() as u64);
    Ok(Some(Pair {
        sayer: core.service,
        hearer,
        said: own.said,
        unsent: own.unsent,
        heard: theirs.heard,
        held: theirs.held,
        parked: theirs.parked,
        forked: theirs.forked,
        doubled: theirs.doubled,
        missing: named,
        missing_count: lost.len(),
        under_way,
    }))
}

/// What a hearer has of this service in sum. None: it does not listen.
async fn sums(core: &Core, hearer: Service, doubled: bool) -> Result<Option<Sums>, Failure> {
    let question = Question::Sums { source: core.service, doubled };
    let answer: Option<Sums> = control::ask(core, hearer, &question).await?;
    answer.map_or_else(
        || Err(Failure::Retry(format!("{hearer} does not answer"))),
        |sums| Ok(sums.hears.then_some(sums)),
    )
}

struct OwnSums {
    said: i64,
    unsent: i64,
    /// Per bucket, what is with the broker.
    published: BTreeMap<i32, i64>,
}

async fn own_sums(core: &Core) -> Result<OwnSums, Failure> {
    let rows = sqlx::query!(
        r#"select bucket as "bucket!", sum(said)::bigint as "said!", sum(unsent)::bigint as "unsent!" from (
               select (get_byte(uuid_send(key), 14) * 256 + get_byte(uuid_send(key), 15)) % $1 as bucket,
                      version as said, 0 as unsent from bus.head
               union all
               select (get_byte(uuid_send(key), 14) * 256 + get_byte(uuid_send(key), 15)) % $1, 0, 1
               from bus.outbox where not again
           ) s group by bucket"#,
        control::BUCKETS
    )
    .fetch_all(&core.db)
    .await?;
    Ok(OwnSums {
        said: rows.iter().map(|row| row.said).sum(),
        unsent: rows.iter().map(|row| row.unsent).sum(),
        published: rows.iter().map(|row| (row.bucket, row.said - row.unsent)).collect(),
    })
}

/// The last published number of each of these keys.
async fn said_about(core: &Core, keys: &[Uuid]) -> Result<Vec<(Uuid, i64)>, Failure> {
    let rows = sqlx::query!(
        r#"select h.key, least(h.version, (select min(o.version) - 1 from bus.outbox o
                                           where o.key = h.key and not o.again)) as "version!"
           from bus.head h where h.key = any($1)"#,
        keys
    )
    .fetch_all(&core.db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.key, row.version)).collect())
}

/// The same for every key of these buckets.
async fn said_in(core: &Core, buckets: &[i32]) -> Result<Vec<(Uuid, i64)>, Failure> {
    if buckets.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"with unsent as (
               select key, min(version) as version from bus.outbox where not again group by key
           )
           select h.key as "key!", least(h.version, u.version - 1) as "version!"
           from bus.head h left join unsent u on u.key = h.key
           where (get_byte(uuid_send(h.key), 14) * 256 + get_byte(uuid_send(h.key), 15)) % $2 = any($1)"#,
        buckets,
        control::BUCKETS
    )
    .fetch_all(&core.db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.key, row.version)).collect())
}

type Numbers = Vec<(Uuid, i64)>;

/// What the hearer lacks of `said`, and where it knows more.
async fn compare(core: &Core, hearer: Service, said: &[(Uuid, i64)]) -> Result<(Numbers, Numbers), Failure> {
    let (mut missing, mut ahead) = (Vec::new(), Vec::new());
    for part in said.chunks(QUESTION) {
        let question = Question::Missing { source: core.service, said: part.to_vec() };
        let answer: Option<Missing> = control::ask(core, hearer, &question).await?;
        let answer = answer.ok_or_else(|| Failure::Retry(format!("{hearer} does not answer")))?;
        missing.extend(answer.missing);
        ahead.extend(answer.ahead);
    }
    Ok((missing, ahead))
}

/// A hearer that knows more than this database: it has lost something. Read after the answer: what
/// was heard had been committed here before.
async fn check_ahead(core: &Core, ahead: &[(Uuid, i64)]) -> Result<(), Failure> {
    if ahead.is_empty() {
        return Ok(());
    }
    let keys: Vec<Uuid> = ahead.iter().map(|(key, _)| *key).collect();
    let rows = sqlx::query!("select key, version from bus.head where key = any($1)", &keys)
        .fetch_all(&core.db)
        .await?;
    let own: BTreeMap<Uuid, i64> = rows.into_iter().map(|row| (row.key, row.version)).collect();
    for (key, version) in ahead {
        if own.get(key).is_none_or(|own| own < version) {
            let why = forgotten(core.service, key, u64::try_from(*version).unwrap_or_default());
            core.stop_saying(&why);
            return Err(Failure::Retry(why));
        }
    }
    Ok(())
}

async fn last_sequence(core: &Core) -> Result<u64, Failure> {
    let stream = core.jetstream.get_stream(STREAM).await;
    let stream = stream.map_err(|error| Failure::Retry(format!("the broker: {error}")))?;
    Ok(stream.cached_info().state.last_sequence)
}

/// Waits until the hearer's durable has passed `sequence`. False: it has not, for too long.
async fn passed(core: &Core, hearer: Service, sequence: u64, patience: Duration) -> Result<bool, Failure> {
    let began = Instant::now();
    loop {
        let epoch = *core.epoch.borrow();
        let Some(epoch) = epoch else { return Ok(false) };
        let info = durable(core, hearer, epoch).await?;
        // A hearer that refuses one fact for now keeps its floor; all the same it has been offered
        // everything, and what it lacks after a while was not kept for it.
        let offered = info.delivered.stream_sequence >= sequence || info.num_pending == 0;
        if info.ack_floor.stream_sequence >= sequence
            || (info.num_pending == 0 && info.num_ack_pending == 0)
            || (offered && began.elapsed() > GRACE)
        {
            return Ok(true);
        }
        if began.elapsed() > patience || core.shutdown.is_cancelled() {
            return Ok(false);
        }
        core.pause(Duration::from_millis(200)).await;
    }
}

pub(crate) async fn durable(core: &Core, hearer: Service, epoch: u64) -> Result<Info, Failure> {
    let name = format!("{}-e{epoch}", hearer.name());
    let consumer = core
        .jetstream
        .get_consumer_from_stream::<pull::Config, _, _>(name, STREAM)
        .await
        .map_err(|error| Failure::Retry(format!("the durable of {hearer}: {error}")))?;
    Ok(consumer.cached_info().clone())
}

/// Points the outbox at them once more.
async fn publish_again(core: &Core, lost: &[(Uuid, i64)]) -> Result<(), Failure> {
    let slots: Vec<i16> = lost.iter().map(|(key, _)| outbox::slot(*key)).collect();
    let (keys, versions): (Vec<Uuid>, Vec<i64>) = lost.iter().copied().unzip();
    sqlx::query!(
        "insert into bus.outbox (slot, key, version, again)
         select slot, key, version, true from unnest($1::smallint[], $2::uuid[], $3::bigint[])
             as l (slot, key, version)
         where not exists (select 1 from bus.outbox o where o.key = l.key and o.version = l.version)
         order by key, version",
        &slots,
        &keys,
        &versions
    )
    .execute(&core.db)
    .await?;
    core.wake.notify_one();
    Ok(())
}

/// Names of facts, the first thousand.
async fn name(core: &Core, facts: &[(Uuid, i64)]) -> Result<Vec<FactName>, Failure> {
    let (keys, versions): (Vec<Uuid>, Vec<i64>) = facts.iter().take(NAMED).copied().unzip();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        "select l.key, l.version, l.kind from bus.event_log l
         where (l.key, l.version) in (select * from unnest($1::uuid[], $2::bigint[])) order by l.said_at, l.key, l.version",
        &keys,
        &versions
    )
    .fetch_all(&core.db)
    .await?;
    let named = rows.into_iter().map(|row| FactName {
        source: core.service,
        key: row.key,
        version: row.version,
        kind: row.kind,
    });
    Ok(named.collect())
}
