use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::{Client, jetstream};
use chrono::{DateTime, Utc};
use events::Service;
use sqlx::PgPool;
use sqlx::postgres::PgRow;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::deadline::{IO_DEADLINE, with_deadline};
use crate::published::Published;
use crate::step::{Step, reached};
use crate::tx::Logged;
use crate::warm::Warm;
use crate::{Failure, Settings, Tx};

pub(crate) type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What the tasks of one service's bus share.
pub(crate) struct Context {
    pub service: Service,
    pub settings: Settings,
    pub db: PgPool,
    pub warm: Warm,
    pub client: Client,
    pub jetstream: jetstream::Context,
    pub now: Now,
    /// Differs from that of every other replica, and from that of an earlier run.
    pub process: Uuid,
    /// Facts that this process has just committed, for its relay.
    pub fresh: mpsc::Sender<Logged>,
    /// Facts were put into the outbox again: the relay has work there.
    pub wake: Notify,
    /// A task suspects that the stream is gone: the broker watch checks.
    pub recheck: Arc<Notify>,
    /// A fact was redriven or given up: what is held may be due.
    pub sweep_now: Notify,
    /// The epoch of the stream, once known.
    pub epoch: watch::Sender<Option<u64>>,
    /// Set once this database is known to lack facts that it has published: a sentence for the operator.
    pub data_loss: watch::Sender<Option<String>>,
    /// What the relay has published since the last audit.
    pub published: Mutex<Published>,
    /// A consumer asks for a full audit.
    pub audit_now: Notify,
    /// Outcome of the last check of the broker.
    pub broker_seen: watch::Sender<Result<(), String>>,
    /// Everything but the relay stops.
    pub shutdown: CancellationToken,
    /// The relay stops: nothing more is appended.
    pub relay_shutdown: CancellationToken,
}

impl Context {
    pub(crate) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Tx::begin(self.warm.take(&self.db).await?, (self.now)()).await
    }

    /// Begins a unit of work with a question in the same message, as [`Tx::begin_with`].
    pub(crate) async fn begin_with(
        &self,
        question: impl FnOnce(DateTime<Utc>) -> String,
    ) -> Result<(Tx, Vec<PgRow>), sqlx::Error> {
        let now = (self.now)();
        Tx::begin_with(self.warm.take(&self.db).await?, now, &question(now)).await
    }

    pub(crate) async fn commit(&self, tx: Tx) -> Result<(), Failure> {
        if tx.has_appended()
            && let Some(data_loss) = self.data_loss()
        {
            return Err(Failure::Retry(data_loss));
        }
        reached(Step::Written).await;
        let (logged, connection) = tx.finish().await?;
        self.warm.keep(connection, &self.db);
        reached(Step::Committed).await;
        for fact in logged {
            // Where there is no room, the relay finds it in the outbox.
            drop(self.fresh.try_send(fact));
        }
        Ok(())
    }

    pub(crate) fn data_loss(&self) -> Option<String> {
        self.data_loss.borrow().clone()
    }

    /// From now on this service appends, publishes and consumes nothing, until it is restarted.
    pub(crate) fn halt_publishing(&self, why: &str) {
        let news = self.data_loss.send_if_modified(|known| known.replace(why.to_owned()).is_none());
        if news {
            tracing::error!("{why}");
            metrics::gauge!("bus_data_loss").set(1.0);
        }
        self.epoch.send_if_modified(|epoch| epoch.take().is_some());
        drop(self.broker_seen.send_replace(Err(why.to_owned())));
        self.recheck.notify_one();
    }

    /// Shutdown ends the pause at once.
    pub(crate) async fn pause(&self, time: Duration) {
        pause(time, &self.shutdown).await;
    }

    /// Returns as soon as Postgres answers, or at shutdown.
    pub(crate) async fn wait_for_postgres(&self) {
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
        while !self.shutdown.is_cancelled() {
            match self.db.acquire().await {
                Ok(mut connection) => {
                    if with_deadline(IO_DEADLINE, sqlx::Connection::ping(&mut *connection)).await.is_ok() {
                        return;
                    }
                }
                Err(error) => tracing::debug!(%error, "Postgres is away"),
            }
            self.pause(backoff.next()).await;
        }
    }
}

/// `shutdown` ends the pause at once.
#[expect(clippy::disallowed_methods, reason = "back-off and polling are what a pause is for")]
pub(crate) async fn pause(time: Duration, shutdown: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = shutdown.cancelled() => {}
    }
}
