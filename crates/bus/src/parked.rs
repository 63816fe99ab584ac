//! What waits: held behind a gap, or parked because it cannot be right.

use chrono::{DateTime, Utc};
use events::{Header, Service};
use sqlx::PgPool;
use uuid::Uuid;

use crate::Failure;
use crate::connection::Core;
use crate::gate::{self, Incoming, signed};

/// A fact that was parked, as an operator sees it.
#[derive(Clone, Debug)]
pub struct ParkedFact {
    /// Who said it.
    pub source: String,
    /// Application or call.
    pub key: Uuid,
    /// Its number.
    pub version: i64,
    /// Name of its kind.
    pub kind: String,
    /// Why it cannot be right.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// How much waits in a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Behind a gap or behind a parked fact.
    pub held: i64,
    /// Parked.
    pub parked: i64,
    /// Not even readable.
    pub unreadable: i64,
}

impl Waiting {
    /// Counts what waits.
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

impl ParkedFact {
    /// The parked facts, oldest first, 500 at most.
    pub async fn list(db: &PgPool) -> Result<Vec<Self>, sqlx::Error> {
        sqlx::query_as!(
            Self,
            r#"select source, key, version, kind, coalesce(reason, '') as "reason!", since
               from bus.waiting where status = 'parked' order by since, source, key, version limit 500"#
        )
        .fetch_all(db)
        .await
    }
}

/// Parks a fact: later facts of its application are held behind it, all others flow.
pub(crate) async fn park(core: &Core, incoming: &Incoming, reason: &str) -> Result<(), Failure> {
    let header = &incoming.header;
    tracing::error!(
        source = %header.source, kind = header.kind.name(), key = %header.key,
        version = header.version, reason, "parked"
    );
    let mut tx = core.begin().await?;
    gate::hold(&mut tx, incoming, "parked", Some(reason)).await?;
    core.commit(tx).await?;
    metrics::counter!("bus_parked_total", "source" => header.source.name()).increment(1);
    Ok(())
}

/// Keeps a message that is no envelope.
pub(crate) async fn unreadable(
    core: &Core,
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
        (core.now)()
    )
    .execute(&core.db)
    .await?;
    metrics::counter!("bus_unreadable_total").increment(1);
    Ok(())
}

/// Keys with a held fact whose turn it is; nothing of a key that has a parked fact.
pub(crate) async fn due_keys(core: &Core) -> Result<Vec<Uuid>, Failure> {
    Ok(sqlx::query_scalar!(
        "select distinct w.key from bus.waiting w
         join bus.inbox_head h on h.source = w.source and h.key = w.key
         where w.status = 'held' and w.version <= h.version + 1
           and not exists (select 1 from bus.waiting p where p.key = w.key and p.status = 'parked')
         limit 500"
    )
    .fetch_all(&core.db)
    .await?)
}

/// The next held fact of a key whose turn it is, oldest first.
pub(crate) async fn next_due(core: &Core, key: Uuid) -> Result<Option<Incoming>, Failure> {
    let row = sqlx::query!(
        "select w.envelope from bus.waiting w
         join bus.inbox_head h on h.source = w.source and h.key = w.key
         where w.key = $1 and w.status = 'held' and w.version <= h.version + 1
           and not exists (select 1 from bus.waiting p where p.key = w.key and p.status = 'parked')
         order by w.event_id limit 1",
        key
    )
    .fetch_optional(&core.db)
    .await?;
    row.map(|row| {
        let header = Header::read(&row.envelope)?;
        Ok(Incoming { header, envelope: row.envelope })
    })
    .transpose()
}

/// One waiting fact.
pub(crate) async fn find(
    db: &PgPool,
    source: Service,
    key: Uuid,
    version: u64,
) -> Result<Option<Incoming>, Failure> {
    let envelope = sqlx::query_scalar!(
        "select envelope from bus.waiting where source = $1 and key = $2 and version = $3",
        source.name(),
        key,
        signed(version)
    )
    .fetch_optional(db)
    .await?;
    envelope.map(|envelope| Ok(Incoming { header: Header::read(&envelope)?, envelope })).transpose()
}

/// Lets a parked fact try again: it is held from now on, and its turn has come.
pub(crate) async fn redrive(db: &PgPool, source: Service, key: Uuid, version: u64) -> Result<bool, Failure> {
    let changed = sqlx::query!(
        "update bus.waiting set status = 'held', reason = null
         where source = $1 and key = $2 and version = $3 and status = 'parked'",
        source.name(),
        key,
        signed(version)
    )
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}
