//! Where the steps of all connections are stored. While one commit is under way further steps gather, and the next
//! commit takes them together. What a connection waits for (the text begins) does not wait for what has happened
//! already (the answer came).

use std::sync::Arc;
use std::time::Duration;

use bus::deadline::{IO_DEADLINE, with_deadline};
use bus::step::{Step, reached};
use bus::{Bus, Failure, Tx, outbox};
use events::Cause;
use sqlx::{Executor as _, PgConnection, PgPool};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use uuid::Uuid;

use super::readdress;
use super::shared::Sender;
use crate::delivery::State;
use crate::store::contacts;
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
pub fn open(sender: Arc<Sender>, bus: Bus) -> (Ledger, impl Future<Output = ()>) {
    let (awaited, asked) = mpsc::channel(BATCH);
    let (noted, happened) = mpsc::channel(BATCH);
    let work = async move {
        tokio::join!(store(sender.db.clone(), asked), note(&sender, bus, happened));
    };
    (Ledger { awaited, noted }, work)
}

async fn store(db: PgPool, mut asked: mpsc::Receiver<Awaited>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut connection = None;
    while asked.recv_many(&mut batch, BATCH).await > 0 {
        let held =
            with_deadline(IO_DEADLINE, begin(&db, &mut connection, &batch)).await.unwrap_or_else(|error| {
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

async fn note(sender: &Sender, bus: Bus, mut happened: mpsc::Receiver<Change>) {
    let mut batch = Vec::with_capacity(BATCH);
    while !batch.is_empty() || happened.recv_many(&mut batch, BATCH).await > 0 {
        if batch.len() > 1 {
            gather(&mut happened, &mut batch).await;
        }
        match with_deadline(IO_DEADLINE, tell(sender, &bus, &batch)).await {
            Ok(held) => {
                // What was held back behind these may go out.
                if batch.iter().any(|change| change.to.state.is_final()) {
                    sender.wake();
                }
                batch.drain(..).zip(held).for_each(|(change, held)| count(&change, held));
            }
            // One of them can never be stored: the others must not wait for it.
            Err(Failure::Park(why)) => {
                tracing::error!(why, "Postgres refuses what was sent; storing step by step");
                one_by_one(sender, &bus, &mut batch).await;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot store what was sent; trying again");
                if let Ok(Some(change)) = timeout(RETRY, happened.recv()).await {
                    batch.push(change);
                }
            }
        }
    }
}

/// Stores each step in a transaction of its own. What is refused for good is given up: the delivery stays in doubt as it
/// is stored, and is tried once more when its time is over. What Postgres is away for stays in `batch`.
async fn one_by_one(sender: &Sender, bus: &Bus, batch: &mut Vec<Change>) {
    for change in std::mem::take(batch) {
        match with_deadline(IO_DEADLINE, tell(sender, bus, std::slice::from_ref(&change))).await {
            Ok(held) => held.into_iter().for_each(|held| count(&change, held)),
            Err(Failure::Park(why)) => {
                metrics::counter!("mail_refused_steps_total").increment(1);
                tracing::error!(delivery = change.to.id, why, "this step cannot be stored; given up");
            }
            Err(Failure::Retry(_)) => batch.push(change),
        }
    }
    sender.wake();
}

/// Under load more will have happened in a moment; one commit for all of it costs little more than for two.
async fn gather(happened: &mut mpsc::Receiver<Change>, batch: &mut Vec<Change>) {
    let more = async { while batch.len() < BATCH && happened.recv_many(batch, BATCH).await > 0 {} };
    // Nobody waits for it; but what is not stored is in doubt if this process dies.
    let _ = timeout(MOMENT, more).await;
}

/// The steps, and what is said about them, in one transaction.
async fn tell(sender: &Sender, bus: &Bus, batch: &[Change]) -> Result<Vec<bool>, Failure> {
    let mut tx = bus.begin().await?;
    // A contact may be corrected while its email is under way. Locked before the deliveries, as everywhere.
    let failing: Vec<Uuid> = batch.iter().filter(|change| is_failed(change)).map(of).collect();
    if !failing.is_empty() {
        contacts::hold(&mut tx, &failing).await?;
    }
    let held = deliveries::save(&mut tx, batch, None).await?;
    for (Change { to, fact, .. }, held) in batch.iter().zip(&held) {
        if let (Some(fact), true) = (fact, held) {
            let cause = Cause { event: Some(to.about), traceparent: to.traceparent.clone() };
            outbox::append(&mut tx, to.application, fact.clone(), cause);
        }
    }
    if !failing.is_empty() {
        resend(&mut tx, sender, batch, &held).await?;
    }
    bus.commit(tx).await?;
    reached(Step::MailNoted).await;
    Ok(held)
}

fn is_failed(change: &Change) -> bool {
    matches!(change.to.state, State::Failed { .. })
}

fn of(change: &Change) -> Uuid {
    change.to.application.uuid()
}

/// What has failed at an address that was corrected meanwhile goes to the new one.
async fn resend(tx: &mut Tx, sender: &Sender, batch: &[Change], held: &[bool]) -> Result<(), Failure> {
    let failed = || batch.iter().zip(held).filter(|(change, held)| **held && is_failed(change));
    let mut applications: Vec<Uuid> = failed().map(|(change, _)| of(change)).collect();
    applications.sort();
    applications.dedup();
    let known = contacts::of(tx, &applications).await?;
    let now = tx.now();
    for contact in known.values() {
        let elsewhere = |change: &Change| change.to.recipient != contact.email;
        if failed().any(|(change, _)| change.to.application == contact.application && elsewhere(change)) {
            readdress::failed(tx, sender.writer(), contact, now).await?;
        }
    }
    Ok(())
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
