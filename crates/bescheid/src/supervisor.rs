//! The services as processes: started, watched, started again when they end, replaced, stopped.

use std::fs::OpenOptions;
use std::net::SocketAddr;
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

/// How long a service may take to stop, before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(40);

/// A service that ends this often before it is ready once will not become ready.
const STARTS: u32 = 3;

/// One running service, as operators see it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// Name of the service.
    pub name: String,
    /// Its process, while it runs.
    pub pid: Option<u32>,
    /// Resident memory in KiB, where the system tells.
    pub resident_kib: Option<u64>,
    /// Whether it says that it is ready.
    pub ready: bool,
    /// How often it was started, the first time included.
    pub starts: u32,
    /// When this process was started (UTC), while it runs.
    #[serde(default)]
    pub since: Option<DateTime<Utc>>,
}

/// The services that this process has started; none where they run in other ways.
#[derive(Default)]
pub struct Supervisor {
    /// In the order in which they were started.
    pub services: Vec<ServiceProcess>,
}

impl Supervisor {
    /// How each of them is.
    pub async fn look(&self) -> Vec<Member> {
        let mut seen = Vec::new();
        for service in &self.services {
            seen.push(service.look().await);
        }
        seen
    }

    /// Replaces one by a new process, and returns when that is ready. False: there is no such service.
    ///
    /// # Errors
    /// It could not be started, does not become ready, or everything is stopping.
    pub async fn restart(&self, name: &str) -> Result<bool> {
        let Some(service) = self.services.iter().find(|one| one.launch.service.name() == name) else {
            return Ok(false);
        };
        service.stop().await?;
        service.start_again().await?;
        service.until_ready(READY_WITHIN).await?;
        Ok(true)
    }

    /// Stops all at the same time.
    pub async fn stop(&self) {
        let stopped = self.services.iter().map(ServiceProcess::stop);
        for error in futures_util::future::join_all(stopped).await.into_iter().filter_map(Result::err) {
            tracing::warn!("{error:#}");
        }
    }
}

/// How long a service may take to become ready on a busy machine.
pub const READY_WITHIN: Duration = Duration::from_secs(60);

/// What a service process is started from.
pub struct Launch {
    /// The program `bescheid`.
    pub program: PathBuf,
    /// Which service.
    pub service: Service,
    /// Where it listens, as its settings say.
    pub listen: SocketAddr,
    /// Its settings file.
    pub config: PathBuf,
    /// The file that its output is appended to.
    pub log: PathBuf,
    /// The longest pause before one that ended by itself is started again.
    pub longest_pause: Duration,
    /// Told of each start and end.
    pub observer: Arc<dyn Observer>,
}

/// Whoever wants to know of the starts and ends of a process.
pub trait Observer: Send + Sync {
    /// It is about to be started by this command, which may be changed.
    fn starts(&self, _: &mut Command) {}
    /// It has ended; `asked`: because it was told to.
    fn ended(&self, _: ExitStatus, _asked: bool) {}
}

impl Observer for () {}

/// One service as a process, supervised by a task: if it ends by itself, it is started again.
pub struct ServiceProcess {
    launch: Arc<Launch>,
    now: Arc<Now>,
    orders: mpsc::Sender<Order>,
    client: Client<HttpConnector, Body>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Now {
    /// 0 while it is down.
    pid: AtomicU32,
    starts: AtomicU32,
    /// Seconds since 1970 (UTC).
    since: AtomicI64,
}

enum Order {
    Stop(oneshot::Sender<Result<Option<ExitStatus>>>),
    Start(oneshot::Sender<Result<()>>),
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ServiceProcess {
    /// Starts it.
    ///
    /// # Errors
    /// The log cannot be written, or the program cannot be started.
    pub async fn start(launch: Launch) -> Result<Self> {
        let (launch, now) = (Arc::new(launch), Arc::new(Now::default()));
        let first = launch.start(&now).await?;
        let (orders, inbox) = mpsc::channel(4);
        let task = tokio::spawn(supervise(launch.clone(), now.clone(), first, inbox));
        Ok(Self { launch, now, orders, client: Client::builder(TokioExecutor::new()).build_http(), task })
    }

    /// What it was started from.
    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    /// The process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        Some(self.now.pid.load(Ordering::SeqCst)).filter(|pid| *pid != 0)
    }

    /// How often it was started, the first time included.
    pub fn starts(&self) -> u32 {
        self.now.starts.load(Ordering::SeqCst)
    }

    /// Ends it in order, and leaves it down. Returns how it ended; `None` if it was down already.
    ///
    /// # Errors
    /// It cannot be signalled or waited for.
    pub async fn stop(&self) -> Result<Option<ExitStatus>> {
        self.order(Order::Stop).await
    }

    /// Starts it after [`ServiceProcess::stop`].
    ///
    /// # Errors
    /// As [`ServiceProcess::start`].
    pub async fn start_again(&self) -> Result<()> {
        self.order(Order::Start).await
    }

    async fn order<T>(&self, order: impl FnOnce(oneshot::Sender<Result<T>>) -> Order) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        // Only a supervisor that was aborted takes no order.
        self.orders.send(order(answer)).await.ok().context("everything is stopping")?;
        answered.await.context("everything is stopping")?
    }

    /// What it answers to GET `path` within two seconds.
    ///
    /// # Errors
    /// Nothing, or something other than success.
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

    /// Whether it says that it is ready.
    pub async fn is_ready(&self) -> bool {
        self.get("/readyz").await.is_ok()
    }

    /// Returns when it says that it is ready.
    ///
    /// # Errors
    /// It does not within this time, or ends again and again; with the end of its log.
    pub async fn until_ready(&self, within: Duration) -> Result<()> {
        let (deadline, starts) = (Instant::now() + within, self.starts());
        loop {
            let Err(why) = self.get("/readyz").await else { return Ok(()) };
            if Instant::now() > deadline || self.starts() > starts + STARTS {
                let Launch { service, log, .. } = &*self.launch;
                let said = log_end(log, 1);
                bail!(
                    "{service} does not become ready ({why}). It says: {said}. Its log is {}",
                    log.display()
                );
            }
            pause(Duration::from_millis(30)).await;
        }
    }

    async fn look(&self) -> Member {
        let pid = self.pid();
        Member {
            name: self.launch.service.name().to_owned(),
            pid,
            resident_kib: pid.and_then(resident_kib),
            ready: self.is_ready().await,
            starts: self.starts(),
            since: pid.and_then(|_| DateTime::from_timestamp(self.now.since.load(Ordering::SeqCst), 0)),
        }
    }
}

impl Launch {
    async fn start(&self, now: &Now) -> Result<Process> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let log = log.with_context(|| format!("cannot write {}", self.log.display()))?;
        let mut command = Command::new(&self.program);
        command
            .args(["service", self.service.name(), "--config"])
            .arg(&self.config)
            .stdout(log.try_clone()?)
            .stderr(log);
        self.observer.starts(&mut command);
        let process = Process::spawn(self.service.name(), command, Signal::TERM).await?;
        now.pid.store(process.pid().unwrap_or(0), Ordering::SeqCst);
        now.starts.fetch_add(1, Ordering::SeqCst);
        now.since.store(DateTime::<Utc>::from(SystemTime::now()).timestamp(), Ordering::SeqCst);
        Ok(process)
    }

    fn ended(&self, now: &Now, status: ExitStatus, asked: bool) {
        now.pid.store(0, Ordering::SeqCst);
        self.observer.ended(status, asked);
    }
}

async fn supervise(launch: Arc<Launch>, now: Arc<Now>, first: Process, mut inbox: mpsc::Receiver<Order>) {
    let mut process = Some(first);
    let mut backoff = Backoff::new(Duration::from_millis(100), launch.longest_pause);
    let mut began = Instant::now();
    // When one that ended by itself is started again.
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
            // Whoever gave an order may have gone away: then nobody is told what became of it.
            order = inbox.recv() => match order {
                Some(Order::Stop(answer)) => {
                    due = None;
                    let stopped = match process.take() {
                        Some(mut process) => process.stop(STOP_WITHIN).await.map(Some),
                        None => Ok(None),
                    };
                    if let Ok(Some(status)) = &stopped {
                        launch.ended(&now, *status, true);
                    }
                    drop(answer.send(stopped));
                }
                Some(Order::Start(answer)) => {
                    let started = launch.start(&now).await;
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
                        launch.ended(&now, status, false);
                    }
                    if began.elapsed() > Duration::from_secs(10) {
                        backoff.reset();
                    }
                } else {
                    began = Instant::now();
                    match launch.start(&now).await {
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

/// The last lines of a log that are not empty: the last one tells why a process ended.
pub fn log_end(log: &Path, lines: usize) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let said: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if said.is_empty() { "nothing".to_owned() } else { said[said.len().saturating_sub(lines)..].join("\n") }
}

#[expect(clippy::disallowed_methods, reason = "the interval between two looks, or a back-off")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Resident memory of a process, on Linux.
fn resident_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
