//! A child process that cannot outlive its parent.
//!
//! Beside each child runs a tiny shell, the guard, that holds the reading end of a pipe. However the parent ends
//! (even by SIGKILL), the kernel closes the writing end, and the guard asks the child to stop. Both are in process
//! groups of their own, so Ctrl-C reaches the parent only, which decides the order.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process, test_kill_process};
use tokio::process::{Child, Command};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// The first line that the guard reads is the child's process id; a second line means that the child has ended, and
/// the end of the input that the parent has. The guard then sends the signal, kills a child that ignores it for 20 s,
/// and wakes a paused one first, which could not receive it otherwise.
const GUARD: &str = r#"
read -r pid || exit 0
read -r farewell && exit 0
kill -CONT "$pid" && kill -s "$1" "$pid" || exit 0
left=200
while kill -0 "$pid"; do
    left=$((left - 1))
    if [ "$left" -eq 0 ]; then kill -KILL "$pid"; exit 0; fi
    sleep 0.1
done
"#;

/// A running child. If it is dropped, or its parent dies, its guard asks it to stop.
pub struct Process {
    name: String,
    child: Child,
    stop: Signal,
    guard: Option<Guard>,
}

struct Guard {
    pipe: File,
    shell: Child,
}

impl Process {
    /// Starts `command` with its guard. `name` is for messages; `stop` is the signal that asks the child to end.
    ///
    /// Standard input is closed; the command decides where output goes. Needs a tokio runtime.
    pub async fn spawn(name: &str, mut command: Command, stop: Signal) -> Result<Self> {
        // The guard starts first, so that a parent that dies between the two starts leaves no child behind.
        let mut guard = Guard::start(stop)?;
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let pid = child.id().context("a process just started has an id")?;
        writeln!(guard.pipe, "{pid}").with_context(|| format!("cannot guard {name}"))?;
        Ok(Self { name: name.to_owned(), child, stop, guard: Some(guard) })
    }

    /// The process id until its end has been seen; then `None`.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends a signal; fails if the process has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let Some(pid) = self.child.id().and_then(pid) else { bail!("{} has ended", self.name) };
        kill_process(pid, signal).with_context(|| format!("cannot signal {}", self.name))
    }

    /// Waits until the process ends, for whatever reason. Cancel-safe; may be called again.
    pub async fn exited(&mut self) -> Result<ExitStatus> {
        let status = self.child.wait().await.with_context(|| format!("cannot wait for {}", self.name))?;
        if let Some(mut guard) = self.guard.take() {
            // Fails if the guard was killed, and then it need not know.
            if writeln!(guard.pipe, "ended").is_ok() {
                drop(guard.pipe);
                guard.shell.wait().await.context("cannot wait for a guard")?;
            }
        }
        Ok(status)
    }

    /// Asks the process to end and waits; kills it after `grace`. Wakes a paused process first.
    pub async fn stop(&mut self, grace: Duration) -> Result<ExitStatus> {
        if self.child.id().is_some() {
            self.signal(self.stop)?;
            self.signal(Signal::CONT)?;
        }
        match timeout(grace, self.exited()).await {
            Ok(status) => status,
            Err(_) => {
                tracing::warn!(process = self.name, ?grace, "did not stop when asked; killed");
                self.kill().await
            }
        }
    }

    /// Sends SIGKILL, and waits for the end.
    pub async fn kill(&mut self) -> Result<ExitStatus> {
        if self.child.id().is_some() {
            self.signal(Signal::KILL)?;
        }
        self.exited().await
    }
}

/// The place of a server's process: empty while the server is stopped.
#[derive(Default)]
pub(crate) struct ServerProcess(Option<Process>);

impl ServerProcess {
    pub(crate) fn set(&mut self, process: Process) {
        self.0 = Some(process);
    }

    pub(crate) fn is_running(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.0.as_ref().and_then(Process::pid)
    }

    /// Fails if the server is stopped.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        self.0.as_ref().context("the server is not running")?.signal(signal)
    }

    /// Waits until the process ends without having been asked to. Cancel-safe; pending for ever while it is stopped.
    pub(crate) async fn exited(&mut self) -> Result<ExitStatus> {
        let Some(process) = &mut self.0 else { return std::future::pending().await };
        let status = process.exited().await;
        self.0 = None;
        status
    }

    /// Asks the process to end, and kills it after `grace`. Does nothing if it is stopped already.
    pub(crate) async fn stop(&mut self, grace: Duration) -> Result<()> {
        match self.0.take() {
            Some(mut process) => process.stop(grace).await.map(drop),
            None => Ok(()),
        }
    }

    /// Sends SIGKILL. Does nothing if it is stopped already.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        match self.0.take() {
            Some(mut process) => process.kill().await.map(drop),
            None => Ok(()),
        }
    }
}

impl Guard {
    fn start(stop: Signal) -> Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", GUARD, "guard", &stop.as_raw().to_string()])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start /bin/sh")?;
        let pipe = shell.stdin.take().context("the guard's input is piped")?;
        Ok(Self { pipe: File::from(pipe.into_owned_fd()?), shell })
    }
}

/// Ends the process `id` if an earlier run has left it: its command line must contain `marker`, a path that only our
/// processes name.
pub(crate) async fn end_orphan(id: u32, marker: &Path, stop: Signal) -> Result<bool> {
    let Some(pid) = pid(id).filter(|_| is_ours(id, marker)) else { return Ok(false) };
    for (signal, grace) in [(stop, 30), (Signal::KILL, 10)] {
        for signal in [signal, Signal::CONT] {
            // It may end between the check and the signal.
            let _ = kill_process(pid, signal);
        }
        let gone = until(Duration::from_millis(20), || async {
            Ok((test_kill_process(pid).is_err() || !is_ours(id, marker)).then_some(()))
        });
        if timeout(Duration::from_secs(grace), gone).await.is_ok() {
            return Ok(true);
        }
    }
    bail!("process {id} of an earlier run does not end: kill it by hand")
}

/// Whether the process `id` is alive and has `marker` in its command line.
fn is_ours(id: u32, marker: &Path) -> bool {
    let command_line = std::fs::read(format!("/proc/{id}/cmdline")).or_else(|_| {
        // Systems without /proc.
        let ps =
            std::process::Command::new("ps").args(["-ww", "-o", "command=", "-p", &id.to_string()]).output();
        ps.map(|output| output.stdout)
    });
    let marker = marker.as_os_str().as_encoded_bytes();
    command_line.is_ok_and(|line| line.windows(marker.len()).any(|part| part == marker))
}

fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}

/// Calls `look` every `pace` until it returns a value. The caller sets the time limit.
pub(crate) async fn until<T, F>(pace: Duration, mut look: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Some(found) = look().await? {
            return Ok(found);
        }
    }
}
