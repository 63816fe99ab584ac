//! The bus of one service: one Postgres pool, one NATS connection, four tasks.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, ConnectOptions, Event};
use chrono::{DateTime, Utc};
use events::Service;
use sqlx::PgPool;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::answered::{LIMIT, within};
use crate::audit::{self, Published};
use crate::backoff::Backoff;
use crate::consumer::Consumer;
use crate::step::{Step, reached};
use crate::subscriptions::Subscriptions;
use crate::{Failure, Settings, Tx, control, relay, stats, watch as broker_watch};

/// The broker may be away when a service starts: it is waited for so long.
const FIRST_LOOK: Duration = Duration::from_secs(2);

/// Where the time comes from.
pub(crate) type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The bus cannot be opened at all.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The address or the credentials are not usable.
    #[error("cannot connect to NATS at {url}: {source}")]
    Connect {
        /// The address.
        url: String,
        /// What the client says.
        source: async_nats::ConnectError,
    },
    /// Relay, consumer or broker watch has ended by itself.
    #[error("a task of the bus has ended by itself")]
    TaskEnded,
}

/// What the tasks share.
pub(crate) struct Core {
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
    pub forgotten: watch::Sender<Option<String>>,
    /// What the relay has published since the last audit.
    pub published: Mutex<Published>,
    /// Somebody asks for an audit of everything.
    pub audit_now: Notify,
    /// Outcome of the last look at the broker.
    pub broker_seen: watch::Sender<Result<(), String>>,
    pub shutdown: CancellationToken,
}

impl Core {
    pub(crate) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Tx::begin(&self.db, (self.now)()).await
    }

    pub(crate) async fn commit(&self, tx: Tx) -> Result<(), Failure> {
        if tx.says()
            && let Some(forgotten) = self.forgotten()
        {
            return Err(Failure::Retry(forgotten));
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
    pub(crate) fn forgotten(&self) -> Option<String> {
        self.forgotten.borrow().clone()
    }

    /// Nothing is said, published or heard any more until an operator has seen to it.
    pub(crate) fn stop_saying(&self, why: &str) {
        let news = self.forgotten.send_if_modified(|known| known.replace(why.to_owned()).is_none());
        if news {
            tracing::error!("{why}");
            metrics::gauge!("bus_forgotten").set(1.0);
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
                    if within(LIMIT, sqlx::Connection::ping(&mut *connection)).await.is_ok() {
                        return;
                    }
                }
                Err(error) => tracing::debug!(%error, "Postgres is away"),
            }
            self.pause(backoff.next()).await;
        }
    }
}

/// The bus of one service. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    core: Arc<Core>,
}

impl Bus {
    /// Opens the bus. Returns at once even when the broker is away: it connects as soon as it can.
    pub async fn connect(
        service: Service,
        settings: &Settings,
        db: PgPool,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
    ) -> Result<Self, BusError> {
        let recheck = Arc::new(Notify::new());
        let mut options = ConnectOptions::new()
            .name(service.name())
            .retry_on_initial_connect()
            // A link that died in silence is seen after two of these.
            .ping_interval(Duration::from_secs(5))
            .connection_timeout(Duration::from_secs(3))
            .request_timeout(Some(Duration::from_secs(3)))
            .custom_inbox_prefix(format!("_INBOX.{}", service.name()))
            .reconnect_delay_callback(|attempts| {
                let failures = u32::try_from(attempts).unwrap_or(u32::MAX);
                Backoff::delay(Duration::from_millis(20), Duration::from_secs(2), failures)
            })
            .event_callback({
                let recheck = recheck.clone();
                move |event| {
                    let recheck = recheck.clone();
                    async move {
                        match event {
                            Event::Connected => recheck.notify_one(),
                            // A forbidden publish is only ever reported here.
                            Event::ServerError(error) => tracing::error!(%error, "NATS refuses"),
                            event => tracing::info!(%event, "NATS"),
                        }
                    }
                }
            });
        if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
            options = options.user_and_password(user.clone(), password.0.clone());
        }
        let client = options
            .connect(settings.addresses())
            .await
            .map_err(|source| BusError::Connect { url: settings.url.clone(), source })?;
        let jetstream = ContextBuilder::new()
            .timeout(Duration::from_secs(2))
            .max_ack_inflight(5_000)
            .backpressure_on_inflight(true)
            .build(client.clone());
        let core = Core {
            service,
            settings: settings.clone(),
            db,
            client,
            jetstream,
            now: Arc::new(now),
            process: Uuid::new_v4(),
            wake: Notify::new(),
            recheck,
            sweep_now: Notify::new(),
            epoch: watch::Sender::new(None),
            forgotten: watch::Sender::new(None),
            published: Mutex::default(),
            audit_now: Notify::new(),
            broker_seen: watch::Sender::new(Err("not looked yet".to_owned())),
            shutdown: CancellationToken::new(),
        };
        Ok(Self { core: Arc::new(core) })
    }

    /// Begins a unit of work.
    ///
    /// # Errors
    /// Postgres is away, or this database [has forgotten](Self::has_forgotten): then nobody may be told that
    /// something does not exist, or is done.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        match self.core.forgotten() {
            // As where Postgres is away: not now.
            Some(forgotten) => Err(sqlx::Error::Io(io::Error::other(forgotten))),
            None => self.core.begin().await,
        }
    }

    /// Commits a unit of work and wakes the relay.
    pub async fn commit(&self, tx: Tx) -> Result<(), Failure> {
        self.core.commit(tx).await
    }

    /// Starts relay, consumer and broker watch.
    pub fn start<S: Send + Sync + 'static>(
        &self,
        service: Arc<S>,
        subscriptions: Subscriptions<S>,
    ) -> Running {
        let mut tasks = JoinSet::new();
        tasks.spawn(broker_watch::run(self.core.clone()));
        tasks.spawn(relay::run(self.core.clone()));
        tasks.spawn(stats::run(self.core.clone()));
        let consumer = Consumer { core: self.core.clone(), service, subscriptions: Arc::new(subscriptions) };
        tasks.spawn(audit::run(self.core.clone()));
        tasks.spawn(control::run(consumer.clone()));
        tasks.spawn(consumer.clone().sweep());
        tasks.spawn(consumer.run());
        Running { core: self.core.clone(), tasks }
    }

    /// Returns when the first look at the broker has told whether this database remembers all that it has said;
    /// where the broker is away, after a moment. A service answers nobody before.
    pub async fn first_look(&self) {
        let (mut epoch, mut forgotten) = (self.core.epoch.subscribe(), self.core.forgotten.subscribe());
        let looked = async {
            tokio::select! {
                _ = epoch.wait_for(Option::is_some) => {}
                _ = forgotten.wait_for(Option::is_some) => {}
            }
        };
        if timeout(FIRST_LOOK, looked).await.is_err() {
            tracing::warn!("the broker is away: begun without it");
        }
    }

    /// Whether this database was found to lack something that it has said: restored from a backup that is too old.
    pub fn has_forgotten(&self) -> bool {
        self.core.forgotten.borrow().is_some()
    }

    /// Whether the broker was there and usable at the last look; the error says what is wrong.
    pub fn broker(&self) -> Result<(), String> {
        self.core.broker_seen.borrow().clone()
    }
}

/// The running tasks of a bus.
pub struct Running {
    core: Arc<Core>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Stops in order: no new facts are pulled, open ones finish and are acknowledged, the relay
    /// makes a last round, and what the client still has goes out.
    pub async fn drain(mut self) {
        self.core.shutdown.cancel();
        while let Some(stopped) = self.tasks.join_next().await {
            if let Err(error) = stopped {
                tracing::error!(%error, "a task of the bus ended badly");
            }
        }
        let flush = timeout(Duration::from_secs(2), self.core.client.flush()).await;
        if !matches!(flush, Ok(Ok(()))) {
            tracing::warn!("the broker was away at the end: unacknowledged facts will come again");
        }
    }

    /// Runs until `stop` is ready, then drains.
    ///
    /// # Errors
    /// A task has ended by itself, which none should: the process had better start again.
    pub async fn run_until(mut self, stop: impl Future<Output = ()>) -> Result<(), BusError> {
        let ended = tokio::select! {
            () = stop => false,
            ended = self.tasks.join_next() => {
                tracing::error!(?ended, "a task of the bus has ended");
                true
            }
        };
        self.drain().await;
        if ended { Err(BusError::TaskEnded) } else { Ok(()) }
    }
}
