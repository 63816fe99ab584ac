//! The unit of work: state, event log and outbox in one transaction.

use std::fmt::Display;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use events::{AnyFact, Cause, EventId, Header, Kind};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Postgres, Row};
use tokio::time::Instant;
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

/// A unit of work that takes longer is logged.
const SLOW: Duration = Duration::from_secs(1);

/// One unit of work: an open transaction that can publish facts. Rolled back when it is dropped without
/// [`Bus::commit`](crate::Bus::commit): the pool rolls back whatever is open when it gets a connection back.
pub struct Tx {
    connection: PoolConnection<Postgres>,
    begun: Instant,
    now: DateTime<Utc>,
    appended: Vec<Appended>,
    /// Statements that go with the commit, in the same message.
    deferred: Vec<String>,
}

/// A fact that is logged when the transaction commits.
pub(crate) struct Appended {
    pub id: EventId,
    pub key: Uuid,
    pub fact: AnyFact,
    pub cause: Cause,
}

/// A fact that is logged, and to be published.
pub(crate) struct Logged {
    pub outbox_id: i64,
    pub key: Uuid,
    pub id: Uuid,
    pub kind: Kind,
    pub envelope: Vec<u8>,
}

impl Tx {
    pub(crate) async fn begin(
        mut connection: PoolConnection<Postgres>,
        now: DateTime<Utc>,
    ) -> Result<Self, sqlx::Error> {
        connection.execute(BEGIN).await?;
        Ok(Self::open(connection, now))
    }

    /// Begins, and asks the first question in the same message. `question` contains text from outside as [`bytes`] only.
    pub(crate) async fn begin_with(
        mut connection: PoolConnection<Postgres>,
        now: DateTime<Utc>,
        question: &str,
    ) -> Result<(Self, Vec<PgRow>), sqlx::Error> {
        let message = AssertSqlSafe(format!("{BEGIN}; {question}"));
        let rows = connection.fetch_all(sqlx::raw_sql(message)).await?;
        Ok((Self::open(connection, now), rows))
    }

    fn open(connection: PoolConnection<Postgres>, now: DateTime<Utc>) -> Self {
        Self { connection, begun: Instant::now(), now, appended: Vec::new(), deferred: Vec::new() }
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

    /// Executes `statement` in the same message as the commit. It contains text from outside as [`bytes`] only.
    pub(crate) fn before_commit(&mut self, statement: String) {
        self.deferred.push(statement);
    }

    /// Numbers the appended facts, writes event log and outbox, and commits, all in one message. Returns the facts, and
    /// the connection, which is free again.
    pub(crate) async fn finish(mut self) -> Result<(Vec<Logged>, PoolConnection<Postgres>), Failure> {
        let rows = Rows::of(std::mem::take(&mut self.appended), self.now)?;
        let mut message = String::new();
        for statement in std::mem::take(&mut self.deferred) {
            message += &statement;
            message += "; ";
        }
        let mut numbered = Vec::new();
        if rows.is_short() {
            message += &rows.statement(self.now);
        } else {
            numbered = self.write(&rows).await?;
        }
        message += "commit";
        let answer = self.connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(message))).await?;
        let took = self.begun.elapsed();
        if took > SLOW {
            tracing::warn!(?took, facts = rows.keys.len(), "slow unit of work");
        }
        if rows.is_short() {
            // The row of another statement has one column.
            for row in answer.iter().filter(|row| row.len() == 2) {
                numbered.push((row.try_get(0)?, row.try_get(1)?));
            }
        }
        Ok((rows.logged(numbered), self.connection))
    }

    /// Writes the appended facts as [`Tx::finish`] does, but leaves the transaction open. Returns each with its key.
    pub(crate) async fn rehearse(&mut self) -> Result<Vec<(Uuid, AnyFact)>, Failure> {
        let appended = std::mem::take(&mut self.appended);
        let facts = appended.iter().map(|one| (one.key, one.fact.clone())).collect();
        self.write(&Rows::of(appended, self.now)?).await?;
        Ok(facts)
    }

    pub(crate) async fn roll_back(mut self) -> Result<(), sqlx::Error> {
        self.connection.execute("rollback").await?;
        Ok(())
    }

    async fn write(&mut self, rows: &Rows) -> Result<Vec<(i64, i64)>, Failure> {
        let numbered = sqlx::query_as("select version, outbox_id from bus.log($1, $2, $3, $4, $5, $6, $7)")
            .bind(&rows.slots)
            .bind(&rows.keys)
            .bind(&rows.ids)
            .bind(rows.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>())
            .bind(&rows.before)
            .bind(&rows.after)
            .bind(self.now);
        Ok(numbered.fetch_all(&mut *self.connection).await?)
    }
}

/// Facts with more bytes than this in all are written by a statement of their own: as text a byte takes two.
const SHORT: usize = 64 * 1024;

/// The appended facts, a list for each column.
#[derive(Default)]
struct Rows {
    slots: Vec<i16>,
    keys: Vec<Uuid>,
    ids: Vec<Uuid>,
    kinds: Vec<Kind>,
    /// The envelopes before the version, and behind it.
    before: Vec<Vec<u8>>,
    after: Vec<Vec<u8>>,
}

impl Rows {
    fn of(appended: Vec<Appended>, now: DateTime<Utc>) -> Result<Self, Failure> {
        let mut rows = Self::default();
        for one in appended {
            let kind = one.fact.kind();
            let header = Header {
                id: one.id,
                source: kind.service(),
                kind,
                key: one.key,
                version: 0,
                time: now,
                causation: one.cause.event,
                traceparent: one.cause.traceparent,
            };
            let (before, after) = header.write_around_version(&one.fact)?;
            rows.slots.push(slot(one.key));
            rows.keys.push(one.key);
            rows.ids.push(one.id.uuid());
            rows.kinds.push(kind);
            rows.before.push(before);
            rows.after.push(after);
        }
        Ok(rows)
    }

    fn is_short(&self) -> bool {
        self.before.iter().chain(&self.after).map(Vec::len).sum::<usize>() <= SHORT
    }

    /// The statement that writes them, with all values in it; empty where there are none.
    fn statement(&self, now: DateTime<Utc>) -> String {
        if self.keys.is_empty() {
            return String::new();
        }
        let parts = |parts: &[Vec<u8>]| {
            let parts = parts.iter().map(|part| bytes(part)).collect::<Vec<_>>();
            format!("array[{}]::bytea[]", parts.join(","))
        };
        format!(
            "select version, outbox_id from bus.log({}, {}, {}, {}, {}, {}, {}); ",
            array(&self.slots, "smallint"),
            array(&self.keys, "uuid"),
            array(&self.ids, "uuid"),
            array(self.kinds.iter().map(|kind| kind.name()), "text"),
            parts(&self.before),
            parts(&self.after),
            moment(now)
        )
    }

    /// The facts with their numbers: `(version, outbox id)` each.
    fn logged(self, numbered: Vec<(i64, i64)>) -> Vec<Logged> {
        let parts = self.before.into_iter().zip(self.after);
        let names = self.keys.into_iter().zip(self.ids).zip(self.kinds);
        let facts = parts.zip(names).zip(numbered).map(|(((before, after), ((key, id), kind)), numbers)| {
            let (version, outbox_id) = numbers;
            let envelope = [&before[..], version.to_string().as_bytes(), &after].concat();
            Logged { outbox_id, key, id, kind, envelope }
        });
        facts.collect()
    }
}

/// An array in a statement. The values are numbers, ids and names of ours, which need no quotes inside.
pub(crate) fn array<T: Display>(values: impl IntoIterator<Item = T>, element: &str) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    format!("'{{{}}}'::{element}[]", values.join(","))
}

/// A moment in a statement, to the microsecond, as Postgres keeps it.
pub(crate) fn moment(at: DateTime<Utc>) -> String {
    format!("'{}'::timestamptz", at.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// Any bytes in a statement: in hexadecimal they cannot end it.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    let hex: String = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
    format!("'\\x{hex}'::bytea")
}

/// Any text in a statement.
pub(crate) fn text(text: &str) -> String {
    format!("convert_from({}, 'UTF8')", bytes(text.as_bytes()))
}

impl Deref for Tx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
