//! Claims what is due, as much as the connections can take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bus::deadline::{IO_DEADLINE, with_deadline};
use bus::step::{Step, reached};
use bus::{Bus, Failure};
use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::ledger::Ledger;
use super::readdress::{self, Email};
use super::shared::Sender;
use crate::delivery::Claim;
use crate::store::deliveries::{self, Change, Job};
use crate::store::{contacts, shown};

/// Pauses while nothing is due: short after a handler has queued something, whose commit follows in moments.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(250);
/// How often claims of senders that are gone are looked for, and what waits is counted.
const LOOK: Duration = Duration::from_secs(3);

/// Fills the queue of the connections.
pub struct Claimer {
    sender: Arc<Sender>,
    ledger: Ledger,
    queue: mpsc::Sender<Job>,
    bus: Bus,
    identity: Option<SenderLease>,
    looked: Option<Instant>,
}

/// A connection that tells others that this sender lives.
struct SenderLease {
    connection: PgConnection,
    number: i32,
}

impl Claimer {
    /// Fills `queue`.
    pub fn new(sender: Arc<Sender>, ledger: Ledger, queue: mpsc::Sender<Job>, bus: Bus) -> Self {
        Self { sender, ledger, queue, bus, identity: None, looked: None }
    }

    /// Claims until the process drains; then the queue ends.
    pub async fn run(mut self) {
        let mut pause = SHORTEST;
        while !self.sender.draining.is_cancelled() {
            match with_deadline(IO_DEADLINE, self.round()).await {
                Ok(0) => {}
                Ok(_) => {
                    pause = SHORTEST;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot claim emails; trying again");
                    self.identity = None;
                    pause = LONGEST;
                }
            }
            tokio::select! {
                woken = timeout(pause, self.sender.wake.notified()) => {
                    pause = if woken.is_ok() { SHORTEST } else { LONGEST.min(pause * 2) };
                }
                () = self.sender.draining.cancelled() => {}
            }
        }
    }

    /// Returns how much was claimed.
    async fn round(&mut self) -> Result<usize, Failure> {
        // What an old backup holds as queued may have been sent since.
        if self.bus.has_lost_data() {
            return Ok(0);
        }
        if self.identity.is_none() {
            self.identity = Some(appear(&self.sender).await?);
        }
        let Some(me) = &mut self.identity else { return Ok(0) };
        if self.looked.is_none_or(|at| at.elapsed() >= LOOK) {
            let released = deliveries::release_orphans(&mut me.connection, self.sender.clock.now()).await?;
            if released > 0 {
                tracing::info!(released, "claims of a sender that is gone are free again");
            }
            deliveries::postpone_held_back(&mut me.connection, self.sender.clock.now()).await?;
            metrics::gauge!("mail_waiting").set(shown::waiting(&mut me.connection).await? as f64);
            self.looked = Some(Instant::now());
        }
        match self.room().await {
            0 => Ok(0),
            room => self.claim(room).await,
        }
    }

    /// Waits until connections want work. Half a queue at least: a claim costs the same for one as for many.
    async fn room(&self) -> usize {
        let wanted = async {
            self.sender.outage.until_reached().await;
            let free = self.queue.reserve_many(self.queue.max_capacity() / 2).await;
            free.is_ok()
        };
        tokio::select! {
            wanted = timeout(LOOK, wanted) => if wanted == Ok(true) { self.queue.capacity() } else { 0 },
            () = self.sender.draining.cancelled() => 0,
        }
    }

    async fn claim(&mut self, room: usize) -> Result<usize, Failure> {
        let Some(me) = &mut self.identity else { return Ok(0) };
        let now = self.sender.clock.now();
        let mut tx = me.connection.begin().await?;
        let mut jobs = Vec::new();
        let mut claims = Vec::new();
        let mut over = Vec::new();
        let mut moved = Vec::new();
        for mut job in deliveries::lock_due(&mut tx, now, i64::try_from(room).unwrap_or(1)).await? {
            let before = job.delivery.clone();
            if job.present_address.as_ref().is_some_and(|address| *address != before.recipient)
                && let Ok(superseded) = before.clone().supersede(now)
            {
                claims.push(Change::new(&before, superseded, None));
                moved.push(job);
                continue;
            }
            match job.delivery.claim(now, &self.sender.policy) {
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
        readdress_all(&mut tx, &self.sender, &moved, now).await?;
        tx.commit().await?;
        reached(Step::MailClaimed).await;
        // What goes to another address is due in the next round.
        let claimed = jobs.len() + moved.len();
        for job in jobs {
            // There is room: nobody else sends into this queue.
            if self.queue.send(job).await.is_err() {
                break;
            }
        }
        for change in over {
            self.ledger.note(change).await;
        }
        Ok(claimed)
    }
}

/// Queues to their present addresses emails whose contacts were corrected while they waited.
async fn readdress_all(
    connection: &mut PgConnection,
    sender: &Sender,
    moved: &[Job],
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    if moved.is_empty() {
        return Ok(());
    }
    let mut applications: Vec<_> = moved.iter().map(|job| job.delivery.application.uuid()).collect();
    applications.sort();
    applications.dedup();
    let contacts = contacts::of(connection, &applications).await?;
    // In the order in which they were queued: their numbers tell which may not overtake which.
    let mut moved: Vec<&Job> = moved.iter().collect();
    moved.sort_by_key(|job| job.delivery.id);
    for job in moved {
        let Some(contact) = contacts.get(&job.delivery.application) else { continue };
        let email = Email {
            about: job.delivery.about.uuid(),
            template: &job.delivery.template,
            content: job.content.clone(),
            traceparent: job.delivery.traceparent.as_deref(),
        };
        readdress::queue(connection, &sender.writer, contact, email, now).await?;
    }
    Ok(())
}

async fn appear(sender: &Sender) -> Result<SenderLease, sqlx::Error> {
    let mut connection = sender.db.acquire().await?.detach();
    // A claim that a crash of Postgres forgets is no harm: the next step under it does not hold then.
    // Its statements ask by key: planned while there are no statistics yet, a bitmap of all that waits was read for
    // each email (41 s for one claim of 64 among 50,000; 1 ms by key).
    connection
        .execute(
            "set synchronous_commit = off; set plan_cache_mode = force_generic_plan; set enable_seqscan = off;
             set enable_bitmapscan = off; set enable_hashjoin = off; set enable_mergejoin = off",
        )
        .await?;
    loop {
        let number = rand::random_range(1..i32::MAX);
        if deliveries::live_as(&mut connection, number).await? {
            return Ok(SenderLease { connection, number });
        }
    }
}
