//! The version gate: what happens to a fact that arrives, and in which order.
//!
//! For each source and key the gate knows the last version that took effect. The next version is
//! applied; a lower one is a duplicate; a higher one, or any of a key that has a parked fact, is
//! held in Postgres until its turn.

use std::collections::{BTreeSet, HashMap, HashSet};

use events::{Header, Kind, Service};
use sqlx::PgConnection;
use tracing::Span;
use uuid::Uuid;

use crate::subscriptions::{Subscriptions, fact_span};
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

/// Takes a batch through the gate, in the order given.
pub(crate) async fn apply<S: Send + Sync + 'static>(
    tx: &mut Tx,
    service: &S,
    subscriptions: &Subscriptions<S>,
    batch: &[Incoming],
) -> Result<Applied, Failure> {
    let mut heads = lock_heads(tx, batch).await?;
    // Read after the heads are locked: every transaction that held a fact of these keys has committed.
    let waiting = waiting_of(tx, batch).await?;
    let mut known = known_ids(tx, batch, &heads).await?;

    let mut verdicts = Vec::with_capacity(batch.len());
    let mut applied: Vec<&Incoming> = Vec::new();
    let mut touched = BTreeSet::new();
    for incoming in batch {
        let header = &incoming.header;
        let gate = (header.source, header.key);
        let head = heads.get_mut(&gate).ok_or_else(|| Failure::park("the gate has no head"))?;
        if header.version <= *head {
            let known = known.get(&(header.source, header.key, header.version));
            match incoming.span().in_scope(|| version_conflict(header, known)) {
                None => {
                    // A held copy of it is deleted below.
                    if waiting.keys.contains(&header.key) {
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
        } else if header.version > *head + 1 || waiting.blocks(header) {
            store_waiting(tx, incoming, None).await?;
            touched.insert(header.key);
            verdicts.push(Verdict::Waiting);
        } else {
            *head += 1;
            known.insert((header.source, header.key, header.version), header.id.uuid());
            applied.push(incoming);
            if waiting.keys.contains(&header.key) {
                touched.insert(header.key);
            }
            verdicts.push(Verdict::Applied);
        }
    }
    for (kind, facts) in grouped_by_kind(&applied) {
        subscriptions.dispatch(service, tx, kind, &facts).await?;
    }
    record(tx, &applied).await?;
    // Where a fact was delivered again and applied, its held copy is obsolete.
    if !touched.is_empty() {
        drop_overtaken(tx, &touched).await?;
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

/// Locks the gate of every (source, key) of the batch.
async fn lock_heads(tx: &mut Tx, batch: &[Incoming]) -> Result<HashMap<(Service, Uuid), u64>, Failure> {
    let gates: BTreeSet<(Service, Uuid)> =
        batch.iter().map(|one| (one.header.source, one.header.key)).collect();
    let (sources, keys): (Vec<String>, Vec<Uuid>) =
        gates.iter().map(|(source, key)| (source.name().to_owned(), *key)).unzip();
    lock(tx, &sources, &keys).await
}

/// Locks gates, always in the same order: those that exist, then new ones. Sources and keys are
/// pairs, without duplicates.
async fn lock(
    tx: &mut Tx,
    sources: &[String],
    keys: &[Uuid],
) -> Result<HashMap<(Service, Uuid), u64>, Failure> {
    loop {
        let rows = sqlx::query!(
            r#"with gate as (
                 select * from unnest($1::text[], $2::uuid[]) as g (source, key)
             ), known as (
                 select h.source, h.key, h.version from bus.inbox_head h join gate g using (source, key)
                 order by h.source, h.key for update of h
             ), new as (
                 insert into bus.inbox_head (source, key, version)
                 select source, key, 0 from gate g
                 where not exists (select 1 from known k where k.source = g.source and k.key = g.key)
                 order by source, key
                 on conflict do nothing
                 returning source, key, version
             )
             select source as "source!", key as "key!", version as "version!" from known
             union all select source, key, version from new"#,
            sources,
            keys
        )
        .fetch_all(&mut **tx)
        .await?;
        // Fewer rows: another transaction has just made one of them, and the next read sees it.
        if rows.len() == keys.len() {
            let heads = rows.into_iter().map(|row| {
                let source = Service::from_name(&row.source)
                    .ok_or_else(|| Failure::park(format!("unknown service {:?}", row.source)))?;
                Ok(((source, row.key), u64::try_from(row.version).unwrap_or_default()))
            });
            return heads.collect();
        }
    }
}

/// Locks one gate. Returns the version of the last fact that took effect, 0 for none.
pub(crate) async fn head(tx: &mut Tx, source: Service, key: Uuid) -> Result<u64, Failure> {
    // Locking makes the row where it is missing: a failed transaction has rolled it back.
    let heads = lock(tx, &[source.name().to_owned()], &[key]).await?;
    Ok(heads.get(&(source, key)).copied().unwrap_or_default())
}

/// Which keys of a batch have facts that wait, held or parked.
struct WaitingKeys {
    keys: HashSet<Uuid>,
    parked: HashSet<Uuid>,
}

impl WaitingKeys {
    /// A parked fact stops its whole application in this service, whichever service published it.
    fn blocks(&self, header: &Header) -> bool {
        self.parked.contains(&header.key)
    }
}

async fn waiting_of(tx: &mut Tx, batch: &[Incoming]) -> Result<WaitingKeys, Failure> {
    let keys: Vec<Uuid> = batch.iter().map(|one| one.header.key).collect();
    let rows = sqlx::query!("select key, status from bus.waiting where key = any($1)", &keys)
        .fetch_all(&mut **tx)
        .await?;
    Ok(WaitingKeys {
        keys: rows.iter().map(|row| row.key).collect(),
        parked: rows.iter().filter(|row| row.status == "parked").map(|row| row.key).collect(),
    })
}

/// Advances the gates and writes what took effect into the inbox.
async fn record(tx: &mut Tx, applied: &[&Incoming]) -> Result<(), Failure> {
    if applied.is_empty() {
        return Ok(());
    }
    let headers = || applied.iter().map(|one| &one.header);
    let sources: Vec<String> = headers().map(|one| one.source.name().to_owned()).collect();
    let keys: Vec<Uuid> = headers().map(|one| one.key).collect();
    let versions: Vec<i64> = headers().map(|one| signed(one.version)).collect();
    let ids: Vec<Uuid> = headers().map(|one| one.id.uuid()).collect();
    let now = tx.now();
    sqlx::query!(
        "with heard as (
             select * from unnest($1::text[], $2::uuid[], $3::bigint[], $4::uuid[])
             as h (source, key, version, event_id)
         ), noted as (
             insert into bus.inbox (source, key, version, event_id, heard_at)
             select source, key, version, event_id, $5 from heard
         )
         update bus.inbox_head h set version = n.version
         from (select source, key, max(version) as version from heard group by source, key) n
         where h.source = n.source and h.key = n.key",
        &sources,
        &keys,
        &versions,
        &ids,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// For versions of the batch that took effect before: the id of the fact that did.
async fn known_ids(
    tx: &mut Tx,
    batch: &[Incoming],
    heads: &HashMap<(Service, Uuid), u64>,
) -> Result<HashMap<(Service, Uuid, u64), Uuid>, Failure> {
    let repeated = |one: &&Incoming| {
        heads.get(&(one.header.source, one.header.key)).is_some_and(|head| one.header.version <= *head)
    };
    let repeated: Vec<&Header> = batch.iter().filter(repeated).map(|one| &one.header).collect();
    if repeated.is_empty() {
        return Ok(HashMap::new());
    }
    let sources: Vec<String> = repeated.iter().map(|one| one.source.name().to_owned()).collect();
    let keys: Vec<Uuid> = repeated.iter().map(|one| one.key).collect();
    let versions: Vec<i64> = repeated.iter().map(|one| signed(one.version)).collect();
    let rows = sqlx::query!(
        r#"select a.n as "n!", i.event_id
           from unnest($1::text[], $2::uuid[], $3::bigint[]) with ordinality as a (source, key, version, n)
           join bus.inbox i on i.source = a.source and i.key = a.key and i.version = a.version"#,
        &sources,
        &keys,
        &versions
    )
    .fetch_all(&mut **tx)
    .await?;
    let known = rows.into_iter().filter_map(|row| {
        let header = repeated.get(usize::try_from(row.n).ok()?.checked_sub(1)?)?;
        Some(((header.source, header.key, header.version), row.event_id))
    });
    Ok(known.collect())
}

/// A reason to park the fact, if another fact with this version took effect before. Its publisher has
/// lost a part of its event log then, e.g. when its database was restored from an old backup.
fn version_conflict(header: &Header, known: Option<&Uuid>) -> Option<String> {
    let known = known.filter(|known| **known != header.id.uuid())?;
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

    #[test]
    fn facts_of_one_key_keep_their_order_and_all_others_are_consumed_together() {
        let fact = |key: u128, kind: Kind, name: &str| Incoming {
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
        };
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
