//! Claims emails that are due, as many as the connections can take.

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
use crate::store::{contacts, views};

/// Pauses while nothing is due: short after a handler has queued something, since its commit follows within moments.
const MIN_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(250);
/// How often claims of dead senders are released, and waiting emails are counted.
const MAINTENANCE_PERIOD: Duration = Duration::from_secs(3);

/// Fills the queue of the workers.
pub struct Claimer {
    sender: Arc<Sender>,
    ledger: Ledger,
    queue: mpsc::Sender<Job>,
    bus: Bus,
    lease: Option<SenderLease>,
    last_maintenance: Option<Instant>,
}

/// A connection whose advisory lock shows other processes that this sender is alive.
struct SenderLease {
    connection: PgConnection,
    number: i32,
}

impl Claimer {
    pub fn new(sender: Arc<Sender>, ledger: Ledger, queue: mpsc::Sender<Job>, bus: Bus) -> Self {
        Self { sender, ledger, queue, bus, lease: None, last_maintenance: None }
    }

    /// Claims until the process drains, then closes the queue.
    pub async fn run(mut self) {
        let mut pause = MIN_PAUSE;
        while !self.sender.draining.is_cancelled() {
            match with_deadline(IO_DEADLINE, self.round()).await {
                Ok(0) => {}
                Ok(_) => {
                    pause = MIN_PAUSE;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot claim emails; trying again");
                    self.lease = None;
                    pause = MAX_PAUSE;
                }
            }
            tokio::select! {
                woken = timeout(pause, self.sender.wake.notified()) => {
                    pause = if woken.is_ok() { MIN_PAUSE } else { MAX_PAUSE.min(pause * 2) };
                }
                () = self.sender.draining.cancelled() => {}
            }
        }
    }

    /// Returns the number of emails claimed.
    async fn round(&mut self) -> Result<usize, Failure> {
        // Emails that are queued in an old backup may have been sent since.
        if self.bus.has_lost_data() {
            return Ok(0);
        }
        if self.lease.is_none() {
            self.lease = Some(register(&self.sender).await?);
        }
        let Some(lease) = &mut self.lease else { return Ok(0) };
        if self.last_maintenance.is_none_or(|at| at.elapsed() >= MAINTENANCE_PERIOD) {
            let released =
                deliveries::release_orphans(&mut lease.connection, self.sender.clock.now()).await?;
            if released > 0 {
                tracing::info!(released, "claims of a sender that is gone are free again");
            }
            deliveries::postpone_held_back(&mut lease.connection, self.sender.clock.now()).await?;
            metrics::gauge!("mail_waiting").set(views::waiting(&mut lease.connection).await? as f64);
            self.last_maintenance = Some(Instant::now());
        }
        match self.free_capacity().await {
            0 => Ok(0),
            capacity => self.claim(capacity).await,
        }
    }

    /// Waits until at least half of the queue is free, since a claim of one email costs as much as one of many. Returns the
    /// free capacity.
    async fn free_capacity(&self) -> usize {
        let wanted = async {
            self.sender.outage.until_reached().await;
            let free = self.queue.reserve_many(self.queue.max_capacity() / 2).await;
            free.is_ok()
        };
        tokio::select! {
            wanted = timeout(MAINTENANCE_PERIOD, wanted) => if wanted == Ok(true) { self.queue.capacity() } else { 0 },
            () = self.sender.draining.cancelled() => 0,
        }
    }

    async fn claim(&mut self, capacity: usize) -> Result<usize, Failure> {
        let Some(lease) = &mut self.lease else { return Ok(0) };
        let now = self.sender.clock.now();
        let mut tx = lease.connection.begin().await?;
        let mut jobs = Vec::new();
        let mut claims = Vec::new();
        let mut given_up = Vec::new();
        let mut readdressed = Vec::new();
        for mut job in deliveries::lock_due(&mut tx, now, i64::try_from(capacity).unwrap_or(1)).await? {
            let before = job.delivery.clone();
            if job.present_address.as_ref().is_some_and(|address| *address != before.recipient)
                && let Ok(superseded) = before.clone().supersede(now)
            {
                claims.push(Change::new(&before, superseded, None));
                readdressed.push(job);
                continue;
            }
            match job.delivery.claim(now, &self.sender.policy) {
                Claim::Send(delivery) => {
                    if delivery.ambiguous_handovers > before.ambiguous_handovers {
                        metrics::counter!("mail_ambiguous_total").increment(1);
                        tracing::warn!(delivery = delivery.id, "sent once more, with the same Message-ID");
                    }
                    claims.push(Change::new(&before, delivery.clone(), None));
                    job.delivery = delivery;
                    jobs.push(job);
                }
                Claim::GiveUp(delivery, fact) => {
                    given_up.push(Change::new(&before, delivery, Some(fact.into())));
                }
                Claim::NotDue(_) => {}
            }
        }
        deliveries::save(&mut tx, &claims, Some(lease.number)).await?;
        readdress_all(&mut tx, &self.sender, &readdressed, now).await?;
        tx.commit().await?;
        reached(Step::MailClaimed).await;
        // Readdressed emails are due in the next round.
        let claimed = jobs.len() + readdressed.len();
        for job in jobs {
            // This does not wait: nobody else sends into this queue.
            if self.queue.send(job).await.is_err() {
                break;
            }
        }
        for change in given_up {
            self.ledger.record(change).await;
        }
        Ok(claimed)
    }
}

/// Queues emails whose contacts were corrected while they waited to the present addresses.
async fn readdress_all(
    connection: &mut PgConnection,
    sender: &Sender,
    readdressed: &[Job],
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    if readdressed.is_empty() {
        return Ok(());
    }
    let mut applications: Vec<_> = readdressed.iter().map(|job| job.delivery.application.uuid()).collect();
    applications.sort();
    applications.dedup();
    let contacts = contacts::of(connection, &applications).await?;
    // In the order in which they were queued: ids determine which email may not overtake which.
    let mut readdressed: Vec<&Job> = readdressed.iter().collect();
    readdressed.sort_by_key(|job| job.delivery.id);
    for job in readdressed {
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

async fn register(sender: &Sender) -> Result<SenderLease, sqlx::Error> {
    let mut connection = sender.db.acquire().await?.detach();
    // Losing a claim in a crash of Postgres does no harm: the next step under it is then refused.
    // The planner is forced to use keys: without statistics it chose to read a bitmap of all waiting emails for each email
    // (41 s for a claim of 64 among 50,000; 1 ms by key).
    connection
        .execute(
            "set synchronous_commit = off; set plan_cache_mode = force_generic_plan; set enable_seqscan = off;
             set enable_bitmapscan = off; set enable_hashjoin = off; set enable_mergejoin = off",
        )
        .await?;
    loop {
        let number = rand::random_range(1..i32::MAX);
        if deliveries::try_lease(&mut connection, number).await? {
            return Ok(SenderLease { connection, number });
        }
    }
}
