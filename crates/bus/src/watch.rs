//! The broker watch: is the stream still the one this service knows?
//!
//! Streams are counted in *epochs*, kept in the stream's metadata, since five databases share no
//! lock. A stream that is missing, was made anew, or went backwards begins the next epoch. A service
//! that sees a higher epoch than its own adopts it and publishes its event log again; consumers drop
//! the duplicates.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Info, LastRawMessageErrorKind, RawMessageErrorKind, RetentionPolicy, StorageType,
};
use events::{ALL_FACTS, Header, STREAM};
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::context::Context;
use crate::deadline::{IO_DEADLINE, with_deadline};
use crate::{audit, gate};

/// The sequence of an epoch starts at the epoch shifted left by this: no number of an earlier epoch comes again.
const EPOCH_SHIFT: u32 = 40;
/// Retention of the stream; unbounded, it would fill up.
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const EPOCH: &str = "bescheid-epoch";

#[derive(Debug, thiserror::Error)]
pub(crate) enum WatchError {
    #[error("Postgres: {0}")]
    Postgres(#[from] sqlx::Error),
    #[error("broker: {0}")]
    Broker(String),
    #[error("nats-server {0} is too old: 2.11 is the oldest that will do, 2.15 is recommended")]
    TooOld(String),
    #[error("{0}")]
    DataLoss(String),
}

/// What this service knows of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    epoch: u64,
    created: String,
    last_sequence: u64,
}

/// Sequence number and id of the fact that this service has published last.
type LastPublished = (u64, Uuid);

/// Checks the broker until shutdown: every ten seconds, and whenever another task asks for it.
pub(crate) async fn run(context: Arc<Context>) {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    // Start with the connection; without one the first check reports why there is none.
    tokio::select! {
        () = context.recheck.notified() => {}
        () = context.pause(Duration::from_millis(500)) => {}
    }
    loop {
        match with_deadline(4 * IO_DEADLINE, check(&context)).await {
            Ok(epoch) => {
                backoff.reset();
                context.epoch.send_if_modified(|known| known.replace(epoch) != Some(epoch));
                drop(context.broker_seen.send_replace(Ok(())));
                tokio::select! {
                    () = context.pause(Duration::from_secs(10)) => {}
                    () = context.recheck.notified() => {}
                }
            }
            Err(error) => {
                if let WatchError::DataLoss(what) = &error {
                    context.halt_publishing(what);
                }
                let delay = backoff.next();
                tracing::warn!(%error, ?delay, "broker watch: not now");
                drop(context.broker_seen.send_replace(Err(error.to_string())));
                context.pause(delay).await;
            }
        }
        if context.shutdown.is_cancelled() {
            return;
        }
    }
}

/// Checks the stream once; makes it, begins an epoch or adopts one where needed. Returns the
/// current epoch.
async fn check(context: &Context) -> Result<u64, WatchError> {
    check_server(context)?;
    if let Some(data_loss) = context.data_loss() {
        return Err(WatchError::DataLoss(data_loss));
    }
    let (known, published) = known(context).await?;
    let info = match info(context).await? {
        Some(info) => info,
        None => create(context, known.as_ref().map_or(1, |known| known.epoch + 1)).await?,
    };
    let seen = Known {
        epoch: info.config.metadata.get(EPOCH).and_then(|text| text.parse().ok()).unwrap_or(0),
        created: info.created.to_string(),
        last_sequence: info.state.last_sequence,
    };
    log_contains_last_published(context).await?;
    let holds = holds(context, published).await?;
    let epoch = match &known {
        None => seen.epoch.max(1),
        Some(known) if seen.epoch > known.epoch => seen.epoch,
        Some(known) if *known == seen && holds => return Ok(known.epoch),
        Some(known)
            if seen.epoch == known.epoch
                && seen.created == known.created
                && seen.last_sequence >= known.last_sequence
                && holds =>
        {
            remember(context, &seen, false).await?;
            return Ok(known.epoch);
        }
        // Older than what is known here, made anew, or gone backwards (and perhaps filled again).
        Some(known) => known.epoch + 1,
    };
    if epoch != seen.epoch {
        // Two services that notice the same loss ask for the same epoch.
        update(context, epoch, &info.config).await?;
    }
    match &known {
        None => tracing::info!(epoch, "stream known"),
        Some(known) => tracing::warn!(
            epoch,
            ?known,
            ?seen,
            "the broker's stream is new or went backwards: publishing the event log again"
        ),
    }
    remember(context, &Known { epoch, ..seen }, known.is_some()).await?;
    metrics::counter!("bus_epochs_total").increment(1);
    context.wake.notify_one();
    Ok(epoch)
}

fn check_server(context: &Context) -> Result<(), WatchError> {
    // The oldest server that has everything the bus relies on.
    match context.client.server_info().version {
        version if version.is_empty() => Err(WatchError::Broker("not connected".to_owned())),
        version if !context.client.is_server_compatible(2, 11, 0) => Err(WatchError::TooOld(version)),
        _ => Ok(()),
    }
}

async fn known(context: &Context) -> Result<(Option<Known>, Option<LastPublished>), sqlx::Error> {
    let row = sqlx::query!(
        "select epoch, created, last_sequence, published_sequence, published_id
         from bus.broker where stream = $1",
        STREAM
    )
    .fetch_optional(&context.db)
    .await?;
    let Some(row) = row else { return Ok((None, None)) };
    let known = Known {
        epoch: u64::try_from(row.epoch).unwrap_or_default(),
        created: row.created,
        last_sequence: u64::try_from(row.last_sequence).unwrap_or_default(),
    };
    let sequence = row.published_sequence.and_then(|sequence| u64::try_from(sequence).ok());
    Ok((Some(known), sequence.zip(row.published_id)))
}

async fn info(context: &Context) -> Result<Option<Info>, WatchError> {
    match context.jetstream.get_stream(STREAM).await {
        Ok(stream) => Ok(Some(stream.cached_info().clone())),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(refusal) if refusal.code() == 404 => Ok(None),
            _ => Err(WatchError::Broker(error.to_string())),
        },
    }
}

/// Fails if this database lacks the fact that is the last one of this service in the stream. It was restored from an
/// old backup then, and new facts would get numbers that others know already.
async fn log_contains_last_published(context: &Context) -> Result<(), WatchError> {
    let broker = |error: &dyn std::fmt::Display| WatchError::Broker(error.to_string());
    let stream = context.jetstream.get_stream_no_info(STREAM).await.map_err(|error| broker(&error))?;
    let last = match stream.get_last_raw_message_by_subject(&context.service.subjects()).await {
        Ok(message) => message,
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => return Ok(()),
        Err(error) => return Err(broker(&error)),
    };
    // What is no fact was not published by this service.
    let Ok(header) = Header::read(&last.payload) else { return Ok(()) };
    let found = sqlx::query_scalar!(
        r#"select exists(select 1 from bus.event_log where key = $1 and version = $2 and event_id = $3) as "found!""#,
        header.key,
        gate::signed(header.version),
        header.id.uuid()
    )
    .fetch_one(&context.db)
    .await?;
    if found {
        return Ok(());
    }
    Err(WatchError::DataLoss(audit::data_loss(context.service, &header.key, header.version)))
}

/// Whether the stream still has, under its sequence number, the fact that this service has published last. It has not
/// if its store was set back and then filled again before the next check: the last sequence alone would not show that.
async fn holds(context: &Context, published: Option<LastPublished>) -> Result<bool, WatchError> {
    let broker = |error: &dyn std::fmt::Display| WatchError::Broker(error.to_string());
    let Some((sequence, id)) = published else { return Ok(true) };
    let stream = context.jetstream.get_stream_no_info(STREAM).await.map_err(|error| broker(&error))?;
    match stream.get_raw_message(sequence).await {
        Ok(message) => Ok(Header::read(&message.payload).is_ok_and(|header| header.id.uuid() == id)),
        // Nothing there: too old, or damaged. The audit publishes again what is missing.
        Err(error) => match error.kind() {
            RawMessageErrorKind::NoMessageFound | RawMessageErrorKind::JetStream(_) => Ok(true),
            _ => Err(broker(&error)),
        },
    }
}

fn config(context: &Context, epoch: u64) -> Config {
    Config {
        name: STREAM.to_owned(),
        subjects: vec![ALL_FACTS.to_owned()],
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        // A full stream refuses new facts, which wait in the outboxes; it never drops old ones.
        discard: DiscardPolicy::New,
        max_bytes: context.settings.max_bytes,
        // What is older is in the event logs; the audit publishes it again where a consumer lacks it.
        max_age: MAX_AGE,
        num_replicas: context.settings.replicas,
        duplicate_window: Duration::from_secs(120),
        allow_direct: true,
        first_sequence: Some(epoch << EPOCH_SHIFT),
        metadata: [(EPOCH.to_owned(), epoch.to_string())].into(),
        ..Default::default()
    }
}

/// Makes the stream of this epoch, or returns the one that another service has made meanwhile.
async fn create(context: &Context, epoch: u64) -> Result<Info, WatchError> {
    let wanted = config(context, epoch);
    match context.jetstream.create_stream(wanted.clone()).await {
        Ok(stream) => {
            let info = stream.cached_info().clone();
            let got = &info.config;
            if got.metadata.get(EPOCH) != wanted.metadata.get(EPOCH)
                || got.subjects != wanted.subjects
                || got.discard != wanted.discard
            {
                return Err(WatchError::Broker(format!(
                    "the server did not take the stream's configuration: {got:?}"
                )));
            }
            tracing::info!(epoch, "stream created");
            Ok(info)
        }
        Err(error) => info(context).await?.ok_or_else(|| WatchError::Broker(error.to_string())),
    }
}

async fn update(context: &Context, epoch: u64, present: &Config) -> Result<(), WatchError> {
    let mut wanted = config(context, epoch);
    // The first sequence cannot be changed; the names of the durables keep the epochs apart.
    wanted.first_sequence = present.first_sequence;
    context
        .jetstream
        .update_stream(wanted)
        .await
        .map(|_| ())
        .map_err(|error| WatchError::Broker(error.to_string()))
}

/// Stores what is known now and, if `republish`, points the outbox at the whole event log, oldest
/// first.
async fn remember(context: &Context, known: &Known, republish: bool) -> Result<(), sqlx::Error> {
    let mut tx = context.db.begin().await?;
    let epoch = i64::try_from(known.epoch).unwrap_or(i64::MAX);
    let last_sequence = i64::try_from(known.last_sequence).unwrap_or(i64::MAX);
    sqlx::query!(
        "insert into bus.broker (stream, epoch, created, last_sequence) values ($1, $2, $3, $4)
         on conflict (stream) do update set epoch = excluded.epoch, created = excluded.created,
             last_sequence = case when broker.epoch = excluded.epoch
                 then greatest(broker.last_sequence, excluded.last_sequence)
                 else excluded.last_sequence end,
             published_sequence = case when broker.epoch = excluded.epoch then broker.published_sequence end,
             published_id = case when broker.epoch = excluded.epoch then broker.published_id end",
        STREAM,
        epoch,
        known.created,
        last_sequence
    )
    .execute(&mut *tx)
    .await?;
    if republish {
        sqlx::query!(
            "insert into bus.outbox (slot, key, version)
             select bus.bucket(key, 16)::smallint, key, version
             from bus.event_log order by said_at, key, version"
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await
}
