//! Stores the steps of all connections. Steps that arrive during a commit share the next one. Steps that a connection
//! waits for (the text begins) do not wait behind outcomes, which have happened already (the server has answered).

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

/// Maximum number of steps in one commit.
const BATCH_SIZE: usize = 256;
/// How long outcomes wait for others to share their commit.
const LINGER: Duration = Duration::from_millis(5);
/// Pause while Postgres is unreachable.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// A step that a connection waits for.
struct Awaited {
    change: Change,
    stored: oneshot::Sender<bool>,
}

/// A handle to the ledger task.
#[derive(Clone)]
pub struct Ledger {
    awaited: mpsc::Sender<Awaited>,
    outcomes: mpsc::Sender<Change>,
}

impl Ledger {
    /// Stores a step and waits for it. `false`: it was not stored, because another sender has claimed the delivery, or
    /// because Postgres is unreachable.
    pub async fn store(&self, change: Change) -> bool {
        let (stored, answer) = oneshot::channel();
        let sent = self.awaited.send(Awaited { change, stored }).await;
        sent.is_ok() && answer.await.unwrap_or(false)
    }

    /// Stores the outcome of a step in the background, and retries until Postgres accepts it.
    pub async fn record(&self, change: Change) {
        if self.outcomes.send(change).await.is_err() {
            tracing::error!("the ledger has ended before its senders");
        }
    }
}

/// A handle, and the task, which ends when the last handle is dropped and everything is stored.
pub fn open(sender: Arc<Sender>, bus: Bus) -> (Ledger, impl Future<Output = ()>) {
    let (awaited, asked) = mpsc::channel(BATCH_SIZE);
    let (outcomes, happened) = mpsc::channel(BATCH_SIZE);
    let work = async move {
        tokio::join!(store(sender.db.clone(), asked), store_outcomes(&sender, bus, happened));
    };
    (Ledger { awaited, outcomes }, work)
}

async fn store(db: PgPool, mut asked: mpsc::Receiver<Awaited>) {
    let mut batch = Vec::with_capacity(BATCH_SIZE);
    let mut connection = None;
    while asked.recv_many(&mut batch, BATCH_SIZE).await > 0 {
        let stored = with_deadline(IO_DEADLINE, save_awaited(&db, &mut connection, &batch))
            .await
            .unwrap_or_else(|error| {
                tracing::warn!(%error, "cannot store that emails are being handed over; they go back");
                connection = None;
                vec![false; batch.len()]
            });
        for (Awaited { stored: answer, .. }, stored) in batch.drain(..).zip(stored) {
            // If the connection has stopped waiting, it does not send the email; the stored state stays ambiguous.
            let _ = answer.send(stored);
        }
    }
}

/// One auto-committed statement on a dedicated database connection: all SMTP connections wait for it.
async fn save_awaited(
    db: &PgPool,
    connection: &mut Option<PgConnection>,
    batch: &[Awaited],
) -> Result<Vec<bool>, sqlx::Error> {
    let connection = match connection {
        Some(connection) => connection,
        None => {
            let mut new = db.acquire().await?.detach();
            // One small statement, thousands of times a second, of which planning would be a quarter.
            new.execute("set plan_cache_mode = force_generic_plan").await?;
            connection.insert(new)
        }
    };
    deliveries::save(connection, batch.iter().map(|asked| &asked.change), None).await
}

async fn store_outcomes(sender: &Sender, bus: Bus, mut happened: mpsc::Receiver<Change>) {
    let mut batch = Vec::with_capacity(BATCH_SIZE);
    while !batch.is_empty() || happened.recv_many(&mut batch, BATCH_SIZE).await > 0 {
        if batch.len() > 1 {
            fill_batch(&mut happened, &mut batch).await;
        }
        match with_deadline(IO_DEADLINE, commit_batch(sender, &bus, &batch)).await {
            Ok(stored) => {
                // Emails held back behind these may be due now.
                if batch.iter().any(|change| change.to.state.is_final()) {
                    sender.wake();
                }
                batch.drain(..).zip(stored).for_each(|(change, stored)| count(&change, stored));
            }
            // One of them can never be stored; it must not block the others.
            Err(Failure::Park(why)) => {
                tracing::error!(why, "Postgres refuses what was sent; storing step by step");
                one_by_one(sender, &bus, &mut batch).await;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot store what was sent; trying again");
                if let Ok(Some(change)) = timeout(RETRY_PAUSE, happened.recv()).await {
                    batch.push(change);
                }
            }
        }
    }
}

/// Stores each step in a separate transaction. A step that is refused permanently is dropped: the delivery keeps its
/// stored state, which is ambiguous, and is tried once more after its deadline. Steps that failed temporarily stay in
/// `batch`.
async fn one_by_one(sender: &Sender, bus: &Bus, batch: &mut Vec<Change>) {
    for change in std::mem::take(batch) {
        match with_deadline(IO_DEADLINE, commit_batch(sender, bus, std::slice::from_ref(&change))).await {
            Ok(stored) => stored.into_iter().for_each(|stored| count(&change, stored)),
            Err(Failure::Park(why)) => {
                metrics::counter!("mail_refused_steps_total").increment(1);
                tracing::error!(delivery = change.to.id, why, "this step cannot be stored; given up");
            }
            Err(Failure::Retry(_)) => batch.push(change),
        }
    }
    sender.wake();
}

/// Waits a moment for more outcomes under load; a commit of many costs little more than one of two.
async fn fill_batch(happened: &mut mpsc::Receiver<Change>, batch: &mut Vec<Change>) {
    let more = async { while batch.len() < BATCH_SIZE && happened.recv_many(batch, BATCH_SIZE).await > 0 {} };
    // No connection waits for this, but what is not stored is ambiguous if this process dies.
    let _ = timeout(LINGER, more).await;
}

/// Stores the steps and appends their facts in one transaction. Returns which were stored.
async fn commit_batch(sender: &Sender, bus: &Bus, batch: &[Change]) -> Result<Vec<bool>, Failure> {
    let mut tx = bus.begin().await?;
    // A contact may be corrected while its email is being sent. Contacts are locked before deliveries, as everywhere.
    let failing: Vec<Uuid> = batch.iter().filter(|change| is_failed(change)).map(of).collect();
    if !failing.is_empty() {
        contacts::lock(&mut tx, &failing).await?;
    }
    let stored = deliveries::save(&mut tx, batch, None).await?;
    for (Change { to, fact, .. }, stored) in batch.iter().zip(&stored) {
        if let (Some(fact), true) = (fact, stored) {
            let cause = Cause { event: Some(to.about), traceparent: to.traceparent.clone() };
            outbox::append(&mut tx, to.application, fact.clone(), cause);
        }
    }
    if !failing.is_empty() {
        resend(&mut tx, sender, batch, &stored).await?;
    }
    bus.commit(tx).await?;
    reached(Step::MailNoted).await;
    Ok(stored)
}

fn is_failed(change: &Change) -> bool {
    matches!(change.to.state, State::Failed { .. })
}

fn of(change: &Change) -> Uuid {
    change.to.application.uuid()
}

/// Queues emails that failed at an address that was corrected meanwhile to the new one.
async fn resend(tx: &mut Tx, sender: &Sender, batch: &[Change], stored: &[bool]) -> Result<(), Failure> {
    let failed = || batch.iter().zip(stored).filter(|(change, stored)| **stored && is_failed(change));
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

fn count(change: &Change, stored: bool) {
    if stored {
        let (from, to) = (change.from, change.to.state.name());
        metrics::counter!("mail_steps_total", "from" => from, "to" => to).increment(1);
    } else {
        metrics::counter!("mail_lost_claims_total").increment(1);
        tracing::warn!(delivery = change.to.id, "somebody else had the delivery by then");
    }
}
