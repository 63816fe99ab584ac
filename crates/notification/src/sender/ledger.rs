//! Where each step of a delivery is stored before the next one is taken. While one commit is under way the steps
//! of all connections gather, and the next commit takes them together.

use std::collections::HashSet;
use std::time::Duration;

use bus::{Bus, Failure, outbox};
use events::Cause;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::store::deliveries::{self, Change};

/// Most steps in one commit.
const BATCH: usize = 256;
/// Pause while Postgres is away.
const RETRY: Duration = Duration::from_millis(500);

struct Entry {
    change: Change,
    saved: Option<oneshot::Sender<bool>>,
}

/// The way to the ledger. It ends when the last clone is gone and all is stored.
#[derive(Clone)]
pub struct Ledger(mpsc::Sender<Entry>);

impl Ledger {
    /// Stores a step that must be stored before anybody goes on. False: it was not, because somebody else has the
    /// delivery by now, or Postgres is away.
    pub async fn store(&self, change: Change) -> bool {
        let (saved, answer) = oneshot::channel();
        let sent = self.0.send(Entry { change, saved: Some(saved) }).await;
        sent.is_ok() && answer.await.unwrap_or(false)
    }

    /// Stores what has happened already; again and again, until Postgres takes it.
    pub async fn note(&self, change: Change) {
        if self.0.send(Entry { change, saved: None }).await.is_err() {
            tracing::error!("the ledger has ended before its senders");
        }
    }
}

/// A ledger, and the work that it is.
pub fn open(bus: Bus) -> (Ledger, impl Future<Output = ()>) {
    let (entries, waiting) = mpsc::channel(BATCH);
    (Ledger(entries), run(bus, waiting))
}

async fn run(bus: Bus, mut waiting: mpsc::Receiver<Entry>) {
    let mut batch = Vec::with_capacity(BATCH);
    while !batch.is_empty() || waiting.recv_many(&mut batch, BATCH).await > 0 {
        match save(&bus, &batch).await {
            Ok(saved) => batch.drain(..).for_each(|entry| entry.answer(&saved)),
            Err(error) => {
                tracing::warn!(%error, "cannot store what was sent; trying again");
                // Whoever waits may not go on. What has happened stays, and joins what comes meanwhile.
                let (asked, noted): (Vec<_>, Vec<_>) =
                    batch.drain(..).partition(|entry| entry.saved.is_some());
                asked.into_iter().for_each(|entry| entry.answer(&HashSet::new()));
                batch = noted;
                if let Ok(Some(entry)) = timeout(RETRY, waiting.recv()).await {
                    batch.push(entry);
                }
            }
        }
    }
}

async fn save(bus: &Bus, batch: &[Entry]) -> Result<HashSet<i64>, Failure> {
    let mut tx = bus.begin().await?;
    let saved = deliveries::save(&mut tx, batch.iter().map(|entry| &entry.change), None).await?;
    let saved: HashSet<i64> = saved.into_iter().collect();
    for change in batch.iter().map(|entry| &entry.change).filter(|change| saved.contains(&change.to.id)) {
        if let Some(fact) = &change.fact {
            let delivery = &change.to;
            let cause = Cause { event: Some(delivery.about), traceparent: delivery.traceparent.clone() };
            outbox::append(&mut tx, delivery.application, fact.clone(), cause);
        }
    }
    bus.commit(tx).await?;
    Ok(saved)
}

impl Entry {
    fn answer(self, saved: &HashSet<i64>) {
        let held = saved.contains(&self.change.to.id);
        match self.saved {
            // A receiver that is gone has stopped sending: the delivery is in doubt, as stored.
            Some(asked) => drop(asked.send(held)),
            None if held => count(&self.change),
            None => {
                metrics::counter!("mail_lost_claims_total").increment(1);
                tracing::warn!(delivery = self.change.to.id, "somebody else had the delivery by then");
            }
        }
    }
}

fn count(change: &Change) {
    let (from, to) = (change.from, change.to.state.name());
    metrics::counter!("mail_steps_total", "from" => from, "to" => to).increment(1);
}
