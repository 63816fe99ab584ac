//! Sends what is queued.
//!
//! ```text
//! handler ─ commits a row ─► claim ─► queue ─► worker × connections ─► mail server
//!                              ▲                  │ each step, before the next
//!                              └──── Postgres ◄── ledger (one commit for all connections)
//! ```

mod claim;
mod compose;
mod ledger;
mod outage;
mod smtp;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use chassis::Clock;
use chassis::Process;
use lettre::message::Mailbox;
use sqlx::PgPool;
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

pub use outage::Away;

use crate::config::Settings;
use crate::delivery::Policy;
use outage::Outage;
use smtp::Server;

/// What claims and connections share.
pub struct Sender {
    db: PgPool,
    clock: Clock,
    policy: Policy,
    server: Server,
    from: Mailbox,
    connections: usize,
    idle: u32,
    outage: Outage,
    wake: Notify,
    draining: CancellationToken,
    ended: CancellationToken,
}

impl Sender {
    /// A sender that does not send yet.
    ///
    /// # Errors
    /// A certificate that cannot be read; no sender.
    pub fn new(process: &Process, db: PgPool, settings: &Settings) -> Result<Self, String> {
        let smtp = settings.smtp.clone();
        Ok(Self {
            db,
            clock: process.clock().clone(),
            policy: settings.policy(),
            from: settings.from()?,
            connections: smtp.connections.get(),
            idle: smtp.idle,
            server: Server::new(smtp)?,
            outage: Outage::new(Duration::from_secs(u64::from(settings.delivery.longest_outage_pause))),
            wake: Notify::new(),
            draining: process.draining(),
            ended: CancellationToken::new(),
        })
    }

    /// Something is queued, or will be as soon as its transaction commits.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// What is wrong with the mail server, if something is.
    pub fn away(&self) -> Option<Away> {
        self.outage.now()
    }

    /// Where Message-IDs are made: the domain that emails come from.
    pub fn domain(&self) -> &str {
        self.from.email.domain()
    }

    /// `host:port` of the mail server.
    pub fn server(&self) -> String {
        self.server.name()
    }

    /// Sends until the process drains: what is under way is finished, what is only claimed goes back.
    ///
    /// # Errors
    /// A task that panicked.
    pub async fn run(self: Arc<Self>, bus: Bus) -> Result<(), JoinError> {
        let _ended = self.ended.clone().drop_guard();
        let (ledger, storing) = ledger::open(self.db.clone(), bus.clone());
        let storing = tokio::spawn(storing);
        let (queue, claimed) = mpsc::channel(self.connections * 8);
        let claimed = Arc::new(Mutex::new(claimed));
        let mut tasks = JoinSet::new();
        for _ in 0..self.connections {
            let worker = worker::Worker::new(self.clone(), ledger.clone(), claimed.clone());
            tasks.spawn(worker.run());
        }
        tasks.spawn(claim::Claimer::new(self.clone(), ledger, queue, bus).run());
        while let Some(ended) = tasks.join_next().await {
            ended?;
        }
        storing.await
    }

    /// Returns when [`Sender::run`] has.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }
}
