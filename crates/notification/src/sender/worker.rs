//! A worker with one connection: takes a claimed email, sends it, and records the outcome.

use std::sync::Arc;
use std::time::Duration;

use bus::step::{Step, reached};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use super::compose::compose;
use super::ledger::Ledger;
use super::shared::Sender;
use super::smtp::{Connection, HandedOver, Rejection};
use crate::delivery::{Delivery, Later, NotPossible};
use crate::store::deliveries::{Change, Job};

/// One of several workers that share a queue.
pub struct Worker {
    sender: Arc<Sender>,
    ledger: Ledger,
    queue: Arc<Mutex<mpsc::Receiver<Job>>>,
    connection: Option<Connection>,
}

impl Worker {
    pub fn new(sender: Arc<Sender>, ledger: Ledger, queue: Arc<Mutex<mpsc::Receiver<Job>>>) -> Self {
        Self { sender, ledger, queue, connection: None }
    }

    /// Works until the queue is closed.
    pub async fn run(mut self) {
        while let Some(job) = self.next().await {
            if let Err(error) = self.deliver(job).await {
                // A bug of ours; the claim expires by itself.
                tracing::error!(%error, "a delivery took an impossible step");
            }
            if self.connection.as_ref().is_some_and(Connection::is_broken) {
                self.connection = None;
            }
        }
        self.disconnect().await;
    }

    async fn next(&mut self) -> Option<Job> {
        let queue = self.queue.clone();
        let next = async || queue.lock().await.recv().await;
        if self.connection.is_some() {
            let idle = Duration::from_secs(u64::from(self.sender.idle));
            // Given up before the connection is closed: whoever waits holds the lock of the queue.
            if let Ok(job) = timeout(idle, next()).await {
                return job;
            }
            self.disconnect().await;
        }
        next().await
    }

    async fn disconnect(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.close().await;
        }
    }

    async fn deliver(&mut self, job: Job) -> Result<(), NotPossible> {
        if self.sender.draining.is_cancelled() || self.sender.outage.now().is_some() {
            return self.release(job.delivery, None).await;
        }
        let (envelope, text) = match compose(&job, &self.sender.from) {
            Ok(composed) => composed,
            Err(why) => return self.refused(job.delivery, why).await,
        };
        let delivery = job.delivery;
        loop {
            let connection = match self.connect().await {
                Ok(connection) => connection,
                Err(why) => return self.away(delivery, why).await,
            };
            let was_used = connection.was_used();
            match connection.offer(&envelope).await {
                Ok(()) => break,
                // The server has closed the idle connection.
                Err(Rejection::Gone(why)) if was_used => {
                    tracing::debug!(why, "the connection was closed");
                    self.connection = None;
                }
                Err(Rejection::Later(why) | Rejection::Gone(why)) => return self.later(delivery, why).await,
                Err(Rejection::Never(why)) => return self.refused(delivery, why).await,
                Err(Rejection::Nothing(why)) => return self.away(delivery, why).await,
            }
        }
        self.hand_over(delivery, &text).await
    }

    async fn hand_over(&mut self, delivery: Delivery, text: &[u8]) -> Result<(), NotPossible> {
        let started = delivery.clone().data_starts(self.sender.clock.now(), &self.sender.policy)?;
        // Stored before the final dot: from here on the email may have been sent.
        let mine = self.ledger.store(Change::new(&delivery, started.clone(), None)).await;
        let Some(connection) = self.connection.as_mut().filter(|_| mine) else {
            // The server waits for a text; closing the connection makes it drop the email.
            self.connection = None;
            return self.release(delivery, None).await;
        };
        reached(Step::MailStarted).await;
        // Wait until the stored deadline at most, after which another sender may send the email again.
        let limit = (started.state.due_or_done_at() - self.sender.clock.now()).to_std().unwrap_or_default();
        match connection.hand_over(text, limit).await {
            HandedOver::Accepted(answer) => {
                reached(Step::MailAnswered).await;
                self.sender.outage.resolved();
                let (sent, fact) = started.clone().accepted(self.sender.clock.now(), answer)?;
                self.ledger.record(Change::new(&started, sent, Some(fact.into()))).await;
                Ok(())
            }
            HandedOver::Later(why) => self.later(started, why).await,
            HandedOver::Never(why) => self.refused(started, why).await,
            HandedOver::Unanswered(why) => {
                tracing::warn!(delivery = started.id, why, "nobody knows whether the email was sent");
                let doubtful = started.clone().unanswered(why)?;
                self.ledger.record(Change::new(&started, doubtful, None)).await;
                Ok(())
            }
        }
    }

    async fn connect(&mut self) -> Result<&mut Connection, String> {
        match &mut self.connection {
            Some(connection) if !connection.is_broken() => {}
            connection => *connection = Some(self.sender.server.connect().await?),
        }
        self.connection.as_mut().ok_or_else(|| "no connection".to_owned())
    }

    async fn later(&self, delivery: Delivery, why: String) -> Result<(), NotPossible> {
        let jitter = rand::random_range(0.5..1.5);
        let now = self.sender.clock.now();
        let change = match delivery.clone().later(now, why, &self.sender.policy, jitter)? {
            Later::Queued(to) => Change::new(&delivery, to, None),
            Later::GiveUp(to, fact) => Change::new(&delivery, to, Some(fact.into())),
        };
        self.ledger.record(change).await;
        Ok(())
    }

    async fn refused(&self, delivery: Delivery, why: String) -> Result<(), NotPossible> {
        let (to, fact) = delivery.clone().refused(self.sender.clock.now(), why)?;
        self.ledger.record(Change::new(&delivery, to, Some(fact.into()))).await;
        Ok(())
    }

    async fn release(&self, delivery: Delivery, why: Option<String>) -> Result<(), NotPossible> {
        let to = delivery.clone().release(self.sender.clock.now(), why)?;
        self.ledger.record(Change::new(&delivery, to, None)).await;
        Ok(())
    }

    /// The server accepts no email: releases the delivery, and retries to connect until the server is reachable.
    async fn away(&mut self, delivery: Delivery, why: String) -> Result<(), NotPossible> {
        self.connection = None;
        let mut pause = self.sender.outage.report(&why, self.sender.clock.now());
        self.release(delivery, Some(why)).await?;
        loop {
            let ended = tokio::select! {
                waited = timeout(pause, self.sender.outage.until_reached()) => waited.is_ok(),
                () = self.sender.draining.cancelled() => true,
            };
            if ended {
                return Ok(());
            }
            match self.connect().await {
                Ok(_) => self.sender.outage.reached(),
                Err(why) => pause = self.sender.outage.report(&why, self.sender.clock.now()),
            }
        }
    }
}
