//! Where the steps of all connections are stored. While one commit is under way further steps gather, and the next
//! commit takes them together. What a connection waits for (the text begins) does not wait for what has happened
//! already (the answer came).

use std::time::Duration;

use bus::answered::{LIMIT, within};
use bus::step::{Step, reached};
use bus::{Bus, Failure, outbox};
use events::Cause;
use sqlx::{Executor as _, PgConnection, PgPool};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::store::deliveries::{self, Change};

/// Most steps in one commit.
const BATCH: usize = 256;
/// How long what has happened may wait for company.
const MOMENT: Duration = Duration::from_millis(5);
/// Pause while Postgres is away.
const RETRY: Duration = Duration::from_millis(500);

/// A step whose storing somebody waits for.
struct Awaited {
    change: Change,
    held: oneshot::Sender<bool>,
}

/// The way to the ledger.
#[derive(Clone)]
pub struct Ledger {
    awaited: mpsc::Sender<Awaited>,
    noted: mpsc::Sender<Change>,
}

impl Ledger {
    /// Stores a step that must be stored before anybody goes on. False: it was not, because somebody else has the
    /// delivery by now, or Postgres is away.
    pub async fn store(&self, change: Change) -> bool {
        let (held, answer) = oneshot::channel();
        let sent = self.awaited.send(Awaited { change, held }).await;
        sent.is_ok() && answer.await.unwrap_or(false)
    }

    /// Stores what has happened already; again and again, until Postgres takes it.
    pub async fn note(&self, change: Change) {
        if self.noted.send(change).await.is_err() {
            tracing::error!("the ledger has ended before its senders");
        }
    }
}

/// A ledger, and the work that it is: ends when the last clone is gone and all is stored.
pub fn open(db: PgPool, bus: Bus) -> (Ledger, impl Future<Output = ()>) {
    let (awaited, asked) = mpsc::channel(BATCH);
    let (noted, happened) = mpsc::channel(BATCH);
    let work = async move {
        tokio::join!(store(db, asked), note(bus, happened));
    };
    (Ledger { awaited, noted }, work)
}

async fn store(db: PgPool, mut asked: mpsc::Receiver<Awaited>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut connection = None;
    while asked.recv_many(&mut batch, BATCH).await > 0 {
        let held = within(LIMIT, begin(&db, &mut connection, &batch)).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot store that emails are being handed over; they go back");
            connection = None;
            vec![false; batch.len()]
        });
        for (Awaited { held: answer, .. }, held) in batch.drain(..).zip(held) {
            // Nobody waits any more: it was not handed over, and is in doubt as stored.
            let _ = answer.send(held);
        }
    }
}

/// One statement, which commits by itself, on a connection of its own: all connections wait for it.
async fn begin(
    db: &PgPool,
    connection: &mut Option<PgConnection>,
    batch: &[Awaited],
) -> Result<Vec<bool>, sqlx::Error> {
    let connection = match connection {
        Some(connection) => connection,
        None => {
            let mut new = db.acquire().await?.detach();
            // One small statement, thousands of times a second: planning it anew costs a quarter of it.
            new.execute("set plan_cache_mode = force_generic_plan").await?;
            connection.insert(new)
        }
    };
    deliveries::save(connection, batch.iter().map(|asked| &asked.change), None).await
}

async fn note(bus: Bus, mut happened: mpsc::Receiver<Change>) {
    let mut batch = Vec::with_capacity(BATCH);
    while !batch.is_empty() || happened.recv_many(&mut batch, BATCH).await > 0 {
        if batch.len() > 1 {
            gather(&mut happened, &mut batch).await;
        }
        match within(LIMIT, tell(&bus, &batch)).await {
            Ok(held) => batch.drain(..).zip(held).for_each(|(change, held)| count(&change, held)),
            Err(error) => {
                tracing::warn!(%error, "cannot store what was sent; trying again");
                if let Ok(Some(change)) = timeout(RETRY, happened.recv()).await {
                    batch.push(change);
                }
            }
        }
    }
}

/// Under load more will have happened in a moment; one commit for all of it costs little more than for two.
async fn gather(happened: &mut mpsc::Receiver<Change>, batch: &mut Vec<Change>) {
    let more = async { while batch.len() < BATCH && happened.recv_many(batch, BATCH).await > 0 {} };
    // Nobody waits for it; but what is not stored is in doubt if this process dies.
    let _ = timeout(MOMENT, more).await;
}

/// The steps, and what is said about them, in one transaction.
async fn tell(bus: &Bus, batch: &[Change]) -> Result<Vec<bool>, Failure> {
    let mut tx = bus.begin().await?;
    let held = deliveries::save(&mut tx, batch, None).await?;
    for (Change { to, fact, .. }, held) in batch.iter().zip(&held) {
        if let (Some(fact), true) = (fact, held) {
            let cause = Cause { event: Some(to.about), traceparent: to.traceparent.clone() };
            outbox::append(&mut tx, to.application, fact.clone(), cause);
        }
    }
    bus.commit(tx).await?;
    reached(Step::MailNoted).await;
    Ok(held)
}

fn count(change: &Change, held: bool) {
    if held {
        let (from, to) = (change.from, change.to.state.name());
        metrics::counter!("mail_steps_total", "from" => from, "to" => to).increment(1);
    } else {
        metrics::counter!("mail_lost_claims_total").increment(1);
        tracing::warn!(delivery = change.to.id, "somebody else had the delivery by then");
    }
}
