//! The five services as processes: started, watched, replaced, stopped.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use axum::body::Body;
use chrono::{DateTime, Utc};
use events::Service;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local::{Process, Signal};
use tokio::process::Command;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::folder::{Folder, last_line};
use crate::front::{Fleet, Member};

/// How long a service may take to become ready, and to stop.
const READY_WITHIN: Duration = Duration::from_secs(60);
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// One supervised service.
struct Supervised {
    service: Service,
    listen: SocketAddr,
    pid: Arc<AtomicU32>,
    starts: Arc<AtomicU32>,
    /// Seconds since 1970 (UTC).
    since: Arc<AtomicI64>,
    orders: mpsc::Sender<Order>,
    task: JoinHandle<()>,
}

enum Order {
    Restart(oneshot::Sender<Result<()>>),
    Stop,
}

/// All five.
pub struct Members {
    all: Vec<Supervised>,
    folder: Arc<Folder>,
    client: Client<HttpConnector, Body>,
}

impl Members {
    /// Starts a service for each settings file.
    pub async fn start(folder: &Arc<Folder>, settings: Vec<(Service, SocketAddr, PathBuf)>) -> Result<Self> {
        let mut all = Vec::new();
        for (service, listen, config) in settings {
            all.push(Supervised::start(folder.clone(), service, listen, config).await?);
        }
        Ok(Self { all, folder: folder.clone(), client: Client::builder(TokioExecutor::new()).build_http() })
    }

    /// Returns when the service says that it is ready.
    pub async fn ready(&self, service: Service) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            match self.is_ready(service).await {
                Ok(()) => return Ok(()),
                Err(why) if Instant::now() > deadline || self.fails_to_start(service) => {
                    let log = self.folder.at(&format!("log/{service}.log"));
                    let said = last_line(&log);
                    bail!(
                        "{service} does not become ready ({why}). It says: {said}. Its log is {}",
                        log.display()
                    )
                }
                Err(_) => pause(Duration::from_millis(30)).await,
            }
        }
    }

    /// Whether it has ended several times before it was ready once.
    fn fails_to_start(&self, service: Service) -> bool {
        self.find(service.name()).is_some_and(|member| member.starts.load(Ordering::SeqCst) > 3)
    }

    async fn is_ready(&self, service: Service) -> Result<()> {
        let member = self.find(service.name()).context("a service of this set")?;
        let uri = format!("http://{}/readyz", member.listen).parse()?;
        let response = timeout(Duration::from_secs(2), self.client.get(uri)).await??;
        if !response.status().is_success() {
            bail!("it answers {}", response.status());
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Option<&Supervised> {
        self.all.iter().find(|member| member.service.name() == name)
    }

    /// Stops all, at the same time.
    pub async fn stop(&self) {
        for member in &self.all {
            // A supervisor that is gone has no process left.
            drop(member.orders.send(Order::Stop).await);
        }
        let deadline = Instant::now() + STOP_WITHIN + Duration::from_secs(5);
        for member in &self.all {
            while !member.task.is_finished() && Instant::now() < deadline {
                pause(Duration::from_millis(10)).await;
            }
        }
    }
}

impl Fleet for Members {
    fn look(&self) -> crate::front::Soon<'_, Vec<Member>> {
        Box::pin(async move {
            let mut seen = Vec::new();
            for member in &self.all {
                let pid = Some(member.pid.load(Ordering::SeqCst)).filter(|pid| *pid != 0);
                seen.push(Member {
                    name: member.service.name().to_owned(),
                    pid,
                    resident_kib: pid.and_then(resident_kib),
                    ready: self.is_ready(member.service).await.is_ok(),
                    starts: member.starts.load(Ordering::SeqCst),
                    since: pid.and_then(|_| DateTime::from_timestamp(member.since.load(Ordering::SeqCst), 0)),
                });
            }
            seen
        })
    }

    fn restart<'a>(&'a self, name: &'a str) -> crate::front::Soon<'a, Result<bool>> {
        Box::pin(async move {
            let Some(member) = self.find(name) else { return Ok(false) };
            let (answer, answered) = oneshot::channel();
            member.orders.send(Order::Restart(answer)).await.context("the set is stopping")?;
            answered.await.context("the set is stopping")??;
            self.ready(member.service).await?;
            Ok(true)
        })
    }
}

impl Supervised {
    async fn start(
        folder: Arc<Folder>,
        service: Service,
        listen: SocketAddr,
        config: PathBuf,
    ) -> Result<Self> {
        let (orders, inbox) = mpsc::channel(4);
        let pid = Arc::new(AtomicU32::new(0));
        let starts = Arc::new(AtomicU32::new(0));
        let since = Arc::new(AtomicI64::new(0));
        let launch = Launch {
            folder,
            service,
            config,
            pid: pid.clone(),
            starts: starts.clone(),
            since: since.clone(),
        };
        let first = launch.start().await?;
        let task = tokio::spawn(supervise(launch, first, inbox));
        Ok(Self { service, listen, pid, starts, since, orders, task })
    }
}

struct Launch {
    folder: Arc<Folder>,
    service: Service,
    config: PathBuf,
    pid: Arc<AtomicU32>,
    starts: Arc<AtomicU32>,
    since: Arc<AtomicI64>,
}

impl Launch {
    /// This very program once more, as one service.
    async fn start(&self) -> Result<Process> {
        let log = self.folder.log(self.service.name())?;
        let mut command =
            Command::new(std::env::current_exe().context("cannot find this program's own file")?);
        command
            .args(["service", self.service.name(), "--config"])
            .arg(&self.config)
            .stdout(log.try_clone()?)
            .stderr(log);
        let process = Process::spawn(self.service.name(), command, Signal::TERM).await?;
        self.pid.store(process.pid().unwrap_or(0), Ordering::SeqCst);
        self.starts.fetch_add(1, Ordering::SeqCst);
        let now: DateTime<Utc> = SystemTime::now().into();
        self.since.store(now.timestamp(), Ordering::SeqCst);
        Ok(process)
    }
}

/// Keeps one service running until it is told to stop. One that ends by itself is started again.
async fn supervise(launch: Launch, first: Process, mut inbox: mpsc::Receiver<Order>) {
    let mut process = first;
    let mut delay = Duration::from_millis(100);
    loop {
        let began = Instant::now();
        tokio::select! {
            order = inbox.recv() => {
                if let Err(error) = process.stop(STOP_WITHIN).await {
                    tracing::warn!(service = %launch.service, %error, "cannot be stopped");
                }
                match order {
                    Some(Order::Restart(answer)) => {
                        let started = launch.start().await;
                        let stopped = started.is_err();
                        // Who asked may have gone away.
                        drop(answer.send(started.map(|new| process = new)));
                        if stopped {
                            return;
                        }
                    }
                    Some(Order::Stop) | None => return,
                }
            }
            status = process.exited() => {
                launch.pid.store(0, Ordering::SeqCst);
                tracing::warn!(service = %launch.service, ?status, "ended by itself; starting it again");
                if began.elapsed() > Duration::from_secs(10) {
                    delay = Duration::from_millis(100);
                }
                loop {
                    pause(delay).await;
                    delay = (delay * 2).min(Duration::from_secs(5));
                    match launch.start().await {
                        Ok(new) => break process = new,
                        Err(error) => tracing::error!(service = %launch.service, %error, "cannot be started"),
                    }
                }
            }
        }
    }
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
