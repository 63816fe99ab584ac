//! Faults that tests can inject.

use std::sync::Mutex;
use std::time::Duration;

/// A fault of the mail server. Without a recipient ([`crate::Mailbox::inject`]) it applies to whatever comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 421 instead of a greeting, counted per connection; with a recipient, 421 at RCPT. Then the connection closes.
    Refuse421,
    /// 451 at RCPT: try again later. Counted per recipient.
    Temporary451AtRcpt,
    /// 550 at RCPT: no such mailbox. Counted per recipient.
    Permanent550AtRcpt,
    /// The email is stored, then the connection is cut without the 250: the sender cannot know. Counted per email.
    DropAfterDot,
    /// The connection is cut in the middle of the email, and nothing is stored. Counted per email.
    DropBeforeDot,
    /// Every answer is delayed by this time, counted per connection; with a recipient, the answer to RCPT.
    Tarpit(Duration),
}

#[derive(Default)]
pub(super) struct Faults(Mutex<Vec<Armed>>);

struct Armed {
    fault: Fault,
    recipient: Option<String>,
    left: usize,
}

impl Faults {
    pub fn arm(&self, fault: Fault, recipient: Option<&str>, times: usize) {
        self.list().push(Armed { fault, recipient: recipient.map(str::to_lowercase), left: times });
    }

    pub fn clear(&self) -> usize {
        self.list().drain(..).map(|armed| armed.left).sum()
    }

    /// Takes one occurrence of the first fault of this `kind` that is armed for every recipient.
    pub fn strike(&self, kind: impl Fn(Fault) -> bool) -> Option<Fault> {
        self.take(|armed| armed.recipient.is_none() && kind(armed.fault))
    }

    /// Takes one occurrence of the first fault of this `kind` that is armed for this recipient or, if `anybody`, for
    /// every recipient.
    pub fn strike_for(&self, recipient: &str, anybody: bool, kind: impl Fn(Fault) -> bool) -> Option<Fault> {
        let recipient = recipient.to_lowercase();
        self.take(|armed| {
            armed.recipient.as_ref().map_or(anybody, |wanted| *wanted == recipient) && kind(armed.fault)
        })
    }

    fn take(&self, wanted: impl Fn(&Armed) -> bool) -> Option<Fault> {
        let mut list = self.list();
        let armed = list.iter_mut().find(|armed| armed.left > 0 && wanted(armed))?;
        armed.left -= 1;
        Some(armed.fault)
    }

    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Armed>> {
        self.0.lock().expect("nobody panics while holding it")
    }
}
