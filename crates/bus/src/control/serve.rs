use std::sync::Arc;
use std::time::Duration;

use async_nats::{Message, Subscriber};
use events::Service;
use futures_util::StreamExt;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{
    Command, Missing, Question, Refusal, Sums, ask, audit_subject, operator, operator_subject, value,
};
use crate::Failure;
use crate::audit;
use crate::backoff::Backoff;
use crate::consumer::Consumer;
use crate::context::Context;

/// Most requests answered at the same time.
const MAX_CONCURRENT: usize = 8;
/// How long shutdown waits for answers under way; what is not answered then is rolled back.
const FINISH_DEADLINE: Duration = Duration::from_secs(5);

/// Answers questions and commands until shutdown; each is answered by one replica of the service.
pub(crate) async fn run<S: Send + Sync + 'static>(consumer: Consumer<S>) {
    let context = consumer.context.clone();
    let answers =
        Answers { consumer, permits: Arc::new(Semaphore::new(MAX_CONCURRENT)), tasks: TaskTracker::new() };
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    tokio::spawn(request_audit(context.clone()));
    while !context.shutdown.is_cancelled() {
        let group = context.service.name().to_owned();
        let (audits, commands) = (audit_subject(context.service), operator_subject(context.service));
        let audits = context.client.queue_subscribe(audits, group.clone()).await;
        let commands = context.client.queue_subscribe(commands, group).await;
        let (Ok(mut audits), Ok(mut commands)) = (audits, commands) else {
            context.pause(backoff.next()).await;
            continue;
        };
        backoff.reset();
        loop {
            let message = tokio::select! {
                message = audits.next() => message,
                message = commands.next() => message,
                () = context.shutdown.cancelled() => {
                    let finished = timeout(FINISH_DEADLINE, answers.finish(audits, commands)).await;
                    if finished.is_err() {
                        tracing::warn!("not every question and command was answered");
                    }
                    return;
                }
            };
            // The stream ends only with the client.
            let Some(message) = message else { break };
            answers.spawn(message).await;
        }
    }
}

/// The answers under way.
struct Answers<S> {
    consumer: Consumer<S>,
    permits: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl<S: Send + Sync + 'static> Answers<S> {
    async fn spawn(&self, message: Message) {
        let Ok(permit) = self.permits.clone().acquire_owned().await else { return };
        let consumer = self.consumer.clone();
        self.tasks.spawn(async move {
            answer(&consumer, message).await;
            drop(permit);
        });
    }

    /// Takes no more questions, and answers those that were sent to this replica already.
    async fn finish(&self, mut audits: Subscriber, mut commands: Subscriber) {
        for subscription in [&mut audits, &mut commands] {
            if let Err(error) = subscription.drain().await {
                tracing::debug!(%error, "cannot unsubscribe");
            }
        }
        let mut rest = futures_util::stream::select(audits, commands);
        while let Some(message) = rest.next().await {
            self.spawn(message).await;
        }
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Asks every publisher for an audit at the start: this database may have been restored from a backup.
async fn request_audit(context: Arc<Context>) {
    for publisher in audit::others(context.service) {
        if let Err(error) = ask::<Value>(&context, publisher, &Question::RequestAudit).await {
            tracing::debug!(%publisher, %error, "cannot be asked for an audit; it audits by itself");
        }
    }
}

async fn answer<S: Send + Sync + 'static>(consumer: &Consumer<S>, message: Message) {
    let Some(reply) = message.reply else { return };
    let answered = if message.subject.ends_with(".operator") {
        match serde_json::from_slice::<Command>(&message.payload) {
            Ok(command) => operator::execute(consumer, command).await,
            Err(error) => Err(Refusal::new(error)),
        }
    } else {
        match serde_json::from_slice::<Question>(&message.payload) {
            Ok(question) => answer_question(consumer, question).await,
            Err(error) => Err(Refusal::new(error)),
        }
    };
    let answer: Result<Value, String> = answered.map_err(|refusal| refusal.0);
    match serde_json::to_vec(&answer) {
        Ok(bytes) => {
            if let Err(error) = consumer.context.client.publish(reply, bytes.into()).await {
                tracing::debug!(%error, "an answer did not go out");
            }
        }
        Err(error) => tracing::error!(%error, "an answer cannot be written"),
    }
}

async fn answer_question<S: Send + Sync + 'static>(
    consumer: &Consumer<S>,
    question: Question,
) -> Result<Value, Refusal> {
    let context = &consumer.context;
    let consumes = |source| consumer.subscriptions.sources().contains(&source);
    match question {
        Question::Sums { source, duplicates } if consumes(source) => {
            let mut sums = sums(context, source).await?;
            if duplicates {
                sums.duplicates = count_duplicates(context, source).await?;
            }
            value(sums)
        }
        Question::Sums { .. } => value(Sums::default()),
        Question::Missing { source, published } => value(missing(context, source, published).await?),
        Question::IsLogged { key, version, event_id } => {
            value(is_logged(context, key, version, event_id).await?)
        }
        Question::RequestAudit => {
            context.audit_now.notify_one();
            Ok(Value::Null)
        }
    }
}

async fn is_logged(context: &Context, key: Uuid, version: i64, event_id: Uuid) -> Result<bool, Failure> {
    Ok(sqlx::query_scalar!(
        r#"select exists(select 1 from bus.event_log where key = $1 and version = $2 and event_id = $3) as "is_logged!""#,
        key,
        version,
        event_id
    )
    .fetch_one(&context.db)
    .await?)
}

async fn sums(context: &Context, source: Service) -> Result<Sums, Failure> {
    let consumed = sqlx::query!(
        r#"select bus.bucket(key, $2) as "bucket!", sum(version)::bigint as "consumed!"
           from bus.inbox_head where source = $1 group by 1"#,
        source.name(),
        super::BUCKETS
    )
    .fetch_all(&context.db)
    .await?;
    let waiting = sqlx::query!(
        r#"select bus.bucket(w.key, $2) as "bucket!",
                  count(*) filter (where w.status = 'held' and w.version > coalesce(h.version, 0)) as "held!",
                  count(*) filter (where w.status = 'parked' and w.version > coalesce(h.version, 0)) as "parked!",
                  count(*) filter (where w.version <= coalesce(h.version, 0)
                      and not exists (select 1 from bus.inbox i where i.event_id = w.event_id
                          and i.source = w.source and i.key = w.key and i.version = w.version)) as "version_conflicts!"
           from bus.waiting w left join bus.inbox_head h on h.source = w.source and h.key = w.key
           where w.source = $1 group by 1"#,
        source.name(),
        super::BUCKETS
    )
    .fetch_all(&context.db)
    .await?;
    let mut sums = Sums { consumes: true, ..Sums::default() };
    for row in consumed {
        sums.consumed += row.consumed;
        *sums.buckets.entry(row.bucket).or_default() += row.consumed;
    }
    for row in waiting {
        sums.held += row.held;
        sums.parked += row.parked;
        sums.version_conflicts += row.version_conflicts;
        *sums.buckets.entry(row.bucket).or_default() += row.held + row.parked;
    }
    Ok(sums)
}

/// Facts in the inbox under two versions, and the difference between the inbox and the gates' versions.
async fn count_duplicates(context: &Context, source: Service) -> Result<i64, Failure> {
    Ok(sqlx::query_scalar!(
        r#"select (count(*) - count(distinct event_id)
                  + abs(count(*) - (select coalesce(sum(version), 0) from bus.inbox_head where source = $1)))::bigint
                  as "duplicates!"
           from bus.inbox where source = $1"#,
        source.name()
    )
    .fetch_one(&context.db)
    .await?)
}

async fn missing(
    context: &Context,
    source: Service,
    published: Vec<(Uuid, i64)>,
) -> Result<Missing, Failure> {
    let (keys, versions): (Vec<Uuid>, Vec<i64>) = published.into_iter().unzip();
    let missing = sqlx::query!(
        r#"select p.key as "key!", v.version as "version!"
           from unnest($2::uuid[], $3::bigint[]) as p (key, version)
           left join bus.inbox_head h on h.source = $1 and h.key = p.key
           cross join lateral generate_series(coalesce(h.version, 0) + 1, p.version) as v (version)
           where not exists (select 1 from bus.waiting w
                             where w.source = $1 and w.key = p.key and w.version = v.version)
           order by 1, 2 limit 20000"#,
        source.name(),
        &keys,
        &versions
    )
    .fetch_all(&context.db)
    .await?;
    let ahead = sqlx::query!(
        r#"select h.key, h.version from unnest($2::uuid[], $3::bigint[]) as p (key, version)
           join bus.inbox_head h on h.source = $1 and h.key = p.key and h.version > p.version"#,
        source.name(),
        &keys,
        &versions
    )
    .fetch_all(&context.db)
    .await?;
    Ok(Missing {
        missing: missing.into_iter().map(|row| (row.key, row.version)).collect(),
        ahead: ahead.into_iter().map(|row| (row.key, row.version)).collect(),
    })
}
