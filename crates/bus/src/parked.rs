//! Facts that wait: held behind a gap, or parked because they cannot be right.

use std::collections::HashSet;

use events::{EventId, Header, UnknownFact};
use sqlx::PgPool;
use uuid::Uuid;

use crate::Failure;
use crate::context::Context;
use crate::deadline::{IO_DEADLINE, with_deadline};
use crate::gate::{self, Incoming, signed};

/// How many facts and messages wait in a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Facts behind a gap or behind a parked fact.
    pub held: i64,
    pub parked: i64,
    /// Messages that are no envelopes.
    pub unreadable: i64,
}

impl Waiting {
    pub async fn count(db: &PgPool) -> Result<Self, sqlx::Error> {
        let row = sqlx::query!(
            r#"select count(*) filter (where status = 'held') as "held!",
                      count(*) filter (where status = 'parked') as "parked!",
                      (select count(*) from bus.unreadable) as "unreadable!"
               from bus.waiting"#
        )
        .fetch_one(db)
        .await?;
        Ok(Self { held: row.held, parked: row.parked, unreadable: row.unreadable })
    }
}

/// Parks a fact: later facts of its application are held behind it, all others flow.
pub(crate) async fn park(context: &Context, incoming: &Incoming, reason: &str) -> Result<(), Failure> {
    let header = &incoming.header;
    let mut tx = context.begin().await?;
    // Another replica may have consumed it meanwhile.
    if gate::head(&mut tx, header.source, header.key).await? >= header.version {
        return Ok(());
    }
    gate::store_waiting(&mut tx, incoming, Some(reason)).await?;
    context.commit(tx).await?;
    tracing::error!(
        source = %header.source, kind = header.kind.name(), key = %header.key,
        version = header.version, reason, "parked"
    );
    metrics::counter!("bus_parked_total", "source" => header.source.name()).increment(1);
    Ok(())
}

/// Parks a fact of a kind that this release does not know; it can be redriven after an upgrade.
pub(crate) async fn park_unknown(
    context: &Context,
    unknown: &UnknownFact,
    envelope: &[u8],
    reason: &str,
) -> Result<(), Failure> {
    let mut tx = context.begin().await?;
    if gate::head(&mut tx, unknown.source, unknown.key).await? >= unknown.version {
        return Ok(());
    }
    let now = tx.now();
    sqlx::query!(
        "insert into bus.waiting (source, key, version, event_id, kind, status, reason, envelope, since)
         values ($1, $2, $3, $4, $5, 'parked', $6, $7, $8) on conflict do nothing",
        unknown.source.name(),
        unknown.key,
        signed(unknown.version),
        unknown.id.uuid(),
        unknown.kind,
        reason,
        envelope,
        now
    )
    .execute(&mut *tx)
    .await?;
    context.commit(tx).await?;
    tracing::error!(source = %unknown.source, key = %unknown.key, kind = unknown.kind, reason, "parked");
    metrics::counter!("bus_parked_total", "source" => unknown.source.name()).increment(1);
    Ok(())
}

/// A fact is parked once this many processes have crashed while they consumed it.
const MAX_CRASHES: i32 = 3;

/// The outcome of [`attempt`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// The attempt is recorded; the fact can be consumed now.
    Begun,
    /// Too many processes have crashed over it.
    Parked,
}

/// Records that a fact is about to be consumed. A process that crashes leaves the record behind, and is
/// counted when another process finds it; other outages do not count.
pub(crate) async fn attempt(context: &Context, incoming: &Incoming) -> Result<Attempt, Failure> {
    let crashes = sqlx::query_scalar!(
        "insert into bus.attempt as a (event_id, process, deaths) values ($1, $2, 0)
         on conflict (event_id) do update set
             deaths = a.deaths + case when a.process = excluded.process then 0 else 1 end,
             process = excluded.process
         returning deaths",
        incoming.header.id.uuid(),
        context.process
    )
    .fetch_one(&context.db)
    .await?;
    if crashes < MAX_CRASHES {
        return Ok(Attempt::Begun);
    }
    park(context, incoming, &format!("{crashes} processes ended while they consumed this fact")).await?;
    clear_attempt(context, incoming.header.id).await;
    Ok(Attempt::Parked)
}

/// Facts over which another process has crashed: those whose attempt it has not cleared.
pub(crate) async fn interrupted(context: &Context) -> Result<HashSet<Uuid>, sqlx::Error> {
    let left = sqlx::query_scalar!("select event_id from bus.attempt where process <> $1", context.process);
    Ok(left.fetch_all(&context.db).await?.into_iter().collect())
}

/// Removes the record of an attempt that this process has survived.
pub(crate) async fn clear_attempt(context: &Context, id: EventId) {
    let delete = sqlx::query!("delete from bus.attempt where event_id = $1", id.uuid());
    let gone = with_deadline(IO_DEADLINE, delete.execute(&context.db)).await;
    if let Err(error) = gone {
        // Harmless: a process that finds its own record does not count it as a crash.
        tracing::debug!(%error, "the note of an attempt stays");
    }
}

/// Stores a message that is no envelope.
pub(crate) async fn unreadable(
    context: &Context,
    subject: &str,
    payload: &[u8],
    reason: &str,
) -> Result<(), Failure> {
    tracing::error!(subject, reason, "unreadable message set aside");
    sqlx::query!(
        "insert into bus.unreadable (subject, payload, reason, heard_at) values ($1, $2, $3, $4)
         on conflict do nothing",
        subject,
        payload,
        reason,
        (context.now)()
    )
    .execute(&context.db)
    .await?;
    metrics::counter!("bus_unreadable_total").increment(1);
    Ok(())
}

/// Keys with a held fact whose turn it is, without keys that have a parked fact; 500 at most.
pub(crate) async fn due_keys(context: &Context) -> Result<Vec<Uuid>, Failure> {
    Ok(sqlx::query_scalar!(
        "select distinct w.key from bus.waiting w
         join bus.inbox_head h on h.source = w.source and h.key = w.key
         where w.status = 'held' and w.version <= h.version + 1
           and not exists (select 1 from bus.waiting p where p.key = w.key and p.status = 'parked')
         limit 500"
    )
    .fetch_all(&context.db)
    .await?)
}

/// The oldest held fact of a key whose turn it is, without those in `not_now`.
pub(crate) async fn next_due(
    context: &Context,
    key: Uuid,
    not_now: &[Uuid],
) -> Result<Option<Incoming>, Failure> {
    let row = sqlx::query!(
        "select w.envelope from bus.waiting w
         join bus.inbox_head h on h.source = w.source and h.key = w.key
         where w.key = $1 and w.status = 'held' and w.version <= h.version + 1 and w.event_id <> all($2)
           and not exists (select 1 from bus.waiting p where p.key = w.key and p.status = 'parked')
         order by w.event_id limit 1",
        key,
        not_now
    )
    .fetch_optional(&context.db)
    .await?;
    row.map(|row| {
        let header = Header::read(&row.envelope)?;
        Ok(Incoming { header, envelope: row.envelope })
    })
    .transpose()
}
