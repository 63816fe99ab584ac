use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream::context::ContextBuilder;
use async_nats::{ConnectOptions, Event};
use chrono::{DateTime, Utc};
use events::Service;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use sqlx::postgres::PgRow;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::consumer::Consumer;
use crate::context::Context;
use crate::subscriptions::Subscriptions;
use crate::tx::Logged;
use crate::warm::Warm;
use crate::{Failure, Settings, Tx, audit, control, relay, stats, watch as broker_watch};

/// How long start-up waits for the broker, which may be away.
const BROKER_CHECK_WAIT: Duration = Duration::from_secs(2);

/// Most facts that wait for the relay in memory; more are left to the outbox.
const FRESH: usize = 10_000;

#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The address or the credentials are not usable.
    #[error("cannot connect to NATS at {url}: {source}")]
    Connect { url: String, source: async_nats::ConnectError },
    /// None should end before shutdown: one has panicked.
    #[error("a task of the bus has ended by itself")]
    TaskEnded,
}

/// The bus of one service: one Postgres pool, one NATS connection. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    context: Arc<Context>,
    /// Taken by the relay when the bus starts.
    fresh: Arc<Mutex<Option<mpsc::Receiver<Logged>>>>,
}

impl Bus {
    /// Opens the bus. Returns at once even when the broker is away: it connects as soon as it can.
    /// `now` is the clock, in UTC.
    ///
    /// # Errors
    /// [`BusError::Connect`]: the address or the credentials are not usable.
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
            // A connection that died silently is noticed after two missed pings.
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
                            // The server reports a forbidden publish nowhere else.
                            Event::ServerError(error) => tracing::error!(%error, "NATS refuses"),
                            event => tracing::info!(%event, "NATS"),
                        }
                    }
                }
            });
        if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
            options = options.user_and_password(user.clone(), password.expose_secret().to_owned());
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
        let (fresh, waiting) = mpsc::channel(FRESH);
        let context = Context {
            service,
            settings: settings.clone(),
            db,
            warm: Warm::default(),
            client,
            jetstream,
            now: Arc::new(now),
            process: Uuid::new_v4(),
            fresh,
            wake: Notify::new(),
            recheck,
            sweep_now: Notify::new(),
            epoch: watch::Sender::new(None),
            data_loss: watch::Sender::new(None),
            published: Mutex::default(),
            audit_now: Notify::new(),
            broker_seen: watch::Sender::new(Err("not looked yet".to_owned())),
            shutdown: CancellationToken::new(),
            relay_shutdown: CancellationToken::new(),
        };
        Ok(Self { context: Arc::new(context), fresh: Arc::new(Mutex::new(Some(waiting))) })
    }

    /// Begins a unit of work.
    ///
    /// # Errors
    /// [`Failure::Retry`]: Postgres is away, or this database [has lost data](Self::has_lost_data). Then no answer from
    /// it can be trusted, not even that something does not exist.
    pub async fn begin(&self) -> Result<Tx, Failure> {
        match self.context.data_loss() {
            Some(data_loss) => Err(Failure::Retry(data_loss)),
            None => Ok(self.context.begin().await?),
        }
    }

    /// Begins a unit of work with a question in the same message; see [`Bus::begin`].
    pub(crate) async fn begin_with(
        &self,
        question: impl FnOnce(DateTime<Utc>) -> String,
    ) -> Result<(Tx, Vec<PgRow>), Failure> {
        match self.context.data_loss() {
            Some(data_loss) => Err(Failure::Retry(data_loss)),
            None => Ok(self.context.begin_with(question).await?),
        }
    }

    /// Commits a unit of work and hands its facts to the relay.
    ///
    /// # Errors
    /// Nothing of it has happened then. [`Failure::Retry`]: Postgres is away, or the database has lost data.
    /// [`Failure::Park`]: a constraint refuses it.
    pub async fn commit(&self, tx: Tx) -> Result<(), Failure> {
        self.context.commit(tx).await
    }

    /// Starts the tasks of the bus.
    ///
    /// # Panics
    /// It is started twice.
    pub fn start<S: Send + Sync + 'static>(
        &self,
        service: Arc<S>,
        subscriptions: Subscriptions<S>,
    ) -> Running {
        let mut tasks = JoinSet::new();
        tasks.spawn(broker_watch::run(self.context.clone()));
        let mut relay = JoinSet::new();
        let fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner).take();
        relay.spawn(relay::run(self.context.clone(), fresh.expect("a bus starts once")));
        tasks.spawn(stats::run(self.context.clone()));
        let consumer =
            Consumer { context: self.context.clone(), service, subscriptions: Arc::new(subscriptions) };
        tasks.spawn(audit::run(self.context.clone()));
        tasks.spawn(control::run(consumer.clone()));
        tasks.spawn(consumer.clone().sweep());
        tasks.spawn(consumer.run());
        Running { context: self.context.clone(), tasks, relay }
    }

    /// Returns when the first check of the broker has shown whether this database still has all facts that it has
    /// published, or after two seconds where the broker is away. A service answers no request before.
    pub async fn wait_for_broker_check(&self) {
        let (mut epoch, mut data_loss) = (self.context.epoch.subscribe(), self.context.data_loss.subscribe());
        let checked = async {
            tokio::select! {
                _ = epoch.wait_for(Option::is_some) => {}
                _ = data_loss.wait_for(Option::is_some) => {}
            }
        };
        if timeout(BROKER_CHECK_WAIT, checked).await.is_err() {
            tracing::warn!("the broker is away: begun without it");
        }
    }

    /// Whether this database was found to lack facts that it has published: it was restored from too old a backup.
    pub fn has_lost_data(&self) -> bool {
        self.context.data_loss.borrow().is_some()
    }

    /// Whether the broker was usable at the last check; the error is a sentence for the operator.
    pub fn broker(&self) -> Result<(), String> {
        self.context.broker_seen.borrow().clone()
    }
}

/// The running tasks of a bus.
pub struct Running {
    context: Arc<Context>,
    tasks: JoinSet<()>,
    relay: JoinSet<()>,
}

impl Running {
    /// Stops in order: no new facts are pulled, open ones finish and are acknowledged, the relay publishes what they have
    /// appended, and the client's buffer is flushed.
    ///
    /// # Errors
    /// [`BusError::TaskEnded`]: a task has panicked. The others were still drained.
    pub async fn drain(mut self) -> Result<(), BusError> {
        self.context.shutdown.cancel();
        let mut stopped = Vec::new();
        while let Some(task) = self.tasks.join_next().await {
            stopped.push(task);
        }
        self.context.relay_shutdown.cancel();
        stopped.extend(self.relay.join_next().await);
        self.context.warm.clear();
        let flush = timeout(Duration::from_secs(2), self.context.client.flush()).await;
        if !matches!(flush, Ok(Ok(()))) {
            tracing::warn!("the broker was away at the end: unacknowledged facts will come again");
        }
        for error in stopped.iter().filter_map(|task| task.as_ref().err()) {
            tracing::error!(%error, "a task of the bus has panicked");
        }
        if stopped.iter().all(Result::is_ok) { Ok(()) } else { Err(BusError::TaskEnded) }
    }

    /// Runs until `stop` is ready, then drains.
    ///
    /// # Errors
    /// [`BusError::TaskEnded`]: the process must be restarted.
    pub async fn run_until(mut self, stop: impl Future<Output = ()>) -> Result<(), BusError> {
        let ended = tokio::select! {
            () = stop => None,
            ended = self.tasks.join_next() => ended,
            ended = self.relay.join_next() => ended,
        };
        if let Some(ended) = &ended {
            tracing::error!(?ended, "a task of the bus has ended");
        }
        let drained = self.drain().await;
        if ended.is_some() { Err(BusError::TaskEnded) } else { drained }
    }
}
