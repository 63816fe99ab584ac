//! The audit: does every consumer have what this service has published?
//!
//! The broker may lose what it has acknowledged, from the middle of the stream, without a sign. So
//! each publisher asks its consumers which versions they lack: every minute for what was published
//! since the last audit; for everything at the start, every tenth time, and on request.
//!
//! A fact that is under way is not lost. A fact is lost if a consumer still lacks it after its durable
//! has passed the place in the stream where the fact must be, or has been offered everything up to
//! there for [`REDELIVERY_GRACE`]. It is published again.
//!
//! If a consumer knows more versions than this service, then this database has lost facts. This
//! service stops publishing then, and its status and log show the operator why.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_nats::jetstream::consumer::{Info, pull};
use events::{STREAM, Service};
use futures_util::future::join_all;
use sqlx::PgExecutor;
use tokio::time::Instant;
use uuid::Uuid;

use crate::Failure;
use crate::context::Context;
use crate::control::{self, FactName, Missing, Pair, Question, Sums};
use crate::deadline::with_deadline;
use crate::slot::slot;

/// Every tenth audit is a full one.
const FULL_AUDIT_EVERY: u32 = 10;
/// Most keys in one question.
const QUESTION_KEYS: usize = 2_000;
/// Most facts that a report names.
const MAX_NAMED: usize = 1_000;
/// How long a consumer may take to pass the place of a missing fact before this audit gives up.
const CATCH_UP_DEADLINE: Duration = Duration::from_secs(300);
/// A consumer that keeps refusing one fact for now never acknowledges everything. After this time,
/// counted from the start of the wait, it is enough that everything was delivered to it.
const REDELIVERY_GRACE: Duration = Duration::from_secs(60);

/// The sentence that tells operators that a database has lost a part of its event log.
pub(crate) fn data_loss(service: Service, key: &Uuid, version: u64) -> String {
    format!(
        "the database of {service} has lost facts that others know, e.g. number {version} about {key}: it was \
         restored from a backup that is too old. {service} publishes nothing more, and takes nothing in, until it is \
         restored to a later moment (point-in-time recovery to the last commit) and started again"
    )
}

/// Audits until shutdown.
pub(crate) async fn run(context: Arc<Context>) {
    let every = Duration::from_secs(u64::from(context.settings.audit_seconds.max(1)));
    let mut epochs = context.epoch.subscribe();
    let mut last_epoch = None;
    let mut round = 0_u32;
    loop {
        let epoch = *epochs.borrow_and_update();
        if let Some(epoch) = epoch {
            let published =
                std::mem::take(&mut *context.published.lock().unwrap_or_else(PoisonError::into_inner));
            let full = round == 0 || last_epoch != Some(epoch) || published.too_many;
            last_epoch = Some(epoch);
            let keys = (!full).then(|| published.keys.into_iter().collect::<Vec<_>>());
            if keys.as_ref().is_none_or(|keys| !keys.is_empty()) {
                let audits = others(context.service).map(|consumer| {
                    with_deadline(
                        2 * CATCH_UP_DEADLINE,
                        audit(&context, consumer, keys.as_deref(), CATCH_UP_DEADLINE, false),
                    )
                });
                for (consumer, done) in others(context.service).zip(join_all(audits).await) {
                    let unfinished = match done {
                        Ok(pair) => pair.is_some_and(|pair| pair.under_way > 0),
                        Err(failure) => {
                            tracing::debug!(%consumer, %failure, "audit: not now");
                            true
                        }
                    };
                    if unfinished {
                        // What could not be compared now is part of the next audit, which is a full one.
                        context.published.lock().unwrap_or_else(PoisonError::into_inner).too_many = true;
                    }
                }
            }
            metrics::counter!("bus_audits_total").increment(1);
        }
        tokio::select! {
            () = context.pause(every) => round = (round + 1) % FULL_AUDIT_EVERY,
            () = context.audit_now.notified() => round = 0,
            _ = epochs.changed() => {}
        }
        if context.shutdown.is_cancelled() {
            return;
        }
    }
}

/// The services that may consume facts of this one.
pub(crate) fn others(service: Service) -> impl Iterator<Item = Service> {
    Service::ALL.into_iter().filter(move |other| *other != service)
}

/// Compares facts about `keys`, or all facts, with what one consumer has, and publishes again what it lacks. Waits
/// `wait` at most for what is under way. None: the consumer consumes nothing of this service.
pub(crate) async fn audit(
    context: &Context,
    consumer: Service,
    keys: Option<&[Uuid]>,
    wait: Duration,
    duplicates: bool,
) -> Result<Option<Pair>, Failure> {
    let Some(theirs) = sums(context, consumer, duplicates).await? else { return Ok(None) };
    let own = own_sums(context).await?;
    let published = match keys {
        Some(keys) => published_about(&context.db, keys).await?,
        None => {
            let differ: Vec<i32> = (0..control::BUCKETS)
                .filter(|bucket| own.published.get(bucket) != theirs.buckets.get(bucket))
                .collect();
            published_in(context, &differ).await?
        }
    };
    let last = last_sequence(context).await?;
    let (missing, ahead) = compare(context, consumer, &published).await?;
    check_ahead(context, &ahead).await?;
    let mut under_way = 0;
    let lost = match missing.is_empty() {
        true => Vec::new(),
        false if passed(context, consumer, last, wait).await? => {
            let candidates: HashSet<(Uuid, i64)> = missing.into_iter().collect();
            let keys: Vec<Uuid> =
                candidates.iter().map(|(key, _)| *key).collect::<HashSet<_>>().into_iter().collect();
            let (missing, _) =
                compare(context, consumer, &published_about(&context.db, &keys).await?).await?;
            missing.into_iter().filter(|one| candidates.contains(one)).collect()
        }
        false => {
            under_way = missing.len();
            Vec::new()
        }
    };
    let named = name(context, &lost).await?;
    if !lost.is_empty() {
        tracing::error!(%consumer, facts = lost.len(), first = ?named.first(), "lost on the way: published again");
        republish(context, &lost).await?;
    }
    metrics::gauge!("bus_pair_logged", "consumer" => consumer.name()).set(own.logged as f64);
    metrics::gauge!("bus_pair_consumed", "consumer" => consumer.name()).set(theirs.consumed as f64);
    metrics::gauge!("bus_pair_held", "consumer" => consumer.name()).set(theirs.held as f64);
    metrics::gauge!("bus_pair_parked", "consumer" => consumer.name()).set(theirs.parked as f64);
    metrics::counter!("bus_republished_total", "consumer" => consumer.name()).increment(lost.len() as u64);
    Ok(Some(Pair {
        publisher: context.service,
        consumer,
        logged: own.logged,
        unpublished: own.unpublished,
        consumed: theirs.consumed,
        held: theirs.held,
        parked: theirs.parked,
        version_conflicts: theirs.version_conflicts,
        duplicates: theirs.duplicates,
        missing: named,
        missing_count: lost.len(),
        under_way,
    }))
}

/// The numbers of facts that a consumer has of this service. None: it consumes none.
async fn sums(context: &Context, consumer: Service, duplicates: bool) -> Result<Option<Sums>, Failure> {
    let question = Question::Sums { source: context.service, duplicates };
    let answer: Option<Sums> = control::ask(context, consumer, &question).await?;
    answer.map_or_else(
        || Err(Failure::Retry(format!("{consumer} does not answer"))),
        |sums| Ok(sums.consumes.then_some(sums)),
    )
}

struct OwnSums {
    logged: i64,
    unpublished: i64,
    /// Per bucket, the number of facts that the broker has acknowledged.
    published: BTreeMap<i32, i64>,
}

async fn own_sums(context: &Context) -> Result<OwnSums, Failure> {
    let rows = sqlx::query!(
        r#"select bucket as "bucket!", sum(logged)::bigint as "logged!", sum(unpublished)::bigint as "unpublished!" from (
               select bus.bucket(key, $1) as bucket,
                      version as logged, 0 as unpublished from bus.head
               union all
               select bus.bucket(key, $1), 0, 1
               from bus.outbox where not again
           ) s group by bucket"#,
        control::BUCKETS
    )
    .fetch_all(&context.db)
    .await?;
    Ok(OwnSums {
        logged: rows.iter().map(|row| row.logged).sum(),
        unpublished: rows.iter().map(|row| row.unpublished).sum(),
        published: rows.iter().map(|row| (row.bucket, row.logged - row.unpublished)).collect(),
    })
}

/// The last published version of each of these keys.
async fn published_about(db: impl PgExecutor<'_>, keys: &[Uuid]) -> Result<Vec<(Uuid, i64)>, Failure> {
    let rows = sqlx::query!(
        // The outbox has no index on the key: it is read once, not for each key.
        r#"with unpublished as materialized (
               select key, min(version) as version from bus.outbox where not again group by key
           )
           select h.key as "key!", least(h.version, u.version - 1) as "version!"
           from bus.head h left join unpublished u on u.key = h.key where h.key = any($1)"#,
        keys
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.key, row.version)).collect())
}

/// The same for every key of these buckets.
async fn published_in(context: &Context, buckets: &[i32]) -> Result<Vec<(Uuid, i64)>, Failure> {
    if buckets.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"with unpublished as (
               select key, min(version) as version from bus.outbox where not again group by key
           )
           select h.key as "key!", least(h.version, u.version - 1) as "version!"
           from bus.head h left join unpublished u on u.key = h.key
           where bus.bucket(h.key, $2) = any($1)"#,
        buckets,
        control::BUCKETS
    )
    .fetch_all(&context.db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.key, row.version)).collect())
}

/// Keys with a version each.
type Versions = Vec<(Uuid, i64)>;

/// What the consumer lacks of `published`, and the keys of which it knows later versions.
async fn compare(
    context: &Context,
    consumer: Service,
    published: &[(Uuid, i64)],
) -> Result<(Versions, Versions), Failure> {
    let (mut missing, mut ahead) = (Vec::new(), Vec::new());
    for part in published.chunks(QUESTION_KEYS) {
        let question = Question::Missing { source: context.service, published: part.to_vec() };
        let answer: Option<Missing> = control::ask(context, consumer, &question).await?;
        let answer = answer.ok_or_else(|| Failure::Retry(format!("{consumer} does not answer")))?;
        missing.extend(answer.missing);
        ahead.extend(answer.ahead);
    }
    Ok((missing, ahead))
}

/// Fails, and stops publishing, if a consumer knows later versions than this database. The database is read after
/// the consumer's answer, since what was consumed had been committed here before.
async fn check_ahead(context: &Context, ahead: &[(Uuid, i64)]) -> Result<(), Failure> {
    if ahead.is_empty() {
        return Ok(());
    }
    let keys: Vec<Uuid> = ahead.iter().map(|(key, _)| *key).collect();
    let rows = sqlx::query!("select key, version from bus.head where key = any($1)", &keys)
        .fetch_all(&context.db)
        .await?;
    let own: BTreeMap<Uuid, i64> = rows.into_iter().map(|row| (row.key, row.version)).collect();
    for (key, version) in ahead {
        if own.get(key).is_none_or(|own| own < version) {
            let why = data_loss(context.service, key, u64::try_from(*version).unwrap_or_default());
            context.halt_publishing(&why);
            return Err(Failure::Retry(why));
        }
    }
    Ok(())
}

async fn last_sequence(context: &Context) -> Result<u64, Failure> {
    let stream = context.jetstream.get_stream(STREAM).await;
    let stream = stream.map_err(|error| Failure::Retry(format!("the broker: {error}")))?;
    Ok(stream.cached_info().state.last_sequence)
}

/// Waits until the consumer's durable has passed `sequence`. False: it has not within `wait`.
async fn passed(
    context: &Context,
    consumer: Service,
    sequence: u64,
    wait: Duration,
) -> Result<bool, Failure> {
    let began = Instant::now();
    loop {
        let epoch = *context.epoch.borrow();
        let Some(epoch) = epoch else { return Ok(false) };
        let info = durable(context, consumer, epoch).await?;
        // The acknowledgement floor stays below a fact that the consumer refuses for now. Even so everything
        // was delivered, and what the consumer lacks after a while was not among it.
        let offered = info.delivered.stream_sequence >= sequence || info.num_pending == 0;
        if info.ack_floor.stream_sequence >= sequence
            || (info.num_pending == 0 && info.num_ack_pending == 0)
            || (offered && began.elapsed() > REDELIVERY_GRACE)
        {
            return Ok(true);
        }
        if began.elapsed() > wait || context.shutdown.is_cancelled() {
            return Ok(false);
        }
        context.pause(Duration::from_millis(200)).await;
    }
}

pub(crate) async fn durable(context: &Context, consumer: Service, epoch: u64) -> Result<Info, Failure> {
    let name = format!("{}-e{epoch}", consumer.name());
    let consumer = context
        .jetstream
        .get_consumer_from_stream::<pull::Config, _, _>(name, STREAM)
        .await
        .map_err(|error| Failure::Retry(format!("the durable of {consumer}: {error}")))?;
    Ok(consumer.cached_info().clone())
}

/// Puts facts of the event log into the outbox once more.
async fn republish(context: &Context, lost: &[(Uuid, i64)]) -> Result<(), Failure> {
    let slots: Vec<i16> = lost.iter().map(|(key, _)| slot(*key)).collect();
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
    .execute(&context.db)
    .await?;
    context.wake.notify_one();
    Ok(())
}

/// Names of facts, [`MAX_NAMED`] at most.
async fn name(context: &Context, facts: &[(Uuid, i64)]) -> Result<Vec<FactName>, Failure> {
    let (keys, versions): (Vec<Uuid>, Vec<i64>) = facts.iter().take(MAX_NAMED).copied().unzip();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        "select l.key, l.version, l.kind from bus.event_log l
         where (l.key, l.version) in (select * from unnest($1::uuid[], $2::bigint[])) order by l.said_at, l.key, l.version",
        &keys,
        &versions
    )
    .fetch_all(&context.db)
    .await?;
    let named = rows.into_iter().map(|row| FactName {
        source: context.service,
        key: row.key,
        version: row.version,
        kind: row.kind,
    });
    Ok(named.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_outbox_is_read_once_for_all_keys() {
        let database = testkit::database("audit", &[&crate::MIGRATIONS]).await;
        let keys: Vec<Uuid> = (1..=200).map(Uuid::from_u128).collect();
        // Of each third application the last two of five facts are not published yet.
        let appended = "with key as (select key, row_number() over () as number from unnest($1::uuid[]) key),
                 head as (insert into bus.head (key, version) select key, 5 from key)
             insert into bus.outbox (slot, key, version)
             select 0, key, version from key, generate_series(4, 5) version where number % 3 = 0";
        sqlx::query(appended).bind(&keys).execute(&database.pool).await.expect("facts");

        let mut tx = database.pool.begin().await.expect("a transaction");
        let published = published_about(&mut *tx, &keys).await.expect("an answer");
        let looks =
            "select seq_scan + idx_scan from pg_stat_xact_user_tables where relid = 'bus.outbox'::regclass";
        let looks: i64 = sqlx::query_scalar(looks).fetch_one(&mut *tx).await.expect("a count");
        assert_eq!(looks, 1);
        let of = |version| published.iter().filter(|one| one.1 == version).count();
        assert_eq!((published.len(), of(5), of(3)), (200, 134, 66));
    }
}
