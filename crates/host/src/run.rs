//! How a service starts and stops.
//!
//! It starts in this order:
//! 1. Arguments, settings and log are read, and the socket is opened: early clients wait in its queue
//!    ([`chassis::main_with`]).
//! 2. Postgres is connected and its schema is checked; the connection to NATS is opened, which may be away.
//! 3. The service is made from these parts ([`Service::compose`]), and its bus starts.
//! 4. The first check of the broker shows whether the database still has all facts that it has published; where the
//!    broker is away, this waits for two seconds only.
//! 5. [`Service::begin`], the background tasks, and at last HTTP.
//!
//! It stops on SIGTERM in this order, all within `not_ready_seconds` and `drain_seconds`; a second signal ends it at
//! once:
//! 1. `/readyz` says that it is not ready. The socket stays open for `not_ready_seconds`, until load balancers know.
//! 2. No more requests are accepted; open ones are answered. Sweeps end.
//! 3. The service's background tasks end.
//! 4. The bus pulls no more facts, finishes and acknowledges those it has, publishes what they and the requests have
//!    appended, and closes its connection ([`bus::Running::drain`]).
//!
//! What is cut off by the limit, a crash or `kill -9` is rolled back. Facts not acknowledged are redelivered after 30
//! seconds, or by the next process; facts committed and not published wait in the outbox for any replica's relay.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use bus::Bus;
use chassis::{App, ServiceSettings, StartError, database};
use sqlx::PgPool;
use tokio_util::task::TaskTracker;

use crate::idempotent;
use crate::service::{Parts, Service};
use crate::settings::HasNats;

/// `main` of the service `S`, with this process's arguments.
pub fn main<S: Service>() -> ExitCode {
    main_with::<S>(std::env::args_os().skip(1))
}

/// As [`main`], with the given arguments (without the program's name).
pub fn main_with<S: Service>(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    chassis::main_with(S::NAME.name(), arguments, run::<S>)
}

/// Runs the service `S` until its process has drained.
///
/// # Errors
/// It cannot start: Postgres refuses, the schema is too old, or a setting cannot be used. A background task has ended
/// by itself. The drain has taken longer than its limit.
pub async fn run<S: Service>(app: App, settings: S::Settings) -> Result<(), StartError> {
    let service = start::<S>(&app, settings).await?;
    serve(app, service).await
}

/// The first half of [`run`], everything up to the first request, for callers that need the running service.
///
/// # Errors
/// As [`run`].
pub async fn start<S: Service>(app: &App, settings: S::Settings) -> Result<Arc<S>, StartError> {
    let db = database::connect(settings.database()).await?;
    database::check_schema(&db, &S::Settings::migrators()).await?;
    let clock = app.clock().clone();
    let now = clock.clone();
    let bus = Bus::connect(S::NAME, settings.nats(), db.clone(), move || now.now())
        .await
        .map_err(StartError::other("connect to NATS"))?;
    check_readiness(app, &db, &bus);
    let parts = Parts { db: db.clone(), bus: bus.clone(), clock, app: app.clone() };
    let service = Arc::new(S::compose(parts, settings)?);

    let running = bus.start(service.clone(), S::subscriptions());
    let (stopping, tasks) = (app.stopping(), TaskTracker::new());
    let others = tasks.clone();
    app.spawn(
        "bus",
        running.run_until(async move {
            stopping.cancelled().await;
            others.close();
            others.wait().await;
        }),
    );
    bus.wait_for_broker_check().await;
    service.begin().await?;
    let pruning = idempotent::prune_until(db, app.clock().clone(), app.draining());
    app.spawn("pruning", tasks.track_future(pruning));
    for task in service.clone().tasks(app) {
        app.spawn(task.name, tasks.track_future(task.work));
    }
    Ok(service)
}

/// The second half of [`run`]: answers requests until the process has drained.
///
/// # Errors
/// As [`run`].
pub async fn serve<S: Service>(app: App, service: Arc<S>) -> Result<(), StartError> {
    let routes = service.pages().around(&app, service.clone().routes());
    chassis::http::serve(app, routes).await
}

/// The checks behind `/readyz`.
fn check_readiness(app: &App, db: &PgPool, bus: &Bus) {
    let (db, bus) = (db.clone(), bus.clone());
    app.health().check("postgres", move || {
        let db = db.clone();
        async move { database::answers(&db).await }
    });
    app.health().check("nats", move || {
        let seen = bus.broker().map(|()| "connected".to_owned());
        async move { seen }
    });
}
