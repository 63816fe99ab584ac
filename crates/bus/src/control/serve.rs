//! Answering.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use events::Service;
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{Missing, Order, Question, Sums, ask, audit_subject, operator, operator_subject};
use crate::Failure;
use crate::audit;
use crate::backoff::Backoff;
use crate::connection::Core;
use crate::consumer::Consumer;

/// Questions answered at the same time.
const AT_ONCE: usize = 8;

/// Answers until shutdown. One replica of a service answers each question.
pub(crate) async fn run<S: Send + Sync + 'static>(consumer: Consumer<S>) {
    let core = consumer.core.clone();
    let consumer = Arc::new(consumer);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    tokio::spawn(hello(core.clone()));
    while !core.shutdown.is_cancelled() {
        let group = core.service.name().to_owned();
        let (audits, orders) = (audit_subject(core.service), operator_subject(core.service));
        let audits = core.client.queue_subscribe(audits, group.clone()).await;
        let orders = core.client.queue_subscribe(orders, group).await;
        let (Ok(audits), Ok(orders)) = (audits, orders) else {
            core.pause(backoff.next()).await;
            continue;
        };
        backoff.reset();
        let mut messages = futures_util::stream::select(audits, orders);
        loop {
            let message = tokio::select! {
                message = messages.next() => message,
                () = core.shutdown.cancelled() => return,
            };
            // It ends only with the client.
            let Some(message) = message else { break };
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let consumer = consumer.clone();
            tokio::spawn(async move {
                answer(&consumer, message).await;
                drop(place);
            });
        }
    }
}

/// At the start, every sayer is asked to compare: this database may have come from a backup.
async fn hello(core: Arc<Core>) {
    for sayer in audit::others(core.service) {
        if let Err(error) = ask::<Value>(&core, sayer, &Question::Hello).await {
            tracing::debug!(%sayer, %error, "cannot be asked for an audit; it audits by itself");
        }
    }
}

async fn answer<S: Send + Sync + 'static>(consumer: &Consumer<S>, message: Message) {
    let Some(reply) = message.reply else { return };
    let answered = if message.subject.ends_with(".operator") {
        match serde_json::from_slice::<Order>(&message.payload) {
            Ok(order) => operator::obey(consumer, order).await,
            Err(error) => Err(Failure::park(error)),
        }
    } else {
        match serde_json::from_slice::<Question>(&message.payload) {
            Ok(question) => tell(consumer, question).await,
            Err(error) => Err(Failure::park(error)),
        }
    };
    let answer: Result<Value, String> = answered.map_err(|failure| failure.to_string());
    match serde_json::to_vec(&answer) {
        Ok(bytes) => {
            if let Err(error) = consumer.core.client.publish(reply, bytes.into()).await {
                tracing::debug!(%error, "an answer did not go out");
            }
        }
        Err(error) => tracing::error!(%error, "an answer cannot be written"),
    }
}

pub(super) fn value(answer: impl Serialize) -> Result<Value, Failure> {
    Ok(serde_json::to_value(answer)?)
}

async fn tell<S: Send + Sync + 'static>(
    consumer: &Consumer<S>,
    question: Question,
) -> Result<Value, Failure> {
    let core = &consumer.core;
    let hears = |source| consumer.subscriptions.sources().contains(&source);
    match question {
        Question::Sums { source, doubled } if hears(source) => {
            let mut sums = sums(core, source).await?;
            if doubled {
                sums.doubled = count_doubled(core, source).await?;
            }
            value(sums)
        }
        Question::Sums { .. } => value(Sums::default()),
        Question::Missing { source, said } => value(missing(core, source, said).await?),
        Question::Said { key, version, event_id } => value(said(core, key, version, event_id).await?),
        Question::Hello => {
            core.audit_now.notify_one();
            Ok(Value::Null)
        }
    }
}

async fn said(core: &Core, key: Uuid, version: i64, event_id: Uuid) -> Result<bool, Failure> {
    Ok(sqlx::query_scalar!(
        r#"select exists(select 1 from bus.event_log where key = $1 and version = $2 and event_id = $3) as "said!""#,
        key,
        version,
        event_id
    )
    .fetch_one(&core.db)
    .await?)
}

async fn sums(core: &Core, source: Service) -> Result<Sums, Failure> {
    let heard = sqlx::query!(
        r#"select (get_byte(uuid_send(key), 14) * 256 + get_byte(uuid_send(key), 15)) % $2 as "bucket!",
                  sum(version)::bigint as "heard!"
           from bus.inbox_head where source = $1 group by 1"#,
        source.name(),
        super::BUCKETS
    )
    .fetch_all(&core.db)
    .await?;
    let waiting = sqlx::query!(
        r#"select (get_byte(uuid_send(w.key), 14) * 256 + get_byte(uuid_send(w.key), 15)) % $2 as "bucket!",
                  count(*) filter (where w.status = 'held' and w.version > coalesce(h.version, 0)) as "held!",
                  count(*) filter (where w.status = 'parked' and w.version > coalesce(h.version, 0)) as "parked!",
                  count(*) filter (where w.version <= coalesce(h.version, 0)
                      and not exists (select 1 from bus.inbox i where i.event_id = w.event_id
                          and i.source = w.source and i.key = w.key and i.version = w.version)) as "forked!"
           from bus.waiting w left join bus.inbox_head h on h.source = w.source and h.key = w.key
           where w.source = $1 group by 1"#,
        source.name(),
        super::BUCKETS
    )
    .fetch_all(&core.db)
    .await?;
    let mut sums = Sums { hears: true, ..Sums::default() };
    for row in heard {
        sums.heard += row.heard;
        *sums.buckets.entry(row.bucket).or_default() += row.heard;
    }
    for row in waiting {
        sums.held += row.held;
        sums.parked += row.parked;
        sums.forked += row.forked;
        *sums.buckets.entry(row.bucket).or_default() += row.held + row.parked;
    }
    Ok(sums)
}

/// Facts noted under two numbers, and numbers noted beyond what took effect.
async fn count_doubled(core: &Core, source: Service) -> Result<i64, Failure> {
    Ok(sqlx::query_scalar!(
        r#"select (count(*) - count(distinct event_id)
                  + abs(count(*) - (select coalesce(sum(version), 0) from bus.inbox_head where source = $1)))::bigint
                  as "doubled!"
           from bus.inbox where source = $1"#,
        source.name()
    )
    .fetch_one(&core.db)
    .await?)
}

async fn missing(core: &Core, source: Service, said: Vec<(Uuid, i64)>) -> Result<Missing, Failure> {
    let (keys, versions): (Vec<Uuid>, Vec<i64>) = said.into_iter().unzip();
    let missing = sqlx::query!(
        r#"select s.key as "key!", v.version as "version!"
           from unnest($2::uuid[], $3::bigint[]) as s (key, version)
           left join bus.inbox_head h on h.source = $1 and h.key = s.key
           cross join lateral generate_series(coalesce(h.version, 0) + 1, s.version) as v (version)
           where not exists (select 1 from bus.waiting w
                             where w.source = $1 and w.key = s.key and w.version = v.version)
           order by 1, 2 limit 20000"#,
        source.name(),
        &keys,
        &versions
    )
    .fetch_all(&core.db)
    .await?;
    let ahead = sqlx::query!(
        r#"select h.key, h.version from unnest($2::uuid[], $3::bigint[]) as s (key, version)
           join bus.inbox_head h on h.source = $1 and h.key = s.key and h.version > s.version"#,
        source.name(),
        &keys,
        &versions
    )
    .fetch_all(&core.db)
    .await?;
    Ok(Missing {
        missing: missing.into_iter().map(|row| (row.key, row.version)).collect(),
        ahead: ahead.into_iter().map(|row| (row.key, row.version)).collect(),
    })
}
