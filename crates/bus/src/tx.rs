//! One unit of work.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use chrono::{DateTime, Utc};
use events::{AnyFact, Cause, EventId, Header};
use sqlx::{PgConnection, PgPool, PgTransaction};
use uuid::Uuid;

use crate::{Failure, outbox};

/// An open transaction in which facts can be said. Dropped without [`Tx::commit`], nothing of it
/// has happened.
pub struct Tx {
    inner: PgTransaction<'static>,
    now: DateTime<Utc>,
    said: Vec<Said>,
}

/// A fact that is said when the transaction commits.
pub(crate) struct Said {
    pub id: EventId,
    pub key: Uuid,
    pub fact: AnyFact,
    pub cause: Cause,
}

impl Tx {
    pub(crate) async fn begin(db: &PgPool, now: DateTime<Utc>) -> Result<Self, sqlx::Error> {
        Ok(Self { inner: db.begin().await?, now, said: Vec::new() })
    }

    /// The moment of this unit of work, UTC.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    pub(crate) fn say(&mut self, said: Said) {
        self.said.push(said);
    }

    /// Whether anything is said in it.
    pub(crate) fn says(&self) -> bool {
        !self.said.is_empty()
    }

    /// Numbers what was said, writes log and outbox, and commits. Returns how much was said.
    pub(crate) async fn finish(mut self) -> Result<usize, Failure> {
        let said = std::mem::take(&mut self.said);
        let count = said.len();
        if count > 0 {
            self.write(said).await?;
        }
        self.inner.commit().await?;
        Ok(count)
    }

    /// Writes what was said as [`Tx::finish`] does, but leaves the transaction open. Returns it.
    pub(crate) async fn rehearse(&mut self) -> Result<Vec<(Uuid, AnyFact)>, Failure> {
        let said = std::mem::take(&mut self.said);
        let facts = said.iter().map(|said| (said.key, said.fact.clone())).collect();
        if !said.is_empty() {
            self.write(said).await?;
        }
        Ok(facts)
    }

    /// Nothing of it has happened.
    pub(crate) async fn roll_back(self) -> Result<(), sqlx::Error> {
        self.inner.rollback().await
    }

    async fn write(&mut self, said: Vec<Said>) -> Result<(), Failure> {
        // In order of the key: two transactions that speak of the same applications lock them in
        // the same order.
        let mut counts = BTreeMap::<Uuid, i64>::new();
        for one in &said {
            *counts.entry(one.key).or_default() += 1;
        }
        let (keys, counts): (Vec<Uuid>, Vec<i64>) = counts.into_iter().unzip();
        let heads = sqlx::query!(
            "insert into bus.head as h (key, version)
             select * from unnest($1::uuid[], $2::bigint[])
             on conflict (key) do update set version = h.version + excluded.version
             returning key, version",
            &keys,
            &counts
        )
        .fetch_all(&mut *self.inner)
        .await?;
        let mut next: BTreeMap<Uuid, i64> =
            heads.iter().zip(&counts).map(|(head, count)| (head.key, head.version - count)).collect();

        let mut rows = Rows::default();
        for one in said {
            let version = next.get_mut(&one.key).expect("each key that was said has a head");
            *version += 1;
            let header = Header {
                id: one.id,
                source: one.fact.kind().service(),
                kind: one.fact.kind(),
                key: one.key,
                version: u64::try_from(*version).expect("a version is positive"),
                time: self.now,
                causation: one.cause.event,
                traceparent: one.cause.traceparent,
            };
            rows.envelopes.push(header.write(&one.fact)?);
            rows.slots.push(outbox::slot(one.key));
            rows.keys.push(one.key);
            rows.versions.push(*version);
            rows.ids.push(one.id.uuid());
            rows.kinds.push(header.kind.name().to_owned());
        }
        sqlx::query!(
            "with said as (
                 select * from unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::bytea[])
                 with ordinality as s (slot, key, version, event_id, kind, envelope, n)
             ), logged as (
                 insert into bus.event_log (key, version, event_id, kind, envelope, said_at)
                 select key, version, event_id, kind, envelope, $7 from said
             )
             insert into bus.outbox (slot, key, version) select slot, key, version from said order by n",
            &rows.slots,
            &rows.keys,
            &rows.versions,
            &rows.ids,
            &rows.kinds,
            &rows.envelopes,
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
    versions: Vec<i64>,
    ids: Vec<Uuid>,
    kinds: Vec<String>,
    envelopes: Vec<Vec<u8>>,
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
