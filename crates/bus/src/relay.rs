//! From the outbox to the broker. Runs in every replica, without a leader: the replica that gets the
//! advisory lock of a slot empties that slot, in order.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_nats::jetstream::message::PublishMessage;
use events::{Kind, STREAM};
use futures_util::future::try_join_all;

use crate::backoff::Backoff;
use crate::context::{Context, pause};
use crate::deadline::{IO_DEADLINE, with_deadline};
use crate::linger;
use crate::slot::SLOTS;
use crate::step::{Step, reached};
use crate::tx;

/// Most facts in one round.
const BATCH: usize = 500;
/// By when the broker must have acknowledged all facts of a round.
const PUBLISH_DEADLINE: Duration = Duration::from_secs(2);
/// First key of the advisory locks, an arbitrary number; the second is the slot.
const LOCK: i32 = 0x0B5C;

#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error("Postgres: {0}")]
    Postgres(#[from] sqlx::Error),
    #[error("broker: {0}")]
    Broker(String),
}

/// Publishes until its shutdown, then makes one last round.
pub(crate) async fn run(context: Arc<Context>) {
    let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
    let mut last = 0;
    let shutdown = &context.relay_shutdown;
    loop {
        // A wake reaches its own process only; the poll finds what another process has appended.
        let woken = tokio::select! {
            () = context.wake.notified() => true,
            () = pause(Duration::from_millis(250), shutdown) => false,
        };
        // After a large batch more facts can be expected soon.
        let linger = linger::linger_for(last);
        if !linger.is_zero() {
            pause(linger, shutdown).await;
        }
        loop {
            match with_deadline(IO_DEADLINE, round(&context, woken)).await {
                Ok(count) => {
                    backoff.reset();
                    metrics::counter!("bus_published_total").increment(count as u64);
                    last = count;
                    // Fewer than a full batch: no slot that this replica got has more, and what is appended later wakes
                    // the relay again.
                    if count < BATCH {
                        break;
                    }
                }
                Err(error) => {
                    let delay = backoff.next();
                    tracing::warn!(%error, ?delay, "relay: not now");
                    if matches!(error, RoundError::Broker(_)) {
                        context.recheck.notify_one();
                    }
                    pause(delay, shutdown).await;
                    break;
                }
            }
        }
        if shutdown.is_cancelled() {
            return;
        }
    }
}

/// One transaction: lock slots, take rows, publish, await every acknowledgement, commit. After a
/// failure the rows are back in the outbox.
async fn round(context: &Context, woken: bool) -> Result<usize, RoundError> {
    // Without a known stream a publish could only fail, and would hold a transaction open.
    let Some(epoch) = *context.epoch.borrow() else { return Ok(0) };
    // The poll mostly finds nothing: that should cost one query, not a transaction.
    if !woken {
        let something = sqlx::query_scalar!(r#"select exists (select 1 from bus.outbox) as "exists!""#);
        if !something.fetch_one(&context.db).await? {
            return Ok(0);
        }
    }
    // A crash of Postgres may undo this commit: the rows are back then, and are published again.
    let mut tx = context.db.begin_with(tx::BEGIN_LAZY).await?;
    // Lock first; read in the next statement, whose snapshot is newer than the lock.
    let slots = sqlx::query_scalar!(
        r#"select s::smallint as "slot!" from generate_series(0, $1::int - 1) s
           where exists (select 1 from bus.outbox o where o.slot = s)
             and pg_try_advisory_xact_lock($2, s)"#,
        i32::from(SLOTS),
        LOCK
    )
    .fetch_all(&mut *tx)
    .await?;
    if slots.is_empty() {
        return Ok(0);
    }
    let rows = sqlx::query!(
        "with gone as (
             delete from bus.outbox where id in
                 (select id from bus.outbox where slot = any($1) order by id limit $2)
             returning id, key, version, again
         )
         select g.id, g.again, l.key, l.event_id, l.kind, l.envelope from gone g
         join bus.event_log l on l.key = g.key and l.version = g.version
         order by g.id",
        &slots,
        BATCH as i64
    )
    .fetch_all(&mut *tx)
    .await?;
    let count = rows.len();
    reached(Step::RelayTaken).await;
    let mut pending = Vec::with_capacity(rows.len());
    let mut keys = Vec::with_capacity(rows.len());
    let mut ids = Vec::with_capacity(rows.len());
    let publish = async {
        for row in rows {
            let kind = Kind::ALL.iter().find(|kind| kind.name() == row.kind);
            let kind = kind.ok_or_else(|| RoundError::Broker(format!("unknown kind {}", row.kind)))?;
            // What a consumer lacks gets a new message id, or the broker would drop it as a duplicate.
            let message_id =
                if row.again { format!("{}-{}", row.event_id, row.id) } else { row.event_id.to_string() };
            keys.push(row.key);
            ids.push(row.event_id);
            let message = PublishMessage::build()
                .message_id(message_id)
                .expected_stream(STREAM)
                .payload(row.envelope.into());
            let acknowledgement = context
                .jetstream
                .send_publish(kind.subject(row.key), message)
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
    let sequences = acknowledged.iter().map(|acknowledgement| acknowledgement.sequence).zip(ids);
    if let Some((last, id)) = sequences.max_by_key(|(sequence, _)| *sequence) {
        let last = i64::try_from(last).unwrap_or(i64::MAX);
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
    context.published.lock().unwrap_or_else(PoisonError::into_inner).note(keys);
    reached(Step::RelayCommitted).await;
    Ok(count)
}
