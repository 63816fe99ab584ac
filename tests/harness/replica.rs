//! One replica of a service as a process, and the history of its starts and ends.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bescheid::supervisor::{Launch, Observer, ServiceProcess, log_end};
use events::Service;
use local::Signal;
use rustix::process::{Pid, kill_process};
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::program;

pub struct Replica {
    pub service: Service,
    /// The address on which it listens.
    pub listen: SocketAddr,
    /// The file with its log.
    pub log: PathBuf,
    process: Arc<ServiceProcess>,
    lives: Arc<Lives>,
    counting: JoinHandle<()>,
}

/// The history of a replica's processes.
#[derive(Default)]
struct Lives {
    log: PathBuf,
    kills: AtomicUsize,
    /// Ends without a stop or a kill, as sentences.
    crashes: Mutex<Vec<String>>,
    /// Steps to arm (`BESCHEID_STEP`), one list for each start.
    steps: Mutex<VecDeque<String>>,
    /// Environment variables of every start.
    environment: Vec<(String, String)>,
    /// Number of facts consumed more than once, by processes that have ended and by the one that runs: its own
    /// counter ends with it.
    duplicates_before: AtomicU32,
    duplicates_now: AtomicU32,
}

impl Observer for Lives {
    fn starts(&self, command: &mut Command) {
        command.envs(self.environment.iter().cloned()).env_remove(bus::step::VARIABLE);
        let armed = self.steps.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        if let Some(steps) = armed.filter(|steps| !steps.is_empty()) {
            command.env(bus::step::VARIABLE, steps);
        }
    }

    fn ended(&self, status: ExitStatus, asked: bool) {
        self.duplicates_before.fetch_add(self.duplicates_now.swap(0, Ordering::SeqCst), Ordering::SeqCst);
        if status.signal() == Some(Signal::KILL.as_raw()) {
            self.kills.fetch_add(1, Ordering::SeqCst);
        } else if !asked {
            let crash =
                format!("{} ended by itself: {status}; {}", self.log.display(), log_end(&self.log, 1));
            self.crashes.lock().unwrap_or_else(PoisonError::into_inner).push(crash);
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.counting.abort();
    }
}

impl Replica {
    pub(crate) async fn start(
        service: Service,
        listen: SocketAddr,
        config: PathBuf,
        environment: Vec<(String, String)>,
        steps: Vec<String>,
    ) -> Self {
        let log = config.with_extension("log");
        let lives = Arc::new(Lives {
            log: log.clone(),
            environment,
            steps: Mutex::new(steps.into()),
            ..Lives::default()
        });
        let launch = Launch {
            program: program(),
            service,
            listen,
            config,
            log: log.clone(),
            longest_pause: Duration::from_millis(100),
            observer: lives.clone(),
        };
        let process = Arc::new(ServiceProcess::start(launch).await.expect("a process"));
        let counting = tokio::spawn(count(process.clone(), lives.clone()));
        Self { service, listen, log, process, lives, counting }
    }

    /// Sends a signal to the process, if it runs.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid().and_then(Pid::from_raw) {
            // The process may just have ended.
            let _ = kill_process(pid, signal);
        }
    }

    fn pid(&self) -> Option<i32> {
        self.process.pid().and_then(|pid| i32::try_from(pid).ok())
    }

    /// Whether the process is stopped by SIGSTOP.
    pub fn stands_still(&self) -> bool {
        let Some(pid) = self.pid() else { return false };
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| line.starts_with("State:") && line.contains("T (stopped)"))
    }

    pub fn kills(&self) -> usize {
        self.lives.kills.load(Ordering::SeqCst)
    }

    pub fn starts(&self) -> u32 {
        self.process.starts()
    }

    /// Ends without a stop or a kill, as sentences with the last line of the log.
    pub fn crashes(&self) -> Vec<String> {
        self.lives.crashes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Arms no steps in further starts.
    pub fn disarm(&self) {
        self.lives.steps.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Number of facts that were delivered after they had taken effect, by the replica's own metric.
    pub fn duplicates(&self) -> usize {
        let Lives { duplicates_before, duplicates_now, .. } = &*self.lives;
        (duplicates_before.load(Ordering::SeqCst) + duplicates_now.load(Ordering::SeqCst)) as usize
    }

    /// Stops the process, checks its exit code, and leaves it down.
    pub async fn stop(&self) {
        sample(&self.process, &self.lives).await;
        let status = self.end().await.expect("it runs");
        assert!(status.success(), "{} ends in order: {status}", self.service);
    }

    /// Stops the process with any exit code; None if it was down.
    pub(crate) async fn end(&self) -> Option<ExitStatus> {
        self.process.stop().await.expect("an end")
    }

    /// Starts it again after [`Replica::stop`].
    pub async fn go_on(&self) {
        self.process.start_again().await.expect("a process");
    }

    pub async fn is_ready(&self) -> bool {
        self.process.is_ready().await
    }

    /// # Panics
    /// It is not ready within this time; the text has the end of its log.
    pub async fn until_ready(&self, within: Duration) {
        let ready = self.process.until_ready(within).await;
        ready.unwrap_or_else(|error| panic!("{error}\n{}", self.log_end()));
    }

    /// The last 12 lines of the log.
    pub fn log_end(&self) -> String {
        log_end(&self.log, 12)
    }
}

/// The sum of a counter in the text of `/metrics`, over all lines that contain `label`.
pub fn metric(text: &str, name: &str, label: &str) -> f64 {
    let lines = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// Reads the counters twice a second, since they end with the process.
async fn count(process: Arc<ServiceProcess>, lives: Arc<Lives>) {
    let mut samples = interval(Duration::from_millis(500));
    samples.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        samples.tick().await;
        sample(&process, &lives).await;
    }
}

async fn sample(process: &ServiceProcess, lives: &Lives) {
    let asked = process.pid();
    let Ok(text) = process.get("/metrics").await else { return };
    if process.pid() == asked {
        let duplicates = metric(&text, "bus_consumed_total", "verdict=\"duplicate\"");
        lives.duplicates_now.store(duplicates as u32, Ordering::SeqCst);
    }
}
