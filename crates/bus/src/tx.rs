//! The unit of work: state, event log and outbox in one transaction.

use std::ops::{Deref, DerefMut};

use chrono::{DateTime, Utc};
use events::{AnyFact, Cause, EventId, Header};
use sqlx::{PgConnection, PgPool, PgTransaction};
use uuid::Uuid;

use crate::Failure;
use crate::slot::slot;

macro_rules! begin {
    ($more:literal) => {
        concat!(
            "begin; set local enable_seqscan = off; set local enable_hashjoin = off; ",
            "set local enable_mergejoin = off; set local plan_cache_mode = force_generic_plan; set local jit = off",
            $more
        )
    };
}

/// Every statement of a unit of work asks by key for a few rows. A plan made while a table was nearly empty scans the
/// whole table and stays cached, so until the next ANALYZE the work would grow with the table: hence index scans only.
/// One generic plan is enough: planning again for each fact costs as much as the work itself. Where there is no index, a
/// scan that is switched off has an estimated cost so high that Postgres would compile the statement, which takes 15 to
/// 70 ms: hence no JIT.
pub(crate) const BEGIN: &str = begin!("");

/// The same, but the commit does not wait for the disk: for work that is simply repeated after a crash of Postgres.
pub(crate) const BEGIN_LAZY: &str = begin!("; set local synchronous_commit = off");

/// One unit of work: an open transaction that can publish facts. Rolled back when it is dropped without
/// [`Bus::commit`](crate::Bus::commit).
pub struct Tx {
    inner: PgTransaction<'static>,
    now: DateTime<Utc>,
    appended: Vec<Appended>,
}

/// A fact that is logged when the transaction commits.
pub(crate) struct Appended {
    pub id: EventId,
    pub key: Uuid,
    pub fact: AnyFact,
    pub cause: Cause,
}

impl Tx {
    pub(crate) async fn begin(db: &PgPool, now: DateTime<Utc>) -> Result<Self, sqlx::Error> {
        Ok(Self { inner: db.begin_with(BEGIN).await?, now, appended: Vec::new() })
    }

    /// The moment of this unit of work, UTC.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    pub(crate) fn append(&mut self, fact: Appended) {
        self.appended.push(fact);
    }

    pub(crate) fn has_appended(&self) -> bool {
        !self.appended.is_empty()
    }

    /// Numbers the appended facts, writes event log and outbox, and commits. Returns the number of facts.
    pub(crate) async fn finish(mut self) -> Result<usize, Failure> {
        let appended = std::mem::take(&mut self.appended);
        let count = appended.len();
        if count > 0 {
            self.write(appended).await?;
        }
        self.inner.commit().await?;
        Ok(count)
    }

    /// Writes the appended facts as [`Tx::finish`] does, but leaves the transaction open. Returns each with its key.
    pub(crate) async fn rehearse(&mut self) -> Result<Vec<(Uuid, AnyFact)>, Failure> {
        let appended = std::mem::take(&mut self.appended);
        let facts = appended.iter().map(|one| (one.key, one.fact.clone())).collect();
        if !appended.is_empty() {
            self.write(appended).await?;
        }
        Ok(facts)
    }

    pub(crate) async fn roll_back(self) -> Result<(), sqlx::Error> {
        self.inner.rollback().await
    }

    /// One statement gives the version numbers and completes the envelopes with them, since the last numbers are in
    /// the database.
    async fn write(&mut self, appended: Vec<Appended>) -> Result<(), Failure> {
        let mut rows = Rows::default();
        for one in appended {
            let kind = one.fact.kind();
            let header = Header {
                id: one.id,
                source: kind.service(),
                kind,
                key: one.key,
                version: 0,
                time: self.now,
                causation: one.cause.event,
                traceparent: one.cause.traceparent,
            };
            let (before, after) = header.write_around_version(&one.fact)?;
            rows.slots.push(slot(one.key));
            rows.keys.push(one.key);
            rows.ids.push(one.id.uuid());
            rows.kinds.push(kind.name().to_owned());
            rows.before.push(before);
            rows.after.push(after);
        }
        // Heads in the order of their keys: two transactions with facts about the same applications
        // lock them in the same order.
        sqlx::query!(
            "with said as (
                 select * from unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::bytea[], $6::bytea[])
                 with ordinality as s (slot, key, event_id, kind, before, after, n)
             ), heads as (
                 insert into bus.head as h (key, version)
                 select key, count(*) from said group by key order by key
                 on conflict (key) do update set version = h.version + excluded.version
                 returning key, version
             ), numbered as (
                 select said.*, heads.version + 1 - row_number() over (partition by key order by n desc) as version
                 from said join heads using (key)
             ), logged as (
                 insert into bus.event_log (key, version, event_id, kind, envelope, said_at)
                 select key, version, event_id, kind,
                        before || convert_to(version::text, 'UTF8') || after, $7 from numbered
             )
             insert into bus.outbox (slot, key, version) select slot, key, version from numbered order by n",
            &rows.slots,
            &rows.keys,
            &rows.ids,
            &rows.kinds,
            &rows.before,
            &rows.after,
            self.now
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }
}

#[derive(Default)]
struct Rows {
    slots: Vec<i16>,
    keys: Vec<Uuid>,
    ids: Vec<Uuid>,
    kinds: Vec<String>,
    before: Vec<Vec<u8>>,
    after: Vec<Vec<u8>>,
}

impl Deref for Tx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}
