//! From the outbox to the broker. Runs in every replica, without a leader: each publishes what it has committed itself,
//! and the replica that gets the advisory lock of a slot publishes what was left there.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_nats::jetstream::message::PublishMessage;
use events::{Kind, STREAM};
use futures_util::future::try_join_all;
use sqlx::{AssertSqlSafe, Executor};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::context::{Context, pause};
use crate::deadline::{IO_DEADLINE, with_deadline};
use crate::slot::SLOTS;
use crate::step::{Step, reached};
use crate::tx::{BEGIN_LAZY, Logged, array};

/// Most facts in one round.
const BATCH: usize = 500;
/// By when the broker must have acknowledged all facts of a round.
const PUBLISH_DEADLINE: Duration = Duration::from_secs(2);
/// How often the relay looks for rows that were left in the outbox. A row is left if it was there a look before, so this
/// is far longer than a fact takes from its commit to its acknowledgement.
const POLL: Duration = Duration::from_millis(500);
/// First key of the advisory locks, an arbitrary number; the second is the slot.
const LOCK: i32 = 0x0B5C;

#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error("Postgres: {0}")]
    Postgres(#[from] sqlx::Error),
    #[error("broker: {0}")]
    Broker(String),
}

/// Publishes until its shutdown, then what is left.
///
/// What this process has just committed is published at once, from memory. The outbox stays the truth: a row is deleted
/// when the broker has acknowledged its fact, and the poll publishes what was left there, by a process that has ended
/// or while the broker was away.
pub(crate) async fn run(context: Arc<Context>, mut fresh: mpsc::Receiver<Logged>) {
    let mut relay = Relay {
        context: context.clone(),
        backoff: Backoff::new(Duration::from_millis(50), Duration::from_secs(5)),
        seen: 0,
        deleting: None,
        acknowledged: Acknowledged::default(),
    };
    let mut poll = interval(POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut facts = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            count = fresh.recv_many(&mut facts, BATCH) => {
                // The context holds a sender.
                debug_assert!(count > 0, "the channel stays open");
                if let Err(error) = relay.publish_fresh(&mut facts).await {
                    // They stand in the outbox, too.
                    while fresh.try_recv().is_ok() {}
                    relay.failed(&error).await;
                }
            }
            () = relay.deleted() => relay.delete(),
            () = context.wake.notified() => relay.empty_outbox(i64::MAX).await,
            _ = poll.tick() => relay.poll().await,
            () = context.relay_shutdown.cancelled() => break,
        }
    }
    while let Ok(fact) = fresh.try_recv() {
        facts.push(fact);
    }
    if let Err(error) = relay.publish_fresh(&mut facts).await {
        tracing::warn!(%error, "relay: what is left waits in the outbox");
    }
    relay.finish_deleting().await;
    relay.empty_outbox(i64::MAX).await;
}

struct Relay {
    context: Arc<Context>,
    backoff: Backoff,
    /// The last row of the outbox that was there at the last poll. What is still there at the next one was left.
    seen: i64,
    /// The deletion of acknowledged rows that is under way.
    deleting: Option<JoinHandle<()>>,
    /// Rows to be deleted next.
    acknowledged: Acknowledged,
}

/// Rows of the outbox whose facts the broker has acknowledged, and the last of these facts in the stream.
#[derive(Default)]
struct Acknowledged {
    rows: Vec<i64>,
    last: Option<LastPublished>,
}

impl Acknowledged {
    fn note(&mut self, rows: Vec<i64>, last: Option<LastPublished>) {
        self.rows.extend(rows);
        self.last = self.last.max(last);
    }
}

/// The last fact that was published. Ordered: sequence numbers of an earlier epoch count less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct LastPublished {
    epoch: u64,
    sequence: u64,
    id: Uuid,
}

impl Relay {
    async fn publish_fresh(&mut self, facts: &mut Vec<Logged>) -> Result<(), RoundError> {
        let epoch = *self.context.epoch.borrow();
        let Some(epoch) = epoch.filter(|_| !facts.is_empty()) else {
            // Without a known stream a publish could only fail: they wait in the outbox.
            facts.clear();
            return Ok(());
        };
        reached(Step::RelayTaken).await;
        let rows: Vec<i64> = facts.iter().map(|fact| fact.outbox_id).collect();
        let ids = facts.iter().map(|fact| (fact.key, fact.id)).collect();
        let messages = facts.drain(..).map(|fact| Outgoing {
            subject: fact.kind.subject(fact.key),
            message_id: fact.id.to_string(),
            envelope: fact.envelope,
        });
        let last = publish(&self.context, epoch, messages.collect(), ids).await?;
        self.backoff.reset();
        metrics::counter!("bus_published_total").increment(rows.len() as u64);
        self.acknowledged.note(rows, last);
        if self.deleting.is_none() {
            self.delete();
        }
        Ok(())
    }

    /// Returns when the deletion under way is done; pending for ever where there is none.
    async fn deleted(&mut self) {
        match &mut self.deleting {
            Some(task) => {
                let done = task.await;
                self.deleting = None;
                // A panic there ends the relay, and with it the process, as one of its own does.
                if let Err(stopped) = done
                    && stopped.is_panic()
                {
                    std::panic::resume_unwind(stopped.into_panic());
                }
            }
            None => std::future::pending().await,
        }
    }

    /// Deletes the rows of what was acknowledged meanwhile, beside the next publishing.
    fn delete(&mut self) {
        if self.acknowledged.rows.is_empty() {
            return;
        }
        let (context, acknowledged) = (self.context.clone(), std::mem::take(&mut self.acknowledged));
        self.deleting = Some(tokio::spawn(async move {
            if let Err(error) = with_deadline(IO_DEADLINE, delete(&context, acknowledged)).await {
                // The poll publishes them once more, and the broker drops them as duplicates.
                tracing::debug!(%error, "published rows stay in the outbox for now");
            }
            reached(Step::RelayCommitted).await;
        }));
    }

    async fn finish_deleting(&mut self) {
        while self.deleting.is_some() {
            self.deleted().await;
            self.delete();
        }
    }

    /// Publishes what was in the outbox at the last poll already.
    async fn poll(&mut self) {
        let last = sqlx::query_scalar!("select max(id) from bus.outbox").fetch_one(&self.context.db);
        match with_deadline(IO_DEADLINE, last).await {
            Ok(None) => self.seen = 0,
            Ok(Some(last)) => {
                let seen = std::mem::replace(&mut self.seen, last);
                if seen > 0 {
                    self.empty_outbox(seen).await;
                }
            }
            Err(error) => self.failed(&RoundError::Postgres(error)).await,
        }
    }

    /// Publishes the rows of the outbox up to an id.
    async fn empty_outbox(&mut self, up_to: i64) {
        loop {
            match with_deadline(IO_DEADLINE, round(&self.context, up_to)).await {
                Ok(count) => {
                    self.backoff.reset();
                    metrics::counter!("bus_published_total").increment(count as u64);
                    // Fewer than a full batch: no slot that this replica got has more.
                    if count < BATCH {
                        return;
                    }
                }
                Err(error) => return self.failed(&error).await,
            }
        }
    }

    async fn failed(&mut self, error: &RoundError) {
        let delay = self.backoff.next();
        tracing::warn!(%error, ?delay, "relay: not now");
        if matches!(error, RoundError::Broker(_)) {
            self.context.recheck.notify_one();
        }
        pause(delay, &self.context.relay_shutdown).await;
    }
}

struct Outgoing {
    subject: String,
    message_id: String,
    envelope: Vec<u8>,
}

/// Publishes facts in order and awaits every acknowledgement. `names` are their keys and ids.
async fn publish(
    context: &Context,
    epoch: u64,
    facts: Vec<Outgoing>,
    names: Vec<(Uuid, Uuid)>,
) -> Result<Option<LastPublished>, RoundError> {
    let mut pending = Vec::with_capacity(facts.len());
    let publish = async {
        for fact in facts {
            let message = PublishMessage::build()
                .message_id(fact.message_id)
                .expected_stream(STREAM)
                .payload(fact.envelope.into());
            let acknowledgement = context
                .jetstream
                .send_publish(fact.subject, message)
                .await
                .map_err(|error| RoundError::Broker(error.to_string()))?;
            pending.push(acknowledgement.into_future());
        }
        try_join_all(pending).await.map_err(|error| RoundError::Broker(error.to_string()))
    };
    let acknowledged = tokio::time::timeout(PUBLISH_DEADLINE, publish)
        .await
        .map_err(|_| RoundError::Broker("no acknowledgement in time".to_owned()))??;
    reached(Step::RelayPublished).await;
    let last = acknowledged
        .iter()
        .zip(&names)
        .map(|(one, (_, id))| LastPublished { epoch, sequence: one.sequence, id: *id })
        .max();
    let keys = names.into_iter().map(|(key, _)| key).collect();
    context.published.lock().unwrap_or_else(PoisonError::into_inner).note(keys);
    Ok(last)
}

/// Deletes published rows in one message, which is one transaction. A crash of Postgres may undo it: then they are
/// published again.
async fn delete(context: &Context, acknowledged: Acknowledged) -> Result<(), sqlx::Error> {
    let mut message = format!(
        "set local synchronous_commit = off; set local enable_seqscan = off;
         delete from bus.outbox where id = any({})",
        array(acknowledged.rows, "bigint")
    );
    if let Some(LastPublished { epoch, sequence, id }) = acknowledged.last {
        message += &format!(
            "; update bus.broker set last_sequence = greatest(last_sequence, {sequence}),
                 published_sequence = {sequence}, published_id = '{id}'
             where stream = '{STREAM}' and epoch = {epoch} and coalesce(published_sequence, 0) < {sequence}"
        );
    }
    let mut connection = context.warm.take(&context.db).await?;
    connection.execute(sqlx::raw_sql(AssertSqlSafe(message))).await?;
    context.warm.keep(connection, &context.db);
    Ok(())
}

/// One transaction over the rows of the outbox up to an id: lock slots, take rows, publish, await every acknowledgement,
/// commit. After a failure the rows are back in the outbox.
async fn round(context: &Context, up_to: i64) -> Result<usize, RoundError> {
    // Without a known stream a publish could only fail, and would hold a transaction open.
    let Some(epoch) = *context.epoch.borrow() else { return Ok(0) };
    // A crash of Postgres may undo this commit: the rows are back then, and are published again.
    let mut tx = context.db.begin_with(BEGIN_LAZY).await?;
    // Lock first; read in the next statement, whose snapshot is newer than the lock.
    let slots = sqlx::query_scalar!(
        r#"select s::smallint as "slot!" from generate_series(0, $1::int - 1) s
           where exists (select 1 from bus.outbox o where o.slot = s and o.id <= $3)
             and pg_try_advisory_xact_lock($2, s)"#,
        i32::from(SLOTS),
        LOCK,
        up_to
    )
    .fetch_all(&mut *tx)
    .await?;
    if slots.is_empty() {
        return Ok(0);
    }
    let rows = sqlx::query!(
        "with gone as (
             delete from bus.outbox where id in
                 (select id from bus.outbox where slot = any($1) and id <= $3 order by id limit $2)
             returning id, key, version, again
         )
         select g.id, g.again, l.key, l.event_id, l.kind, l.envelope from gone g
         join bus.event_log l on l.key = g.key and l.version = g.version
         order by g.id",
        &slots,
        BATCH as i64,
        up_to
    )
    .fetch_all(&mut *tx)
    .await?;
    let count = rows.len();
    reached(Step::RelayTaken).await;
    let names = rows.iter().map(|row| (row.key, row.event_id)).collect();
    let facts = rows.into_iter().map(|row| {
        let kind = Kind::ALL.iter().find(|kind| kind.name() == row.kind);
        let kind = kind.ok_or_else(|| RoundError::Broker(format!("unknown kind {}", row.kind)))?;
        // What a consumer lacks gets a new message id, or the broker would drop it as a duplicate.
        let message_id =
            if row.again { format!("{}-{}", row.event_id, row.id) } else { row.event_id.to_string() };
        Ok(Outgoing { subject: kind.subject(row.key), message_id, envelope: row.envelope })
    });
    let last = publish(context, epoch, facts.collect::<Result<_, RoundError>>()?, names).await?;
    if let Some(LastPublished { sequence, id, .. }) = last {
        let last = i64::try_from(sequence).unwrap_or(i64::MAX);
        sqlx::query!(
            "update bus.broker set last_sequence = greatest(last_sequence, $2),
                 published_sequence = $2, published_id = $3
             where stream = $1 and epoch = $4 and coalesce(published_sequence, 0) < $2",
            STREAM,
            last,
            id,
            i64::try_from(epoch).unwrap_or(i64::MAX)
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    reached(Step::RelayCommitted).await;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_published_fact_is_one_of_the_latest_epoch() {
        let fact = |epoch, sequence, id| LastPublished { epoch, sequence, id: Uuid::from_u128(id) };
        let (before, after) = (fact(1, 900, 9), fact(2, 3, 1));
        let mut acknowledged = Acknowledged::default();
        for one in [fact(1, 899, 8), before, after, before] {
            acknowledged.note(vec![], Some(one));
        }
        assert_eq!(acknowledged.last, Some(after), "numbers begin anew with a new stream");
    }
}
