//! One email on its way to one recipient, as a state machine.
//!
//! ```text
//! queued ──claim──► sending ──data_starts──► data_started ──accepted──► sent
//!   ▲                  │ later, hand_back        │ later (the server said "not now")
//!   └──────────────────┴─────────────────────────┘
//!            refused, or tried too often ──► failed ──again──► queued (a person asks for it)
//! what is not sent, and whose address was corrected ──► superseded: another delivery takes its place
//! ```
//! What is `sending` has certainly not been sent. What is `data_started` may have been: only the window between
//! the final dot and the stored 250 is in doubt (RFC 1047), and what is in doubt is sent once more, with the same
//! Message-ID, and counted.

use chrono::{DateTime, TimeDelta, Utc};
use events::{ApplicationId, EmailBounced, EmailSent, EventId};

/// How patient the sender is.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Pause after the first attempt that the server put off; doubles each time.
    pub first_retry: TimeDelta,
    /// The longest pause.
    pub longest_retry: TimeDelta,
    /// Attempts that the server may put off before the email counts as undeliverable. Attempts that an outage of
    /// the server stopped do not count.
    pub attempts: i32,
    /// How long a claim holds when its sender lives but does not get on.
    pub claim: TimeDelta,
    /// How long to wait for the answer to the final dot (RFC 5321, 4.5.3.2.6: ten minutes).
    pub answer: TimeDelta,
}

impl Policy {
    /// The pause after `attempts` attempts. `jitter` (0.5 to 1.5) keeps those apart who failed together.
    fn pause(&self, attempts: i32, jitter: f64) -> TimeDelta {
        let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(30);
        let seconds = self.first_retry.as_seconds_f64() * f64::from(1_u32 << doublings);
        let seconds = (seconds * jitter).min(self.longest_retry.as_seconds_f64());
        TimeDelta::milliseconds((seconds * 1_000.0) as i64)
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for its turn.
    Queued {
        /// Not before.
        due: DateTime<Utc>,
    },
    /// A sender talks to the server; the email is certainly not sent yet.
    Sending {
        /// The end of the claim: somebody else may take it then.
        until: DateTime<Utc>,
    },
    /// The email is being handed over; it may be sent.
    DataStarted {
        /// From then on no answer is expected any more.
        until: DateTime<Utc>,
    },
    /// The server has accepted it.
    Sent {
        /// When it said so.
        at: DateTime<Utc>,
    },
    /// It will not be sent.
    Failed {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// It goes to another address in another delivery.
    Superseded {
        /// Since when.
        at: DateTime<Utc>,
    },
}

impl State {
    /// As stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Sending { .. } => "sending",
            Self::DataStarted { .. } => "data_started",
            Self::Sent { .. } => "sent",
            Self::Failed { .. } => "failed",
            Self::Superseded { .. } => "superseded",
        }
    }

    /// Reads what [`State::name`] and [`State::moment`] wrote.
    pub fn read(name: &str, moment: DateTime<Utc>) -> Option<Self> {
        Some(match name {
            "queued" => Self::Queued { due: moment },
            "sending" => Self::Sending { until: moment },
            "data_started" => Self::DataStarted { until: moment },
            "sent" => Self::Sent { at: moment },
            "failed" => Self::Failed { at: moment },
            "superseded" => Self::Superseded { at: moment },
            _ => return None,
        })
    }

    /// The one moment that belongs to the state.
    pub fn moment(self) -> DateTime<Utc> {
        match self {
            Self::Queued { due } => due,
            Self::Sending { until } | Self::DataStarted { until } => until,
            Self::Sent { at } | Self::Failed { at } | Self::Superseded { at } => at,
        }
    }

    /// Nothing more happens by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Sent { .. } | Self::Failed { .. } | Self::Superseded { .. })
    }
}

/// One email to one recipient about one fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number.
    pub id: i64,
    /// The fact it tells of.
    pub about: EventId,
    /// The application.
    pub application: ApplicationId,
    /// Which email.
    pub template: String,
    /// Address it goes to.
    pub recipient: String,
    /// The same for every attempt.
    pub message_id: String,
    /// Trace it belongs to.
    pub traceparent: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Goes up with each claim. Whoever stores a change must name the claim it was made under.
    pub claims: i32,
    /// Attempts that were not stopped by an outage of the server.
    pub attempts: i32,
    /// How often the final dot may have arrived without an answer being heard.
    pub unanswered: i32,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// What the server said when it accepted.
    pub answer: Option<String>,
}

/// The step is not possible from this state.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{step} is not possible: the email is {state}")]
pub struct NotPossible {
    step: &'static str,
    state: &'static str,
}

/// What a claim comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// Send it.
    Send(Delivery),
    /// In doubt for the second time: nobody sends it a third time.
    GiveUp(Delivery, EmailBounced),
    /// Its time has not come, or it is done.
    NotDue(Delivery),
}

/// What comes of an attempt that the server put off.
#[derive(Debug, PartialEq, Eq)]
pub enum Later {
    /// It is tried again.
    Queued(Delivery),
    /// It was tried often enough.
    GiveUp(Delivery, EmailBounced),
}

impl Delivery {
    /// A sender takes it, if it is due.
    pub fn claim(mut self, now: DateTime<Utc>, policy: &Policy) -> Claim {
        if self.state.is_final() || self.state.moment() > now {
            return Claim::NotDue(self);
        }
        if matches!(self.state, State::DataStarted { .. }) {
            self.unanswered += 1;
            if self.unanswered > 1 {
                let why = "the mail server did not answer after the email was handed over, twice; \
                           it may have arrived";
                let (delivery, fact) = self.fail(now, why.to_owned());
                return Claim::GiveUp(delivery, fact);
            }
        }
        self.claims += 1;
        self.attempts += 1;
        self.state = State::Sending { until: now + policy.claim };
        Claim::Send(self)
    }

    /// The server is ready for the text. To be stored before the final dot goes out.
    pub fn data_starts(mut self, now: DateTime<Utc>, policy: &Policy) -> Result<Self, NotPossible> {
        match self.state {
            State::Sending { .. } => {
                self.state = State::DataStarted { until: now + policy.answer };
                Ok(self)
            }
            _ => Err(self.not_possible("handing over")),
        }
    }

    /// The server said 250.
    pub fn accepted(mut self, now: DateTime<Utc>, answer: String) -> Result<(Self, EmailSent), NotPossible> {
        let State::DataStarted { .. } = self.state else {
            return Err(self.not_possible("being accepted"));
        };
        self.state = State::Sent { at: now };
        self.answer = Some(answer);
        let fact = EmailSent {
            about: self.about,
            template: self.template.clone(),
            recipient: self.recipient.clone(),
            message_id: self.message_id.clone(),
            sent_at: now,
            attempts: u32::try_from(self.attempts).unwrap_or(0),
            ambiguous: self.unanswered > 0,
        };
        Ok((self, fact))
    }

    /// The server said "not now" (4xx), or the connection broke before the text was asked for.
    pub fn later(
        mut self,
        now: DateTime<Utc>,
        why: String,
        policy: &Policy,
        jitter: f64,
    ) -> Result<Later, NotPossible> {
        if !self.is_under_way() {
            return Err(self.not_possible("putting off"));
        }
        if self.attempts >= policy.attempts {
            let why = format!("given up after {} attempts; the last: {why}", self.attempts);
            let (delivery, fact) = self.fail(now, why);
            return Ok(Later::GiveUp(delivery, fact));
        }
        self.state = State::Queued { due: now + policy.pause(self.attempts, jitter) };
        self.last_error = Some(why);
        Ok(Later::Queued(self))
    }

    /// The server said "never" (5xx).
    pub fn refused(self, now: DateTime<Utc>, why: String) -> Result<(Self, EmailBounced), NotPossible> {
        if self.is_under_way() { Ok(self.fail(now, why)) } else { Err(self.not_possible("refusing")) }
    }

    /// The server itself is away, or this process stops: the attempt does not count.
    pub fn release(mut self, now: DateTime<Utc>, why: Option<String>) -> Result<Self, NotPossible> {
        let State::Sending { .. } = self.state else {
            return Err(self.not_possible("handing back"));
        };
        self.state = State::Queued { due: now };
        self.attempts -= 1;
        self.last_error = why.or(self.last_error);
        Ok(self)
    }

    /// The connection broke after the text had begun: nobody knows. Stays in doubt until its time is over.
    pub fn unanswered(mut self, why: String) -> Result<Self, NotPossible> {
        let State::DataStarted { .. } = self.state else {
            return Err(self.not_possible("leaving in doubt"));
        };
        self.last_error = Some(why);
        Ok(self)
    }

    /// A person asks for a failed email to be sent again.
    pub fn again(mut self, now: DateTime<Utc>) -> Result<Self, NotPossible> {
        let State::Failed { .. } = self.state else {
            return Err(self.not_possible("sending again"));
        };
        self.state = State::Queued { due: now };
        self.attempts = 0;
        Ok(self)
    }

    /// The contact was corrected: another delivery takes its place. What is in doubt is replaced, too: the old address
    /// may have it, the new one has not.
    pub fn supersede(mut self, now: DateTime<Utc>) -> Result<Self, NotPossible> {
        if self.state.is_final() {
            return Err(self.not_possible("replacing"));
        }
        self.state = State::Superseded { at: now };
        Ok(self)
    }

    fn is_under_way(&self) -> bool {
        matches!(self.state, State::Sending { .. } | State::DataStarted { .. })
    }

    fn fail(mut self, now: DateTime<Utc>, why: String) -> (Self, EmailBounced) {
        self.state = State::Failed { at: now };
        let fact = EmailBounced {
            about: self.about,
            template: self.template.clone(),
            recipient: self.recipient.clone(),
            reason: why.clone(),
            bounced_at: now,
        };
        self.last_error = Some(why);
        (self, fact)
    }

    fn not_possible(&self, step: &'static str) -> NotPossible {
        NotPossible { step, state: self.state.name() }
    }
}
