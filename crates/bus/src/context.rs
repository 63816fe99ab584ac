//! What the tasks of one service's bus share.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::{Client, jetstream};
use chrono::{DateTime, Utc};
use events::Service;
use sqlx::PgPool;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::deadline::{IO_DEADLINE, with_deadline};
use crate::published::Published;
use crate::step::{Step, reached};
use crate::{Failure, Settings, Tx};

/// Where the time comes from.
pub(crate) type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What the tasks share.
pub(crate) struct Context {
    pub service: Service,
    pub settings: Settings,
    pub db: PgPool,
    pub client: Client,
    pub jetstream: jetstream::Context,
    pub now: Now,
    /// Tells this process from those before and beside it.
    pub process: Uuid,
    /// Something was said.
    pub wake: Notify,
    /// Somebody doubts that the stream is still there.
    pub recheck: Arc<Notify>,
    /// A parked fact may try again.
    pub sweep_now: Notify,
    /// The epoch of the stream, once known.
    pub epoch: watch::Sender<Option<u64>>,
    /// What this database has lost of what was said, once that is known. Nothing is said any more.
    pub data_loss: watch::Sender<Option<String>>,
    /// What the relay has published since the last audit.
    pub published: Mutex<Published>,
    /// Somebody asks for an audit of everything.
    pub audit_now: Notify,
    /// Outcome of the last look at the broker.
    pub broker_seen: watch::Sender<Result<(), String>>,
    pub shutdown: CancellationToken,
}

impl Context {
    pub(crate) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Tx::begin(&self.db, (self.now)()).await
    }

    pub(crate) async fn commit(&self, tx: Tx) -> Result<(), Failure> {
        if tx.has_appended()
            && let Some(data_loss) = self.data_loss()
        {
            return Err(Failure::Retry(data_loss));
        }
        reached(Step::Written).await;
        let said = tx.finish().await?;
        reached(Step::Committed).await;
        if said > 0 {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// What this database has lost of what was said, if it has.
    pub(crate) fn data_loss(&self) -> Option<String> {
        self.data_loss.borrow().clone()
    }

    /// Nothing is said, published or consumed any more until an operator has seen to it.
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

    /// A pause that shutdown ends at once.
    #[expect(clippy::disallowed_methods, reason = "back-off and polling are what a pause is for")]
    pub(crate) async fn pause(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.shutdown.cancelled() => {}
        }
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
