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
pub mod readdress;
mod smtp;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use chassis::App;
use chassis::Clock;
use lettre::message::Mailbox;
use sqlx::PgPool;
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

pub use outage::Away;

use crate::config::Settings;
use crate::delivery::Policy;
use crate::mail::Source;
use crate::store::contacts::Contact;
use crate::store::deliveries::Content;
use outage::Outage;
use smtp::Server;

/// Writes emails: the same text wherever one is written.
pub struct Writer {
    pages: pages::Pages,
    portal: String,
    domain: String,
}

impl Writer {
    /// The email to this contact.
    ///
    /// # Errors
    /// A template that cannot be rendered.
    pub fn write(&self, source: &Source, contact: &Contact) -> Result<Content, askama::Error> {
        source.render(contact, &self.portal, self.pages.messages())
    }

    /// Where Message-IDs are made: the domain that emails come from.
    pub fn domain(&self) -> &str {
        &self.domain
    }
}

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
    writer: Writer,
    wake: Notify,
    draining: CancellationToken,
}

impl Sender {
    /// A sender that does not send yet.
    ///
    /// # Errors
    /// A certificate that cannot be read; no sender.
    pub fn new(process: &App, db: PgPool, settings: &Settings) -> Result<Self, String> {
        let smtp = settings.smtp.clone();
        let from = settings.from()?;
        let writer = Writer {
            pages: crate::pages().map_err(|error| error.to_string())?,
            portal: settings.portal.url.clone(),
            domain: from.email.domain().to_owned(),
        };
        Ok(Self {
            db,
            clock: process.clock().clone(),
            policy: settings.policy(),
            from,
            writer,
            connections: smtp.connections.get(),
            idle: smtp.idle,
            server: Server::new(smtp)?,
            outage: Outage::new(Duration::from_secs(u64::from(settings.delivery.longest_outage_pause))),
            wake: Notify::new(),
            draining: process.draining(),
        })
    }

    /// Something is queued, or will be as soon as its transaction commits.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// What writes the emails.
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// What is wrong with the mail server, if something is.
    pub fn away(&self) -> Option<Away> {
        self.outage.now()
    }

    /// Where Message-IDs are made: the domain that emails come from.
    pub fn domain(&self) -> &str {
        self.writer.domain()
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
        let (ledger, storing) = ledger::open(self.clone(), bus.clone());
        let (queue, claimed) = mpsc::channel(self.connections * 8);
        let claimed = Arc::new(Mutex::new(claimed));
        // Together: without its ledger no connection can go on, and whoever supervises this one learns it at once.
        let mut tasks = JoinSet::new();
        tasks.spawn(storing);
        for _ in 0..self.connections {
            let worker = worker::Worker::new(self.clone(), ledger.clone(), claimed.clone());
            tasks.spawn(worker.run());
        }
        tasks.spawn(claim::Claimer::new(self.clone(), ledger, queue, bus).run());
        all_end(tasks).await
    }
}

/// Waits until all have ended; one that panics ends the others.
async fn all_end(mut tasks: JoinSet<()>) -> Result<(), JoinError> {
    while let Some(ended) = tasks.join_next().await {
        ended?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_ledger_that_panics_is_noticed_while_the_connections_still_wait() {
        let mut tasks = JoinSet::new();
        tasks.spawn(std::future::pending());
        tasks.spawn(async { panic!("as the ledger would") });
        let ended = tokio::time::timeout(Duration::from_secs(60), all_end(tasks)).await;
        assert!(ended.expect("it does not wait for the others").is_err_and(|error| error.is_panic()));
    }
}
