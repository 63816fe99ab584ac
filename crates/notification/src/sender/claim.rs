//! Claims what is due, as much as the connections can take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Sender;
use super::ledger::Ledger;
use crate::delivery::Claim;
use crate::store::deliveries::{self, Change, Job};

/// Pauses while nothing is due: short after a handler has queued something, whose commit follows in moments.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(250);
/// How often claims of senders that are gone are looked for.
const ORPHANS: Duration = Duration::from_secs(3);

/// A connection that tells others that this sender lives.
struct Identity {
    connection: PgConnection,
    number: i32,
}

/// Claims until the process drains; then the queue ends.
pub async fn run(sender: Arc<Sender>, ledger: Ledger, queue: mpsc::Sender<Job>) {
    let mut identity = None;
    let mut looked = None;
    let mut pause = SHORTEST;
    while !sender.draining.is_cancelled() {
        // Not before a connection is free: what is claimed is sent, not kept.
        let room = tokio::select! {
            permit = async { sender.outage.until_reached().await; queue.reserve().await } => permit.is_ok(),
            () = sender.draining.cancelled() => false,
        };
        if !room {
            break;
        }
        match round(&sender, &ledger, &queue, &mut identity, &mut looked).await {
            Ok(0) => {}
            Ok(_) => {
                pause = SHORTEST;
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot claim emails; trying again");
                identity = None;
                pause = LONGEST;
            }
        }
        tokio::select! {
            woken = timeout(pause, sender.wake.notified()) => {
                pause = if woken.is_ok() { SHORTEST } else { LONGEST.min(pause * 2) };
            }
            () = sender.draining.cancelled() => {}
        }
    }
}

/// Returns how much was claimed.
async fn round(
    sender: &Sender,
    ledger: &Ledger,
    queue: &mpsc::Sender<Job>,
    identity: &mut Option<Identity>,
    looked: &mut Option<Instant>,
) -> Result<usize, sqlx::Error> {
    let now = sender.clock.now();
    let me = match identity {
        Some(me) => me,
        None => identity.insert(appear(sender).await?),
    };
    if looked.is_none_or(|at| at.elapsed() > ORPHANS) {
        let released = deliveries::release_orphans(&mut me.connection, now).await?;
        if released > 0 {
            tracing::info!(released, "claims of a sender that is gone are free again");
        }
        sender.measure(&mut me.connection).await?;
        *looked = Some(Instant::now());
    }

    let mut tx = me.connection.begin().await?;
    let limit = i64::try_from(queue.capacity()).unwrap_or(1);
    let mut jobs = Vec::new();
    let mut claims = Vec::new();
    let mut over = Vec::new();
    for mut job in deliveries::lock_due(&mut tx, now, limit).await? {
        let before = job.delivery.clone();
        match job.delivery.claim(now, &sender.policy) {
            Claim::Send(delivery) => {
                if delivery.unanswered > before.unanswered {
                    metrics::counter!("mail_ambiguous_total").increment(1);
                    tracing::warn!(delivery = delivery.id, "sent once more, with the same Message-ID");
                }
                claims.push(Change::new(&before, delivery.clone(), None));
                job.delivery = delivery;
                jobs.push(job);
            }
            Claim::GiveUp(delivery, fact) => {
                over.push(Change::new(&before, delivery, Some(fact.into())));
            }
            Claim::NotDue(_) => {}
        }
    }
    deliveries::save(&mut tx, &claims, Some(me.number)).await?;
    tx.commit().await?;
    let claimed = jobs.len();
    for job in jobs {
        // There is room: nobody else sends into this queue.
        if queue.send(job).await.is_err() {
            break;
        }
    }
    for change in over {
        ledger.note(change).await;
    }
    Ok(claimed)
}

async fn appear(sender: &Sender) -> Result<Identity, sqlx::Error> {
    let mut connection = sender.db.acquire().await?.detach();
    // A claim that a crash of Postgres forgets is no harm: the next step under it does not hold then.
    connection.execute("set synchronous_commit = off").await?;
    loop {
        let number = rand::random_range(1..i32::MAX);
        if deliveries::live_as(&mut connection, number).await? {
            return Ok(Identity { connection, number });
        }
    }
}
