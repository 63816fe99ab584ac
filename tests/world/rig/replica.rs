//! One replica of a service as a process; one that dies is started again.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use events::Service;
use local::{Process, Signal};
use rustix::process::{Pid, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::program;

/// How long a process may take to end in order.
const STOP_WITHIN: Duration = Duration::from_secs(40);

enum Order {
    /// Ends it in order, and leaves it down.
    Stop(oneshot::Sender<ExitStatus>),
    /// Starts it again after [`Order::Stop`].
    Start(oneshot::Sender<()>),
}

/// A replica.
pub struct Replica {
    /// Which service it is.
    pub service: Service,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its settings.
    pub config: PathBuf,
    /// What it says.
    pub log: PathBuf,
    shared: Arc<Shared>,
    orders: mpsc::Sender<Order>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    pid: AtomicU32,
    starts: AtomicUsize,
    kills: AtomicUsize,
    /// Ends that nobody had asked for and that were no kill.
    falls: Mutex<Vec<String>>,
    /// Steps to arm (`BESCHEID_STEP`), one list for each start.
    steps: Mutex<VecDeque<String>>,
    /// Environment of every start.
    environment: Vec<(String, String)>,
    duplicates: Duplicates,
    down: AtomicBool,
}

/// The counter of one process starts at 0: what earlier ones had counted is kept.
#[derive(Default)]
struct Duplicates {
    before: AtomicU32,
    now: AtomicU32,
}

impl Replica {
    pub(super) async fn start(
        service: Service,
        port: u16,
        config: PathBuf,
        environment: Vec<(String, String)>,
        steps: Vec<String>,
    ) -> Self {
        let (orders, inbox) = mpsc::channel(4);
        let shared = Arc::new(Shared { environment, steps: Mutex::new(steps.into()), ..Shared::default() });
        let log = config.with_extension("log");
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let launch =
            Launch { service, listen, config: config.clone(), log: log.clone(), shared: shared.clone() };
        let first = launch.start().await;
        let task = tokio::spawn(supervise(launch, first, inbox));
        Self { service, listen, config, log, shared, orders, task }
    }

    /// Its process id; none while it is down.
    pub fn pid(&self) -> Option<i32> {
        i32::try_from(self.shared.pid.load(Ordering::SeqCst)).ok().filter(|pid| *pid != 0)
    }

    /// A signal for its process; nothing where it is down.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid().and_then(Pid::from_raw) {
            // It may have ended a moment ago.
            let _ = kill_process(pid, signal);
        }
    }

    /// Whether its process is stopped (SIGSTOP), as the system says.
    pub fn stands_still(&self) -> bool {
        let Some(pid) = self.pid() else { return false };
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| line.starts_with("State:") && line.contains("T (stopped)"))
    }

    /// How often it was killed.
    pub fn kills(&self) -> usize {
        self.shared.kills.load(Ordering::SeqCst)
    }

    /// How often it was started.
    pub fn starts(&self) -> usize {
        self.shared.starts.load(Ordering::SeqCst)
    }

    /// Ends that were neither asked for nor a kill, with the last line of its log.
    pub fn falls(&self) -> Vec<String> {
        self.shared.falls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// No further start is armed.
    pub fn disarm(&self) {
        self.shared.steps.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Facts it has consumed more than once, as it counts them itself.
    pub fn duplicates(&self) -> usize {
        let Duplicates { before, now } = &self.shared.duplicates;
        (before.load(Ordering::SeqCst) + now.load(Ordering::SeqCst)) as usize
    }

    /// Ends it in order, and leaves it down. Returns how it ended.
    pub async fn stop(&self) -> ExitStatus {
        let (answer, answered) = oneshot::channel();
        assert!(self.orders.send(Order::Stop(answer)).await.is_ok(), "{} is supervised", self.service);
        answered.await.expect("an answer")
    }

    /// Starts it again after [`Replica::stop`].
    pub async fn go_on(&self) {
        let (answer, answered) = oneshot::channel();
        assert!(self.orders.send(Order::Start(answer)).await.is_ok(), "{} is supervised", self.service);
        answered.await.expect("an answer");
    }

    /// Whether it says that it is ready.
    pub async fn is_ready(&self) -> bool {
        ask(self.listen, "/readyz").await.is_some_and(|answer| answer.starts_with("HTTP/1.0 200"))
    }

    /// What it measures.
    pub async fn metrics(&self) -> Option<String> {
        ask(self.listen, "/metrics").await
    }

    pub(super) async fn end(&self) {
        if !self.shared.down.load(Ordering::SeqCst) {
            self.signal(Signal::CONT);
            self.stop().await;
        }
        self.task.abort();
    }
}

struct Launch {
    service: Service,
    listen: SocketAddr,
    config: PathBuf,
    log: PathBuf,
    shared: Arc<Shared>,
}

impl Launch {
    async fn start(&self) -> Process {
        let log = OpenOptions::new().create(true).append(true).open(&self.log).expect("a log");
        let mut command = Command::new(program());
        command
            .args(["service", self.service.name(), "--config"])
            .arg(&self.config)
            .envs(self.shared.environment.iter().cloned())
            .env_remove(bus::step::VARIABLE)
            .stdout(log.try_clone().expect("the same log"))
            .stderr(log);
        let armed = self.shared.steps.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        if let Some(steps) = armed.filter(|steps| !steps.is_empty()) {
            command.env(bus::step::VARIABLE, steps);
        }
        let process = Process::spawn(self.service.name(), command, Signal::TERM).await.expect("a process");
        self.shared.pid.store(process.pid().unwrap_or(0), Ordering::SeqCst);
        self.shared.starts.fetch_add(1, Ordering::SeqCst);
        process
    }

    fn ended(&self, status: ExitStatus) {
        self.shared.pid.store(0, Ordering::SeqCst);
        let Duplicates { before, now } = &self.shared.duplicates;
        before.fetch_add(now.swap(0, Ordering::SeqCst), Ordering::SeqCst);
        if status.signal() == Some(Signal::KILL.as_raw()) {
            self.shared.kills.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn fell(&self, status: ExitStatus) {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last = said.lines().last().unwrap_or_default();
        let fall = format!("{} ended by itself: {status}; {last}", self.service);
        self.shared.falls.lock().unwrap_or_else(PoisonError::into_inner).push(fall);
    }

    /// The counters of a process die with it: they are read now and then.
    async fn sample(&self) {
        let Some(text) = ask(self.listen, "/metrics").await else { return };
        let duplicates = metric(&text, "bus_consumed_total", "verdict=\"duplicate\"");
        self.shared.duplicates.now.store(duplicates as u32, Ordering::SeqCst);
    }
}

/// The sum of a counter over its labels, of those lines that hold `label`.
pub fn metric(text: &str, name: &str, label: &str) -> f64 {
    let lines = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

async fn supervise(launch: Launch, first: Process, mut inbox: mpsc::Receiver<Order>) {
    let mut process = Some(first);
    let mut samples = interval(Duration::from_millis(500));
    samples.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let exited = async {
            match &mut process {
                Some(process) => process.exited().await.expect("an end"),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            status = exited => {
                launch.ended(status);
                if status.signal() != Some(Signal::KILL.as_raw()) {
                    launch.fell(status);
                }
                process = Some(launch.start().await);
            }
            order = inbox.recv() => match order {
                Some(Order::Stop(answer)) => {
                    launch.sample().await;
                    let Some(mut stopping) = process.take() else { continue };
                    let status = stopping.stop(STOP_WITHIN).await.expect("an end");
                    launch.ended(status);
                    launch.shared.down.store(true, Ordering::SeqCst);
                    // Who asked may be gone.
                    let _ = answer.send(status);
                }
                Some(Order::Start(answer)) => {
                    process = Some(launch.start().await);
                    launch.shared.down.store(false, Ordering::SeqCst);
                    let _ = answer.send(());
                }
                None => return,
            },
            _ = samples.tick() => launch.sample().await,
        }
    }
}

/// One request by hand: head and body of the answer, or none.
async fn ask(address: SocketAddr, path: &str) -> Option<String> {
    let asked = async {
        let mut socket = TcpStream::connect(address).await.ok()?;
        socket.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.ok()?;
        Some(answer)
    };
    timeout(Duration::from_secs(2), asked).await.ok().flatten()
}
