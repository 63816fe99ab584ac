//! One running service: its name, clock, keys, listening socket, background tasks, and how it ends.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{SocketAddr, TcpListener};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::budget::Budgets;
use crate::clock::Clock;
use crate::error::StartError;
use crate::health::Health;
use crate::problem::ProblemPage;
use crate::session::keys::SessionKeys;
use crate::settings::Http;
use crate::telemetry;

/// A handle of the running process; clones share it.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    name: &'static str,
    clock: Clock,
    http: Http,
    budgets: Arc<Budgets>,
    keys: SessionKeys,
    shutdown: Shutdown,
    address: SocketAddr,
    listener: Mutex<Option<TcpListener>>,
    requests: TaskTracker,
    /// Method, path and start of each open request, for the error of a drain that takes too long.
    open: Mutex<BTreeMap<u64, (String, Instant)>>,
    opened: AtomicU64,
    tasks: TaskTracker,
    running: Mutex<Vec<(&'static str, AbortHandle)>>,
    failure: Mutex<Option<StartError>>,
    health: Health,
    metrics: PrometheusHandle,
    problem_page: OnceLock<ProblemPage>,
}

impl App {
    /// A process that will serve on `listener`. Services start by [`crate::main`] instead.
    ///
    /// # Errors
    /// The operating system refuses to make the socket non-blocking, or to give its address.
    pub fn new(
        name: &'static str,
        clock: Clock,
        http: Http,
        keys: SessionKeys,
        listener: TcpListener,
    ) -> std::io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self(Arc::new(Inner {
            name,
            clock,
            budgets: Budgets::new(http.person),
            http,
            keys,
            shutdown: Shutdown::default(),
            address: listener.local_addr()?,
            listener: Mutex::new(Some(listener)),
            requests: TaskTracker::new(),
            open: Mutex::default(),
            opened: AtomicU64::new(0),
            tasks: TaskTracker::new(),
            running: Mutex::default(),
            failure: Mutex::default(),
            health: Health::default(),
            metrics: telemetry::recorder(),
            problem_page: OnceLock::new(),
        })))
    }

    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// The only clock of this process.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The keys that sign and verify sessions.
    pub fn keys(&self) -> &SessionKeys {
        &self.0.keys
    }

    /// The address it listens on, with the real port where port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// `http://127.0.0.1:port`
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    pub fn shutdown(&self) -> Shutdown {
        self.0.shutdown.clone()
    }

    /// Cancelled when no new work may be started: finish what was begun.
    pub fn draining(&self) -> CancellationToken {
        self.0.shutdown.draining.clone()
    }

    /// Cancelled when all requests are answered: background tasks finish (the relay with a last round) and return.
    pub fn stopping(&self) -> CancellationToken {
        self.0.shutdown.stopping.clone()
    }

    /// The readiness checks.
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    pub(crate) fn metrics(&self) -> &PrometheusHandle {
        &self.0.metrics
    }

    pub(crate) fn http(&self) -> &Http {
        &self.0.http
    }

    pub(crate) fn budgets(&self) -> &Arc<Budgets> {
        &self.0.budgets
    }

    /// Works on a request in a task of its own, for which the drain waits. `what` names the request in the error of a
    /// drain that takes too long.
    pub(crate) fn spawn_request<T: Send + 'static>(
        &self,
        what: String,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let open = OpenRequest { app: self.clone(), number: self.0.opened.fetch_add(1, Ordering::Relaxed) };
        self.open().insert(open.number, (what, Instant::now()));
        self.0.requests.spawn(async move {
            let _open = open;
            work.await
        })
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, (String, Instant)>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the page that shows problems to people; without it they get the JSON document. Only the first call counts.
    pub fn show_problems_with(&self, page: ProblemPage) {
        let _ = self.0.problem_page.set(page);
    }

    pub(crate) fn problem_page(&self) -> Option<&ProblemPage> {
        self.0.problem_page.get()
    }

    /// Runs `task` in the background. If it ends (by return, error or panic) before the process drains, the process
    /// drains and ends with [`StartError::Task`].
    pub fn spawn<E: Display>(
        &self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let app = self.clone();
        let watched = async move {
            let cause = match AssertUnwindSafe(task).catch_unwind().await {
                Ok(Ok(())) => "it returned".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "it panicked".to_owned(),
            };
            if app.0.shutdown.draining.is_cancelled() {
                tracing::debug!(task = name, cause, "background task ended");
                return;
            }
            tracing::error!(task = name, cause, "background task ended unexpectedly; the process stops");
            let failure = StartError::Task { name, cause };
            app.0.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
            app.0.shutdown.drain();
        };
        let span = tracing::info_span!("task", name);
        let handle = self.0.tasks.spawn(watched.instrument(span)).abort_handle();
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner).push((name, handle));
    }

    pub(crate) fn begin_serving(&self) -> Option<TcpListener> {
        self.0.shutdown.serving.store(true, Ordering::SeqCst);
        self.0.listener.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits for the requests, then for the background tasks, `not_ready_seconds` and `drain_seconds` at most from the
    /// beginning of the drain.
    pub(crate) async fn shut_down(
        &self,
        server: impl Future<Output = std::io::Result<()>>,
    ) -> Result<(), StartError> {
        let limit = Duration::from_secs(self.0.http.drain_seconds + self.0.http.not_ready_seconds);
        let end = async {
            server.await.map_err(StartError::Serve)?;
            self.0.requests.close();
            self.0.requests.wait().await;
            self.0.shutdown.stopping.cancel();
            self.0.tasks.close();
            self.0.tasks.wait().await;
            Ok(())
        };
        let late = async {
            self.0.shutdown.draining.cancelled().await;
            tracing::info!("draining");
            timer(limit).await;
        };
        let result = tokio::select! {
            result = end => result,
            () = late => Err(StartError::DrainLimit { unfinished: self.unfinished() }),
        };
        self.0.shutdown.stopping.cancel();
        for (_, task) in self.0.running.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
        match self.take_failure() {
            Some(failure) => Err(failure),
            None => result,
        }
    }

    /// The error of the background task that ended the process, if one did.
    pub(crate) fn take_failure(&self) -> Option<StartError> {
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn unfinished(&self) -> String {
        let running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        let tasks =
            running.iter().filter(|(_, task)| !task.is_finished()).map(|(name, _)| (*name).to_owned());
        let open = self.open();
        let requests = open.values().map(|(what, since)| format!("{what} ({} s)", since.elapsed().as_secs()));
        let names: Vec<String> = requests.chain(tasks).collect();
        if names.is_empty() { "open connections".to_owned() } else { names.join(", ") }
    }
}

/// Takes an open request off the list when it is dropped.
struct OpenRequest {
    app: App,
    number: u64,
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.app.open().remove(&self.number);
    }
}

#[expect(clippy::disallowed_methods, reason = "a limit in real time, not a wait for a condition")]
pub(crate) async fn timer(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Ends a process, with or without a drain.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    pub(crate) draining: CancellationToken,
    pub(crate) stopping: CancellationToken,
    pub(crate) aborted: CancellationToken,
    serving: Arc<AtomicBool>,
}

impl Shutdown {
    /// Ends the process when its open requests are answered; a process that does not serve yet ends at once.
    pub fn drain(&self) {
        self.draining.cancel();
        if !self.is_serving() {
            self.aborted.cancel();
        }
    }

    /// Whether the process has begun to accept requests.
    pub(crate) fn is_serving(&self) -> bool {
        self.serving.load(Ordering::SeqCst)
    }

    /// Returns when the process must end at once: after [`Shutdown::abort`], or [`Shutdown::drain`] while it starts.
    pub async fn aborted(&self) {
        self.aborted.cancelled().await;
    }

    /// Ends the process without waiting for open requests.
    pub fn abort(&self) {
        self.draining.cancel();
        self.aborted.cancel();
    }
}
