//! Runs the services as processes: starts, watches, restarts, replaces and stops them.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use axum::body::Body;
use bus::Backoff;
use chrono::{DateTime, Utc};
use events::Service;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local::{Process, Signal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::process::Command;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

/// How long a service may take to stop before it is killed.
const STOP_DEADLINE: Duration = Duration::from_secs(40);

/// After this many unexpected ends without being ready, a service counts as failed.
const MAX_FAILED_STARTS: u32 = 3;

/// A service, as operators see it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// Name of the service.
    pub name: String,
    /// Process id; null while it is down.
    pub pid: Option<u32>,
    /// Resident memory in KiB; null where the system does not report it.
    pub resident_kib: Option<u64>,
    /// Whether it reports that it is ready.
    pub ready: bool,
    /// How often it was started, including the first time.
    pub starts: u32,
    /// When this process was started, UTC; null while it is down.
    #[serde(default)]
    pub since: Option<DateTime<Utc>>,
}

/// The services that this process has started; empty if something else runs them.
#[derive(Default)]
pub struct Supervisor {
    /// In the order in which they were started.
    pub services: Vec<ServiceProcess>,
}

impl Supervisor {
    /// The state of each service.
    pub async fn members(&self) -> Vec<Member> {
        let mut seen = Vec::new();
        for service in &self.services {
            seen.push(service.member().await);
        }
        seen
    }

    /// Replaces a service by a new process, and waits until that is ready. `false`: there is no such service.
    ///
    /// # Errors
    /// It cannot be started or does not become ready, or everything is stopping.
    pub async fn restart(&self, name: &str) -> Result<bool> {
        let Some(service) = self.services.iter().find(|one| one.launch.service.name() == name) else {
            return Ok(false);
        };
        service.stop().await?;
        service.start_again().await?;
        service.until_ready(READY_DEADLINE).await?;
        Ok(true)
    }

    /// Stops all at once; failures are logged.
    pub async fn stop(&self) {
        let stopped = self.services.iter().map(ServiceProcess::stop);
        for error in futures_util::future::join_all(stopped).await.into_iter().filter_map(Result::err) {
            tracing::warn!("{error:#}");
        }
    }
}

/// How long a service may take to become ready on a busy machine.
pub const READY_DEADLINE: Duration = Duration::from_secs(60);

/// How to start a service process.
pub struct Launch {
    /// Path of the program `bescheid`.
    pub program: PathBuf,
    pub service: Service,
    /// Its address, as in its settings.
    pub listen: SocketAddr,
    /// Its settings file.
    pub config: PathBuf,
    /// The file that its output is appended to.
    pub log: PathBuf,
    /// Upper limit of the back-off before it is restarted.
    pub longest_pause: Duration,
    pub observer: Arc<dyn Observer>,
}

/// Is called when a process starts and ends.
pub trait Observer: Send + Sync {
    /// Before it is started by this command, which may be changed.
    fn starts(&self, _: &mut Command) {}
    /// After it has ended; `asked` if it was stopped on purpose.
    fn ended(&self, _: ExitStatus, _asked: bool) {}
}

impl Observer for () {}

/// A service as a process, supervised by a task that restarts it when it ends unexpectedly.
pub struct ServiceProcess {
    launch: Arc<Launch>,
    state: Arc<ProcessState>,
    requests: mpsc::Sender<Request>,
    client: Client<HttpConnector, Body>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct ProcessState {
    /// 0 while it is down.
    pid: AtomicU32,
    starts: AtomicU32,
    /// Seconds since 1970 (UTC).
    since: AtomicI64,
}

enum Request {
    Stop(oneshot::Sender<Result<Option<ExitStatus>>>),
    Start(oneshot::Sender<Result<()>>),
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ServiceProcess {
    /// # Errors
    /// The log cannot be written, or the program cannot be started.
    pub async fn start(launch: Launch) -> Result<Self> {
        let (launch, state) = (Arc::new(launch), Arc::new(ProcessState::default()));
        let first = launch.start(&state).await?;
        let (requests, inbox) = mpsc::channel(4);
        let task = tokio::spawn(supervise(launch.clone(), state.clone(), first, inbox));
        Ok(Self { launch, state, requests, client: Client::builder(TokioExecutor::new()).build_http(), task })
    }

    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    /// Process id; `None` while it is down.
    pub fn pid(&self) -> Option<u32> {
        Some(self.state.pid.load(Ordering::SeqCst)).filter(|pid| *pid != 0)
    }

    /// How often it was started, including the first time.
    pub fn starts(&self) -> u32 {
        self.state.starts.load(Ordering::SeqCst)
    }

    /// Stops it gracefully and leaves it down. Returns its exit status; `None` if it was down already.
    ///
    /// # Errors
    /// It cannot be signalled or waited for.
    pub async fn stop(&self) -> Result<Option<ExitStatus>> {
        self.request(Request::Stop).await
    }

    /// Starts it after [`ServiceProcess::stop`].
    ///
    /// # Errors
    /// As [`ServiceProcess::start`].
    pub async fn start_again(&self) -> Result<()> {
        self.request(Request::Start).await
    }

    async fn request<T>(&self, request: impl FnOnce(oneshot::Sender<Result<T>>) -> Request) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        // This fails only if the supervising task was aborted.
        self.requests.send(request(answer)).await.ok().context("everything is stopping")?;
        answered.await.context("everything is stopping")?
    }

    /// The body of GET `path`.
    ///
    /// # Errors
    /// No answer within two seconds, or no success.
    pub async fn get(&self, path: &str) -> Result<String> {
        let uri = format!("http://{}{path}", self.launch.listen).parse()?;
        let answer = async {
            let response = self.client.get(uri).await?;
            let status = response.status();
            let body = response.into_body().collect().await?.to_bytes();
            if !status.is_success() {
                bail!("it answers {status}");
            }
            Ok(String::from_utf8_lossy(&body).into_owned())
        };
        timeout(Duration::from_secs(2), answer).await?
    }

    /// Whether it reports that it is ready.
    pub async fn is_ready(&self) -> bool {
        self.get("/readyz").await.is_ok()
    }

    /// Waits until it reports that it is ready.
    ///
    /// # Errors
    /// It does not within this time, or ends again and again. The error contains the end of its log.
    pub async fn until_ready(&self, within: Duration) -> Result<()> {
        let (deadline, starts) = (Instant::now() + within, self.starts());
        loop {
            let Err(why) = self.get("/readyz").await else { return Ok(()) };
            if Instant::now() > deadline || self.starts() > starts + MAX_FAILED_STARTS {
                let Launch { service, log, .. } = &*self.launch;
                let ending = log_end(log, 1);
                bail!(
                    "{service} does not become ready ({why}). It says: {ending}. Its log is {}",
                    log.display()
                );
            }
            pause(Duration::from_millis(30)).await;
        }
    }

    async fn member(&self) -> Member {
        let pid = self.pid();
        Member {
            name: self.launch.service.name().to_owned(),
            pid,
            resident_kib: pid.and_then(resident_kib),
            ready: self.is_ready().await,
            starts: self.starts(),
            since: pid.and_then(|_| DateTime::from_timestamp(self.state.since.load(Ordering::SeqCst), 0)),
        }
    }
}

impl Launch {
    async fn start(&self, state: &ProcessState) -> Result<Process> {
        let log = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.log);
        let log = log.with_context(|| format!("cannot write {}", self.log.display()))?;
        let mut command = Command::new(&self.program);
        command
            .args(["service", self.service.name(), "--config"])
            .arg(&self.config)
            .stdout(log.try_clone()?)
            .stderr(log);
        self.observer.starts(&mut command);
        let process = Process::spawn(self.service.name(), command, Signal::TERM).await?;
        state.pid.store(process.pid().unwrap_or(0), Ordering::SeqCst);
        state.starts.fetch_add(1, Ordering::SeqCst);
        state.since.store(DateTime::<Utc>::from(SystemTime::now()).timestamp(), Ordering::SeqCst);
        Ok(process)
    }

    fn ended(&self, state: &ProcessState, status: ExitStatus, asked: bool) {
        state.pid.store(0, Ordering::SeqCst);
        self.observer.ended(status, asked);
    }
}

async fn supervise(
    launch: Arc<Launch>,
    state: Arc<ProcessState>,
    first: Process,
    mut inbox: mpsc::Receiver<Request>,
) {
    let mut process = Some(first);
    let mut backoff = Backoff::new(Duration::from_millis(100), launch.longest_pause);
    let mut began = Instant::now();
    // When to restart a process that ended unexpectedly.
    let mut due = None;
    loop {
        let next = async {
            match (&mut process, due) {
                (Some(process), _) => Some(process.exited().await),
                (None, Some(due)) => {
                    sleep_until(due).await;
                    None
                }
                (None, None) => std::future::pending().await,
            }
        };
        tokio::select! {
            // Answers are dropped if the caller no longer waits.
            request = inbox.recv() => match request {
                Some(Request::Stop(answer)) => {
                    due = None;
                    let stopped = match process.take() {
                        Some(mut process) => process.stop(STOP_DEADLINE).await.map(Some),
                        None => Ok(None),
                    };
                    if let Ok(Some(status)) = &stopped {
                        launch.ended(&state, *status, true);
                    }
                    drop(answer.send(stopped));
                }
                Some(Request::Start(answer)) => {
                    let started = launch.start(&state).await;
                    began = Instant::now();
                    drop(answer.send(started.map(|new| process = Some(new))));
                }
                None => return,
            },
            ended = next => {
                process = None;
                let service = launch.service;
                if let Some(status) = ended {
                    tracing::warn!(%service, ?status, "ended by itself; starting it again");
                    if let Ok(status) = status {
                        launch.ended(&state, status, false);
                    }
                    if began.elapsed() > Duration::from_secs(10) {
                        backoff.reset();
                    }
                } else {
                    began = Instant::now();
                    match launch.start(&state).await {
                        Ok(new) => {
                            (process, due) = (Some(new), None);
                            continue;
                        }
                        Err(error) => tracing::error!(%service, %error, "cannot be started"),
                    }
                }
                due = Some(Instant::now() + backoff.next());
            }
        }
    }
}

/// The last non-empty lines of a log, which usually contain the reason why a process ended.
pub fn log_end(log: &Path, lines: usize) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let kept: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if kept.is_empty() { "nothing".to_owned() } else { kept[kept.len().saturating_sub(lines)..].join("\n") }
}

#[expect(clippy::disallowed_methods, reason = "the interval between two looks, or a back-off")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Resident memory of a process in KiB; `None` except on Linux.
fn resident_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
