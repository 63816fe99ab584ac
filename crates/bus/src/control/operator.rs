//! What operators can do with parked facts: list, show, dry-run, redrive and drop them.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use events::{Header, Service};
use futures_util::future::join_all;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Command, DryRun, Question, Reconciliation, Refusal, RehearsedFact, Status, WaitingFact,
    WaitingFactDetails, Which, value,
};
use crate::audit;
use crate::consumer::{Consumer, in_its_own_task};
use crate::context::Context;
use crate::control;
use crate::gate;
use crate::stats::Stats;
use crate::{Failure, Tx};

/// An operator waits for the answer: what a consumer has not got by then is reported as under way.
const CATCH_UP_DEADLINE: Duration = Duration::from_secs(20);
/// Most entries of a list.
const MAX_LISTED: i64 = 500;

/// Executes a command.
pub(super) async fn execute<S: Send + Sync + 'static>(
    consumer: &Consumer<S>,
    command: Command,
) -> Result<Value, Refusal> {
    let context = &*consumer.context;
    match command {
        Command::Reconciliation => value(reconciliation(consumer).await?),
        Command::Status => value(status(context).await?),
        Command::Parked => value(list(context, None).await?),
        Command::Show(which) => value(show(consumer, which).await?),
        Command::DryRun(which) => value(dry_run(consumer, which).await?),
        Command::Redrive { which, person } => value(redrive(context, which, &person).await?),
        Command::Drop { which, person, reason } => value(drop_fact(consumer, which, &person, &reason).await?),
    }
}

async fn reconciliation<S: Send + Sync + 'static>(consumer: &Consumer<S>) -> Result<Reconciliation, Refusal> {
    let context = &*consumer.context;
    let audits = audit::others(context.service)
        .map(|consumer| audit::audit(context, consumer, None, CATCH_UP_DEADLINE, true));
    let (mut pairs, mut silent) = (Vec::new(), Vec::new());
    for (consumer, done) in audit::others(context.service).zip(join_all(audits).await) {
        match done {
            Ok(pair) => pairs.extend(pair),
            Err(failure) => {
                tracing::warn!(%consumer, %failure, "cannot be compared with");
                silent.push(consumer);
            }
        }
    }
    let logged = sqlx::query!(r#"select kind, count(*) as "count!" from bus.event_log group by kind"#)
        .fetch_all(&context.db)
        .await?;
    let logged = logged.into_iter().map(|row| (row.kind, row.count)).collect();
    let mut states = BTreeMap::new();
    if let Some(census) = consumer.subscriptions.census {
        let counted: Vec<(String, i64)> = sqlx::query_as(census).fetch_all(&context.db).await?;
        states.extend(counted);
    }
    Ok(Reconciliation { pairs, silent, logged, states })
}

async fn status(context: &Context) -> Result<Status, Refusal> {
    let stats = Stats::read(&context.db).await?;
    let epoch = *context.epoch.borrow();
    let lag = match epoch {
        Some(epoch) => {
            audit::durable(context, context.service, epoch).await.ok().map(|info| info.num_pending)
        }
        None => None,
    };
    Ok(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        epoch,
        broker: context.broker_seen.borrow().clone().err(),
        outbox: stats.outbox,
        outbox_age_seconds: stats.outbox_age_seconds,
        held: stats.waiting.held,
        parked: stats.waiting.parked,
        unreadable: stats.waiting.unreadable,
        lag,
    })
}

async fn list(context: &Context, only: Option<Which>) -> Result<Vec<WaitingFact>, Refusal> {
    let rows = sqlx::query!(
        r#"select w.source, w.key, w.version, w.kind, coalesce(w.reason, '') as "reason!", w.since,
                  (select count(*) from bus.waiting b where b.key = w.key and b.status = 'held') as "behind!",
                  d.asked_by as "asked_by?", d.reason as "drop_reason?"
           from bus.waiting w
           left join bus.drop_request d on d.source = w.source and d.key = w.key and d.version = w.version
           where w.status = 'parked'
             and ($1::uuid is null or (w.source = $2 and w.key = $1 and w.version = $3))
           order by w.since, w.source, w.key, w.version limit $4"#,
        only.map(|which| which.key),
        only.map(|which| which.source.name()),
        only.map(|which| which.version),
        MAX_LISTED
    )
    .fetch_all(&context.db)
    .await?;
    let facts = rows.into_iter().filter_map(|row| {
        Some(WaitingFact {
            which: Which { source: Service::from_name(&row.source)?, key: row.key, version: row.version },
            kind: row.kind,
            group: group(&row.reason),
            reason: row.reason,
            since: row.since,
            held_behind: row.behind,
            drop_asked: row.asked_by.zip(row.drop_reason),
        })
    });
    Ok(facts.collect())
}

/// The reason without ids and numbers, by which facts with the same error are grouped.
fn group(reason: &str) -> String {
    let mut group = String::with_capacity(reason.len());
    for word in reason.split_inclusive(' ') {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let id = !bare.is_empty() && bare.parse::<Uuid>().is_ok();
        match (id, bare.bytes().any(|byte| byte.is_ascii_digit())) {
            (true, _) | (_, true) => group.push_str(&word.replace(bare, "…")),
            _ => group.push_str(word),
        }
    }
    group
}

async fn parked(context: &Context, which: Which) -> Result<WaitingFact, Refusal> {
    let found = list(context, Some(which)).await?.pop();
    found.ok_or_else(|| {
        Refusal::new(format!(
            "{} {} of {} is not parked at {}",
            which.source, which.version, which.key, context.service
        ))
    })
}

async fn envelope(context: &Context, which: Which) -> Result<Vec<u8>, Refusal> {
    Ok(sqlx::query_scalar!(
        "select envelope from bus.waiting where source = $1 and key = $2 and version = $3",
        which.source.name(),
        which.key,
        which.version
    )
    .fetch_one(&context.db)
    .await?)
}

/// What the service knows of the application, by [`Subscriptions::describe`](crate::Subscriptions::describe).
async fn describe<S>(consumer: &Consumer<S>, tx: &mut Tx, key: Uuid) -> Result<Value, sqlx::Error> {
    let Some(statement) = consumer.subscriptions.description else { return Ok(Value::Null) };
    let state: Option<Option<Value>> =
        sqlx::query_scalar(statement).bind(key).fetch_optional(&mut **tx).await?;
    Ok(state.flatten().unwrap_or(Value::Null))
}

async fn show<S: Send + Sync + 'static>(
    consumer: &Consumer<S>,
    which: Which,
) -> Result<WaitingFactDetails, Refusal> {
    let context = &*consumer.context;
    let fact = parked(context, which).await?;
    let envelope = envelope(context, which).await?;
    let envelope = serde_json::from_slice(&envelope)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&envelope).into_owned()));
    let mut tx = context.begin().await?;
    let state = describe(consumer, &mut tx, which.key).await?;
    tx.roll_back().await?;
    Ok(WaitingFactDetails { fact, envelope, state })
}

/// Consumes the fact in a transaction that is rolled back.
async fn dry_run<S: Send + Sync + 'static>(consumer: &Consumer<S>, which: Which) -> Result<DryRun, Refusal> {
    let context = consumer.context.clone();
    let fact = parked(&context, which).await?;
    let envelope = envelope(&context, which).await?;
    let mut tx = context.begin().await?;
    let before = describe(consumer, &mut tx, which.key).await?;
    tx.roll_back().await?;

    let own = consumer.clone();
    let rehearsal = in_its_own_task(async move {
        let header = Header::read(&envelope)?;
        let mut tx = own.context.begin().await?;
        if gate::head(&mut tx, header.source, header.key).await? + 1 != header.version {
            return Err(Failure::park(
                "its turn has not come: a fact before it is missing, or it was consumed",
            ));
        }
        own.subscriptions.dispatch(&own.service, &mut tx, header.kind, &[&envelope]).await?;
        let publishes = tx.rehearse().await?;
        let after = describe(&own, &mut tx, header.key).await?;
        tx.roll_back().await?;
        Ok((publishes, after))
    })
    .await;
    let (publishes, after, error) = match rehearsal {
        Ok((publishes, after)) => (publishes, after, None),
        Err(failure) => (Vec::new(), before.clone(), Some(failure.to_string())),
    };
    let publishes = publishes.into_iter().map(|(key, fact)| {
        Ok(RehearsedFact { key, kind: fact.kind().name().to_owned(), data: serde_json::to_value(&fact)? })
    });
    let publishes = publishes.collect::<Result<Vec<_>, Refusal>>()?;
    Ok(DryRun { error, before, after, publishes, held_behind: fact.held_behind })
}

/// Makes a parked fact a held one: its turn has come, and then the turn of what is behind it.
async fn redrive(context: &Context, which: Which, person: &str) -> Result<String, Refusal> {
    let fact = parked(context, which).await?;
    let mut tx = context.begin().await?;
    sqlx::query!(
        "update bus.waiting set status = 'held', reason = null
         where source = $1 and key = $2 and version = $3 and status = 'parked'",
        which.source.name(),
        which.key,
        which.version
    )
    .execute(&mut *tx)
    .await?;
    // Where it is parked again, nobody's earlier wish to give it up counts any more.
    sqlx::query!(
        "delete from bus.drop_request where source = $1 and key = $2 and version = $3",
        which.source.name(),
        which.key,
        which.version
    )
    .execute(&mut *tx)
    .await?;
    log(&mut tx, which, person, "redriven", None).await?;
    context.commit(tx).await?;
    context.sweep_now.notify_one();
    Ok(format!("{} tries again, and {} held behind it follow in order.", fact.kind, fact.held_behind))
}

/// One operator asks, another one agrees; then the fact counts as consumed, without effect.
async fn drop_fact<S: Send + Sync + 'static>(
    consumer: &Consumer<S>,
    which: Which,
    person: &str,
    reason: &str,
) -> Result<String, Refusal> {
    let context = &*consumer.context;
    let fact = parked(context, which).await?;
    let person = person.trim();
    if person.is_empty() {
        return Err(Refusal::new("say who you are: a fact is given up by two persons"));
    }
    match &fact.drop_asked {
        None => ask_to_drop(context, which, person, reason).await,
        Some((asked_by, _)) if asked_by == person => {
            Err(Refusal::new(format!("{person} has asked for it already: a second person must agree")))
        }
        // An operator who gives a reason wants to ask, and has not seen that another one has asked already.
        Some((asked_by, why)) if !reason.trim().is_empty() => Err(Refusal::new(format!(
            "{asked_by} asks for it already: {why}. Whoever agrees gives no reason"
        ))),
        Some(_) => give_up(context, which, &fact, person).await,
    }
}

async fn ask_to_drop(context: &Context, which: Which, person: &str, reason: &str) -> Result<String, Refusal> {
    if reason.trim().is_empty() {
        return Err(Refusal::new("say why it is given up"));
    }
    let mut tx = context.begin().await?;
    let now = tx.now();
    sqlx::query!(
        "insert into bus.drop_request (source, key, version, reason, asked_by, asked_at)
         values ($1, $2, $3, $4, $5, $6)",
        which.source.name(),
        which.key,
        which.version,
        reason.trim(),
        person,
        now
    )
    .execute(&mut *tx)
    .await?;
    log(&mut tx, which, person, "asked to give it up", Some(reason)).await?;
    context.commit(tx).await?;
    Ok("Asked for. It is given up when a second person agrees.".to_owned())
}

async fn give_up(
    context: &Context,
    which: Which,
    fact: &WaitingFact,
    person: &str,
) -> Result<String, Refusal> {
    let event_id = sqlx::query_scalar!(
        "select event_id from bus.waiting where source = $1 and key = $2 and version = $3",
        which.source.name(),
        which.key,
        which.version
    )
    .fetch_one(&context.db)
    .await?;
    // What its publisher does not know must not take a version, or the gate would run ahead of the publisher.
    let question = Question::IsLogged { key: which.key, version: which.version, event_id };
    let is_logged = control::ask::<bool>(context, which.source, &question).await?.ok_or_else(|| {
        Refusal::new(format!("{} does not answer, and must say whether it has published this", which.source))
    })?;
    let mut tx = context.begin().await?;
    let head = gate::head(&mut tx, which.source, which.key).await?;
    let head = gate::signed(head);
    if is_logged && which.version > head + 1 {
        return Err(Refusal::new("a fact before it is missing: it cannot be given up yet"));
    }
    let gone = sqlx::query!(
        "delete from bus.waiting where source = $1 and key = $2 and version = $3 and status = 'parked'
         returning event_id, kind, envelope",
        which.source.name(),
        which.key,
        which.version
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or_else(|| Refusal::new("it is not parked any more"))?;
    let asked = sqlx::query!(
        "delete from bus.drop_request where source = $1 and key = $2 and version = $3
         returning reason, asked_by, asked_at",
        which.source.name(),
        which.key,
        which.version
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or_else(|| Refusal::new("nobody asks for it any more"))?;
    if is_logged && which.version == head + 1 {
        note_as_consumed(&mut tx, which, gone.event_id).await?;
    }
    let now: DateTime<Utc> = tx.now();
    sqlx::query!(
        "insert into bus.dropped (source, key, version, event_id, kind, envelope, parked_because, reason,
                                  asked_by, asked_at, agreed_by, dropped_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        which.source.name(),
        which.key,
        which.version,
        gone.event_id,
        gone.kind,
        gone.envelope,
        fact.reason,
        asked.reason,
        asked.asked_by,
        asked.asked_at,
        person,
        now
    )
    .execute(&mut *tx)
    .await?;
    log(&mut tx, which, person, "agreed to give it up", Some(&asked.reason)).await?;
    context.commit(tx).await?;
    context.sweep_now.notify_one();
    tracing::warn!(source = %which.source, key = %which.key, version = which.version, person, "given up");
    Ok(format!("Given up. {} held behind it follow in order.", fact.held_behind))
}

/// Advances the gate as if the fact had taken effect.
async fn note_as_consumed(tx: &mut Tx, which: Which, event_id: Uuid) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "with noted as (
             insert into bus.inbox (source, key, version, event_id, heard_at) values ($1, $2, $3, $4, $5)
         )
         insert into bus.inbox_head (source, key, version) values ($1, $2, $3)
         on conflict (source, key) do update set version = excluded.version",
        which.source.name(),
        which.key,
        which.version,
        event_id,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn log(
    tx: &mut Tx,
    which: Which,
    person: &str,
    did: &str,
    reason: Option<&str>,
) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "insert into bus.operator_log (at, person, did, source, key, version, reason)
         values ($1, $2, $3, $4, $5, $6, $7)",
        now,
        person,
        did,
        which.source.name(),
        which.key,
        which.version,
        reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::group;

    #[test]
    fn the_same_error_about_different_facts_is_one_group() {
        let one = group("the application 0198c0de-0000-7000-8000-000000000001 was never submitted here");
        let two = group("the application 0198c0de-0000-7000-8000-000000000002 was never submitted here");
        assert_eq!(one, two);
        assert_eq!(one, "the application … was never submitted here");
        assert_ne!(one, group("this title is poison"));
    }
}
