//! Named moments of a fact's travel, at which a test can kill, stop or delay this process.
//!
//! Only in debug builds. The environment arms a step: `BESCHEID_STEP=relay-published=kill@3` kills the
//! process the third time it gets there. Several steps are separated by commas; actions are `kill`
//! (SIGKILL), `stop` (SIGSTOP) and `delay:MILLISECONDS`. Each fires once.

use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

/// The environment variable that arms steps.
pub const VARIABLE: &str = "BESCHEID_STEP";

macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident = $name:literal;)+) => {
        /// A moment between two effects, at which a process may die.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Step { $($(#[$doc])* $step),+ }

        impl Step {
            /// In the order of a fact's travel.
            pub const ALL: &'static [Self] = &[$(Self::$step),+];

            /// The name in the environment variable.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$step => $name),+ }
            }
        }
    };
}

steps! {
    /// All statements of a unit of work are done, but the commit is not.
    Written = "written";
    /// A unit of work is committed; the relay has not been woken.
    Committed = "committed";
    /// The relay has taken pointers out of the outbox; its transaction is open.
    RelayTaken = "relay-taken";
    /// The broker has acknowledged a round; the relay has not committed.
    RelayPublished = "relay-published";
    /// The relay has committed.
    RelayCommitted = "relay-committed";
    /// Handlers have run; their transaction is open.
    Handled = "handled";
    /// A consumed batch is committed, not acknowledged.
    Consumed = "consumed";
    /// The acknowledgement was sent.
    Acknowledged = "acknowledged";
    /// A sender has claimed emails.
    MailClaimed = "mail-claimed";
    /// The start of an SMTP transaction is stored; the final dot has not been sent.
    MailStarted = "mail-started";
    /// The mail server has answered 250; the answer is not stored.
    MailAnswered = "mail-answered";
    /// The answer of the mail server is stored.
    MailNoted = "mail-noted";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Kill,
    Stop,
    Delay(Duration),
}

#[derive(Debug)]
struct Armed {
    step: Step,
    action: Action,
    at: u32,
    passed: AtomicU32,
}

/// To be called where the process gets to `step`.
pub async fn reached(step: Step) {
    if cfg!(debug_assertions) {
        for armed in armed().iter().filter(|armed| armed.step == step) {
            if armed.passed.fetch_add(1, Ordering::SeqCst) + 1 == armed.at {
                act(armed).await;
            }
        }
    }
}

fn armed() -> &'static [Armed] {
    static ARMED: OnceLock<Vec<Armed>> = OnceLock::new();
    ARMED.get_or_init(|| {
        let text = std::env::var(VARIABLE).unwrap_or_default();
        let parts = text.split(',').filter(|part| !part.is_empty());
        parts.map(|part| part.parse().unwrap_or_else(|why| panic!("{VARIABLE}: {part:?}: {why}"))).collect()
    })
}

#[expect(clippy::disallowed_methods, reason = "the delay is the fault")]
async fn act(armed: &Armed) {
    tracing::warn!(step = armed.step.name(), action = ?armed.action, "an armed step is reached");
    let signal = match armed.action {
        Action::Kill => Signal::KILL,
        Action::Stop => Signal::STOP,
        Action::Delay(time) => return tokio::time::sleep(time).await,
    };
    kill_process(getpid(), signal).expect("a process may signal itself");
}

impl FromStr for Armed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, rest) = text.split_once('=').ok_or("expected STEP=ACTION")?;
        let step = Step::ALL.iter().find(|step| step.name() == name).ok_or("no such step")?;
        let (action, at) = rest.split_once('@').unwrap_or((rest, "1"));
        let action = match action.split_once(':') {
            None if action == "kill" => Action::Kill,
            None if action == "stop" => Action::Stop,
            Some(("delay", millis)) => {
                Action::Delay(Duration::from_millis(millis.parse().map_err(|_| "expected milliseconds")?))
            }
            _ => return Err("expected kill, stop or delay:MILLISECONDS"),
        };
        let at = at.parse().map_err(|_| "expected a number behind @")?;
        Ok(Self { step: *step, action, at, passed: AtomicU32::new(0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_step_action_and_pass() {
        let armed: Armed = "relay-published=kill@3".parse().unwrap();
        assert_eq!((armed.step, armed.action, armed.at), (Step::RelayPublished, Action::Kill, 3));
        let armed: Armed = "handled=delay:250".parse().unwrap();
        assert_eq!((armed.action, armed.at), (Action::Delay(Duration::from_millis(250)), 1));
        for wrong in ["handled", "nowhere=kill", "handled=sing", "handled=delay:x", "handled=kill@x"] {
            assert!(wrong.parse::<Armed>().is_err(), "{wrong}");
        }
    }
}
