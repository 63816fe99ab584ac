//! The composition root: a service says what it is ([`Service`]), and [`run`] makes the process from it.
//!
//! The order is the same for all, and is what this crate is for. Nothing is said before the first look at the broker
//! has told whether the database remembers all that it has said: no call is published, no background task runs, no
//! request is answered. At the end the requests finish first, then the background tasks, then the bus, which takes
//! along what they said last.

use std::sync::Arc;

use axum::Router;
use bus::{Bus, Subscriptions};
use chassis::{Clock, Process, ServiceSettings, StartError, database};
use futures_util::future::BoxFuture;
use pages::Pages;
use sqlx::PgPool;
use tokio_util::task::TaskTracker;

/// What every service is composed of, and hands on to its handlers.
pub struct Parts {
    /// Its database, of the right schema.
    pub db: PgPool,
    /// Its way to the others, not started yet.
    pub bus: Bus,
    /// Its time.
    pub clock: Clock,
    /// The process it lives in.
    pub process: Process,
}

/// Work in the background for as long as the process lives. It ends when [`Process::draining`] is cancelled; if it
/// ends before, the process ends with an error.
pub struct Task {
    name: &'static str,
    work: BoxFuture<'static, Result<(), StartError>>,
}

impl Task {
    /// By this name in logs and errors.
    pub fn new(
        name: &'static str,
        work: impl Future<Output = Result<(), StartError>> + Send + 'static,
    ) -> Self {
        Self { name, work: Box::pin(work) }
    }
}

/// One of the five services; the value is what its handlers work with.
pub trait Service: Send + Sync + Sized + 'static {
    /// Its settings.
    type Settings: HasNats;

    /// Its name.
    const NAME: events::Service;

    /// The service from its parts.
    ///
    /// # Errors
    /// A setting it cannot work with, a message catalogue with a mistake.
    fn compose(parts: Parts, settings: Self::Settings) -> Result<Self, StartError>;

    /// Which facts it consumes, and how.
    fn subscriptions() -> Subscriptions<Self>;

    /// Its pages' messages and layout.
    fn pages(&self) -> &Pages;

    /// Its pages and its API.
    fn routes(self: Arc<Self>) -> Router;

    /// What it does before it answers its first request: the only other place where something may be said.
    ///
    /// # Errors
    /// Why it cannot begin.
    fn begin(&self) -> impl Future<Output = Result<(), StartError>> + Send {
        async { Ok(()) }
    }

    /// What it does in the background.
    fn tasks(self: Arc<Self>, process: &Process) -> Vec<Task> {
        let _ = process;
        Vec::new()
    }
}

/// Settings with a section `[nats]`.
pub trait HasNats: ServiceSettings {
    /// `[nats]`
    fn nats(&self) -> &bus::Settings;
}

/// Runs the service `S` until its process has drained.
///
/// # Errors
/// What keeps it from starting: Postgres refuses, the schema is too old, a setting cannot be used. A background task
/// that ended by itself, and an end that took longer than its limit.
pub async fn run<S: Service>(process: Process, settings: S::Settings) -> Result<(), StartError> {
    let db = database::connect(settings.database()).await?;
    database::check_schema(&db, &S::Settings::migrators()).await?;
    let clock = process.clock().clone();
    let now = clock.clone();
    let bus = Bus::connect(S::NAME, settings.nats(), db.clone(), move || now.now())
        .await
        .map_err(StartError::other("connect to NATS"))?;
    watch(&process, &db, &bus);
    let service =
        Arc::new(S::compose(Parts { db, bus: bus.clone(), clock, process: process.clone() }, settings)?);

    let running = bus.start(service.clone(), S::subscriptions());
    let (stopping, tasks) = (process.stopping(), TaskTracker::new());
    let others = tasks.clone();
    process.spawn(
        "bus",
        running.run_until(async move {
            stopping.cancelled().await;
            others.close();
            others.wait().await;
        }),
    );
    bus.first_look().await;
    service.begin().await?;
    for task in service.clone().tasks(&process) {
        process.spawn(task.name, tasks.track_future(task.work));
    }
    let routes = service.pages().around(&process, service.clone().routes());
    chassis::http::serve(process, routes).await
}

/// What `/health/ready` asks.
fn watch(process: &Process, db: &PgPool, bus: &Bus) {
    let (db, bus) = (db.clone(), bus.clone());
    process.health().check("postgres", move || {
        let db = db.clone();
        async move { database::answers(&db).await }
    });
    process.health().check("nats", move || {
        let seen = bus.broker().map(|()| "connected".to_owned());
        async move { seen }
    });
}
