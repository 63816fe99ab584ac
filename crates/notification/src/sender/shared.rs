//! The state that claimer, workers and ledger share.

use std::time::Duration;

use chassis::{App, Clock};
use lettre::message::Mailbox;
use pages::Pages;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::outage::{Away, Outage};
use super::smtp::Server;
use super::writer::Writer;
use crate::config::Settings;
use crate::delivery::Policy;

/// Shared by claimer, workers, ledger and handlers.
pub struct Sender {
    pub(super) db: PgPool,
    pub(super) clock: Clock,
    pub(super) policy: Policy,
    pub(super) server: Server,
    pub(super) from: Mailbox,
    pub(super) connections: usize,
    pub(super) idle: u32,
    pub(super) outage: Outage,
    pub(super) writer: Writer,
    pub(super) wake: Notify,
    pub(super) draining: CancellationToken,
}

impl Sender {
    /// Sends nothing until [`run`](super::run).
    ///
    /// # Errors
    /// The certificate cannot be read, or there is no sender address.
    pub fn new(process: &App, db: PgPool, settings: &Settings, pages: Pages) -> Result<Self, String> {
        let smtp = settings.smtp.clone();
        let from = settings.from()?;
        let writer =
            Writer { pages, portal: settings.portal.url.clone(), domain: from.email.domain().to_owned() };
        Ok(Self {
            db,
            clock: process.clock().clone(),
            policy: settings.policy(),
            from,
            writer,
            connections: smtp.connections.get(),
            idle: smtp.idle_seconds,
            server: Server::new(smtp)?,
            outage: Outage::new(Duration::from_secs(u64::from(
                settings.delivery.longest_outage_pause_seconds,
            ))),
            wake: Notify::new(),
            draining: process.draining(),
        })
    }

    /// Wakes the claimer: something is queued, or will be as soon as its transaction commits.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// The present outage of the mail server, if there is one.
    pub fn away(&self) -> Option<Away> {
        self.outage.now()
    }

    /// The domain of the sender address, which is also used in Message-IDs.
    pub fn domain(&self) -> &str {
        self.writer.domain()
    }

    /// `host:port` of the mail server.
    pub fn server(&self) -> String {
        self.server.name()
    }
}
