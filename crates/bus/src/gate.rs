//! The version gate: what happens to a fact that arrives, and in which order.
//!
//! For each source and key the gate knows the last version that took effect. The next version is
//! applied; a lower one is a duplicate; a higher one, or any of a key that has a parked fact, is
//! held in Postgres until its turn.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use events::{Header, Kind, Service};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};
use tracing::Span;
use uuid::Uuid;

use crate::context::Context;
use crate::subscriptions::{Subscriptions, fact_span};
use crate::tx::{array, moment};
use crate::{Failure, Tx};

/// A fact as it came from the broker.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub header: Header,
    pub envelope: Vec<u8>,
}

impl Incoming {
    /// The span of log lines about it that are written outside of its handler.
    pub(crate) fn span(&self) -> Span {
        let header = &self.header;
        fact_span(header.kind, header.id, header.key, header.traceparent.as_deref())
    }
}

/// What became of a fact. In each case it may be acknowledged once the transaction has committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Applied,
    Duplicate,
    /// Stored, held or parked.
    Waiting,
}

/// The outcome of one transaction over several facts, one verdict each.
pub(crate) struct Applied {
    pub verdicts: Vec<Verdict>,
    /// Keys for which something waits in Postgres that may be due now.
    pub waiting: BTreeSet<Uuid>,
}

/// What the gate knows of one fact of a batch, as long as its transaction holds the lock.
pub(crate) struct Gate {
    /// The last version of its source and key that took effect, 0 for none.
    head: u64,
    /// Whether facts of its key wait in this service, from whichever source.
    waiting: bool,
    /// Whether one of these is parked: it stops its whole application here.
    parked: bool,
    /// The fact that took effect with its version.
    known: Option<Uuid>,
}

impl Gate {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            head: u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default(),
            waiting: row.try_get(1)?,
            parked: row.try_get(2)?,
            known: row.try_get(3)?,
        })
    }
}

/// Begins a unit of work that consumes `batch`: locks its gates and reads them, in one message.
pub(crate) async fn open(context: &Context, batch: &[Incoming]) -> Result<(Tx, Vec<Gate>), Failure> {
    let order = lock_order(batch);
    let headers = || order.iter().map(|place| &batch[*place].header);
    let question = format!(
        "select head, waiting, parked, known from bus.open_gates({}, {}, {})",
        array(headers().map(|one| one.source), "text"),
        array(headers().map(|one| one.key), "uuid"),
        array(headers().map(|one| signed(one.version)), "bigint"),
    );
    let (tx, rows) = context.begin_with(|_| question).await?;
    if rows.len() != batch.len() {
        return Err(Failure::Retry("the gates were not read".to_owned()));
    }
    let mut gates: Vec<_> = order.into_iter().zip(&rows).collect();
    gates.sort_by_key(|(place, _)| *place);
    let gates = gates.into_iter().map(|(_, row)| Gate::read(row)).collect::<Result<_, _>>()?;
    Ok((tx, gates))
}

/// The places of a batch in the order in which their gates are locked: the same in all replicas, whatever the order in
/// which the facts came, or two with facts about the same applications would wait for each other.
fn lock_order(batch: &[Incoming]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..batch.len()).collect();
    order.sort_by_key(|place| (batch[*place].header.source.name(), batch[*place].header.key));
    order
}

/// Takes a batch through its open gates, in the order given.
pub(crate) async fn apply<S: Send + Sync + 'static>(
    tx: &mut Tx,
    service: &S,
    subscriptions: &Subscriptions<S>,
    batch: &[Incoming],
    gates: &[Gate],
) -> Result<Applied, Failure> {
    let mut heads = HashMap::new();
    let mut applied: Vec<&Incoming> = Vec::new();
    let mut verdicts = Vec::with_capacity(batch.len());
    let mut touched = BTreeSet::new();
    for (incoming, gate) in batch.iter().zip(gates) {
        let header = &incoming.header;
        let head = heads.entry((header.source, header.key)).or_insert(gate.head);
        if header.version <= *head {
            let same = |one: &&&Incoming| {
                let one = &one.header;
                (one.source, one.key, one.version) == (header.source, header.key, header.version)
            };
            let known = gate.known.or_else(|| applied.iter().find(same).map(|one| one.header.id.uuid()));
            match incoming.span().in_scope(|| version_conflict(header, known)) {
                None => {
                    // A held copy of it is deleted below.
                    if gate.waiting {
                        touched.insert(header.key);
                    }
                    verdicts.push(Verdict::Duplicate);
                }
                // Its publisher has given this number to another fact: it must not be lost silently.
                Some(reason) => {
                    store_waiting(tx, incoming, Some(&reason)).await?;
                    verdicts.push(Verdict::Waiting);
                }
            }
        } else if header.version > *head + 1 || gate.parked {
            store_waiting(tx, incoming, None).await?;
            touched.insert(header.key);
            verdicts.push(Verdict::Waiting);
        } else {
            *head += 1;
            applied.push(incoming);
            if gate.waiting {
                touched.insert(header.key);
            }
            verdicts.push(Verdict::Applied);
        }
    }
    for (kind, facts) in grouped_by_kind(&applied) {
        subscriptions.dispatch(service, tx, kind, &facts).await?;
    }
    if !touched.is_empty() {
        // Where a fact was delivered again and applied, its held copy is obsolete.
        record(tx, &applied).await?;
        drop_overtaken(tx, &touched).await?;
    } else if !applied.is_empty() {
        let statement = record_statement(&applied, tx.now());
        tx.before_commit(statement);
    }
    Ok(Applied { verdicts, waiting: touched })
}

/// Groups of facts of one kind, in the order in which handlers may get them. In a group each fact is
/// about another key, and all earlier facts about that key are in earlier groups.
fn grouped_by_kind<'a>(facts: &[&'a Incoming]) -> Vec<(Kind, Vec<&'a [u8]>)> {
    let mut earlier = HashMap::<Uuid, usize>::new();
    let mut groups: Vec<(usize, Kind, Vec<&'a [u8]>)> = Vec::new();
    for fact in facts {
        let (key, kind) = (fact.header.key, fact.header.kind);
        let depth = *earlier.entry(key).and_modify(|depth| *depth += 1).or_default();
        match groups.iter_mut().find(|group| (group.0, group.1) == (depth, kind)) {
            Some((.., group)) => group.push(&fact.envelope),
            None => groups.push((depth, kind, vec![&fact.envelope])),
        }
    }
    groups.sort_by_key(|(depth, ..)| *depth);
    groups.into_iter().map(|(_, kind, facts)| (kind, facts)).collect()
}

/// Locks one gate. Returns the version of the last fact that took effect, 0 for none.
pub(crate) async fn head(tx: &mut Tx, source: Service, key: Uuid) -> Result<u64, Failure> {
    // Locking makes the row where it is missing: a failed transaction has rolled it back.
    let head: i64 =
        sqlx::query_scalar("select head from bus.open_gates(array[$1], array[$2], array[0]::bigint[])")
            .bind(source.name())
            .bind(key)
            .fetch_one(&mut **tx)
            .await?;
    Ok(u64::try_from(head).unwrap_or_default())
}

/// Advances the gates and writes what took effect into the inbox.
async fn record(tx: &mut Tx, applied: &[&Incoming]) -> Result<(), Failure> {
    if !applied.is_empty() {
        let statement = AssertSqlSafe(record_statement(applied, tx.now()));
        (&mut **tx).execute(sqlx::raw_sql(statement)).await?;
    }
    Ok(())
}

/// The statement of [`record`], with all values in it: ids, numbers and names of services.
fn record_statement(applied: &[&Incoming], now: DateTime<Utc>) -> String {
    let headers = || applied.iter().map(|one| &one.header);
    format!(
        "select bus.record({}, {}, {}, {}, {})",
        array(headers().map(|one| one.source), "text"),
        array(headers().map(|one| one.key), "uuid"),
        array(headers().map(|one| signed(one.version)), "bigint"),
        array(headers().map(|one| one.id.uuid()), "uuid"),
        moment(now),
    )
}

/// A reason to park the fact, if another fact with this version took effect before. Its publisher has
/// lost a part of its event log then, e.g. when its database was restored from an old backup.
fn version_conflict(header: &Header, known: Option<Uuid>) -> Option<String> {
    let known = known.filter(|known| *known != header.id.uuid())?;
    metrics::counter!("bus_version_conflicts_total", "source" => header.source.name()).increment(1);
    tracing::error!(
        source = %header.source, key = %header.key, version = header.version, id = %header.id, %known,
        "this number was consumed before with another id: its publisher has lost a part of its event log"
    );
    Some(format!(
        "{} has given the number {} twice: {known} was consumed before, this is another fact; \
         its database has lost a part of its event log",
        header.source, header.version
    ))
}

/// Stores a fact that waits: parked where there is a reason, or where another fact waits under its number; else held
/// behind a gap.
pub(crate) async fn store_waiting(
    connection: &mut Tx,
    incoming: &Incoming,
    reason: Option<&str>,
) -> Result<(), Failure> {
    let header = &incoming.header;
    let status = reason.map_or("held", |_| "parked");
    let now = connection.now();
    sqlx::query!(
        "insert into bus.waiting (source, key, version, event_id, kind, status, reason, envelope, since)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (source, key, version) do update set
             status = 'parked',
             reason = case when waiting.event_id = excluded.event_id then excluded.reason
                 else 'this number was given twice: to ' || waiting.event_id || ' and to ' || excluded.event_id end,
             kind = case when excluded.event_id > waiting.event_id then excluded.kind else waiting.kind end,
             envelope = case when excluded.event_id > waiting.event_id
                 then excluded.envelope else waiting.envelope end,
             event_id = greatest(waiting.event_id, excluded.event_id)
         where waiting.event_id <> excluded.event_id
             or (excluded.status = 'parked' and waiting.status = 'held')",
        header.source.name(),
        header.key,
        signed(header.version),
        header.id.uuid(),
        header.kind.name(),
        status,
        reason,
        incoming.envelope,
        now
    )
    .execute(&mut **connection)
    .await?;
    Ok(())
}

async fn drop_overtaken(connection: &mut PgConnection, keys: &BTreeSet<Uuid>) -> Result<(), Failure> {
    let keys: Vec<Uuid> = keys.iter().copied().collect();
    sqlx::query!(
        "delete from bus.waiting w using bus.inbox i
         where w.key = any($1) and w.status = 'held'
           and i.source = w.source and i.key = w.key and i.version = w.version and i.event_id = w.event_id",
        &keys
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) fn signed(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use events::EventId;

    use super::*;

    fn fact(key: u128, kind: Kind, name: &str) -> Incoming {
        Incoming {
            header: Header {
                id: EventId(Uuid::nil()),
                source: kind.service(),
                kind,
                key: Uuid::from_u128(key),
                version: 1,
                time: DateTime::UNIX_EPOCH,
                causation: None,
                traceparent: None,
            },
            envelope: name.into(),
        }
    }

    #[test]
    fn gates_are_locked_in_one_order_however_the_facts_came() {
        let mut batch = vec![
            fact(2, Kind::ReviewCompleted, ""),
            fact(7, Kind::ApplicationSubmitted, ""),
            fact(1, Kind::ReviewCompleted, ""),
            fact(9, Kind::EligibilityConfirmed, ""),
            fact(3, Kind::ApplicationSubmitted, ""),
        ];
        let locked = |batch: &[Incoming]| {
            let gates = lock_order(batch).into_iter().map(|place| &batch[place].header);
            gates.map(|one| (one.source, one.key)).collect::<Vec<_>>()
        };
        let order = locked(&batch);
        for _ in 1..batch.len() {
            batch.rotate_left(1);
            assert_eq!(locked(&batch), order);
        }
        batch.reverse();
        assert_eq!(locked(&batch), order);
    }

    #[test]
    fn facts_of_one_key_keep_their_order_and_all_others_are_consumed_together() {
        let batch = [
            fact(9, Kind::CallPublished, "call"),
            fact(1, Kind::ApplicationSubmitted, "1 in"),
            fact(2, Kind::ApplicationSubmitted, "2 in"),
            fact(1, Kind::ApplicationWithdrawn, "1 out"),
            fact(3, Kind::ApplicationSubmitted, "3 in"),
            fact(3, Kind::ApplicationWithdrawn, "3 out"),
        ];
        let together = grouped_by_kind(&batch.iter().collect::<Vec<_>>());
        let names = |facts: &[&[u8]]| facts.iter().map(|name| String::from_utf8_lossy(name).into()).collect();
        let together: Vec<(Kind, Vec<String>)> =
            together.iter().map(|(kind, facts)| (*kind, names(facts))).collect();
        let expected = [
            (Kind::CallPublished, vec!["call"]),
            (Kind::ApplicationSubmitted, vec!["1 in", "2 in", "3 in"]),
            (Kind::ApplicationWithdrawn, vec!["1 out", "3 out"]),
        ];
        assert_eq!(
            together,
            expected.map(|(kind, names)| (kind, names.into_iter().map(str::to_owned).collect()))
        );
    }
}
