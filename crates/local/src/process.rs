//! A child process that cannot outlive its parent.
//!
//! Beside each child runs a tiny shell, the guard, that holds the reading end of a pipe. However the parent
//! ends (even by SIGKILL), the kernel closes the writing end, and the guard asks the child to stop.
//! Both stand in process groups of their own, so Ctrl-C reaches the parent alone and it decides the order.

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

/// Line 1 is the child's process id, line 2 a farewell: the child has ended. No line means: the parent has.
/// A child that ignores the signal for 20 s is killed; a paused one is woken first, to hear the signal.
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

/// A running child. Dropped, or left behind by a dying parent, it is asked to stop by its guard.
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
    /// Standard input is closed; where output goes is the command's affair. Needs a tokio runtime.
    pub async fn spawn(name: &str, mut command: Command, stop: Signal) -> Result<Self> {
        // The guard comes first: a parent that dies between the two starts leaves no child behind.
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

    /// The process id while it runs or is unreaped; `None` after its end was seen.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends a signal; an error when the process has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let Some(pid) = self.child.id().and_then(pid) else { bail!("{} has ended", self.name) };
        kill_process(pid, signal).with_context(|| format!("cannot signal {}", self.name))
    }

    /// Waits until the process ends, for whatever reason. Cancel-safe; may be called again.
    pub async fn exited(&mut self) -> Result<ExitStatus> {
        let status = self.child.wait().await.with_context(|| format!("cannot wait for {}", self.name))?;
        if let Some(mut guard) = self.guard.take() {
            // A guard that was killed cannot hear this and need not.
            if writeln!(guard.pipe, "ended").is_ok() {
                drop(guard.pipe);
                guard.shell.wait().await.context("cannot wait for a guard")?;
            }
        }
        Ok(status)
    }

    /// Asks the process to end and waits; after `patience` it is killed. A paused process is woken first.
    pub async fn stop(&mut self, patience: Duration) -> Result<ExitStatus> {
        if self.child.id().is_some() {
            self.signal(self.stop)?;
            self.signal(Signal::CONT)?;
        }
        match timeout(patience, self.exited()).await {
            Ok(status) => status,
            Err(_) => {
                tracing::warn!(process = self.name, ?patience, "did not stop when asked; killed");
                self.kill().await
            }
        }
    }

    /// SIGKILL, and waits for the end.
    pub async fn kill(&mut self) -> Result<ExitStatus> {
        if self.child.id().is_some() {
            self.signal(Signal::KILL)?;
        }
        self.exited().await
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

/// Ends a process of an earlier run, if `id` is one: its command line must name `sign`, a path only ours names.
pub(crate) async fn end_orphan(id: u32, sign: &Path, stop: Signal) -> Result<bool> {
    let Some(pid) = pid(id).filter(|_| is_ours(id, sign)) else { return Ok(false) };
    for (signal, patience) in [(stop, 30), (Signal::KILL, 10)] {
        for signal in [signal, Signal::CONT] {
            // It may end between the look and the signal.
            let _ = kill_process(pid, signal);
        }
        let gone = until(Duration::from_millis(20), || async {
            Ok((test_kill_process(pid).is_err() || !is_ours(id, sign)).then_some(()))
        });
        if timeout(Duration::from_secs(patience), gone).await.is_ok() {
            return Ok(true);
        }
    }
    bail!("process {id} of an earlier run does not end: kill it by hand")
}

/// Whether the living process `id` has `sign` in its command line.
fn is_ours(id: u32, sign: &Path) -> bool {
    let command_line = std::fs::read(format!("/proc/{id}/cmdline")).or_else(|_| {
        // Systems without /proc.
        let ps =
            std::process::Command::new("ps").args(["-ww", "-o", "command=", "-p", &id.to_string()]).output();
        ps.map(|output| output.stdout)
    });
    let sign = sign.as_os_str().as_encoded_bytes();
    command_line.is_ok_and(|line| line.windows(sign.len()).any(|part| part == sign))
}

fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}

/// Looks again and again until there is an answer. The caller sets the time limit.
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
