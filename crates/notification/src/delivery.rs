//! The state machine of a delivery: one email to one recipient. It does no I/O.
//!
//! ```text
//! queued ──claim──► sending ──data_starts──► data_started ──accepted──► sent
//!   ▲                  │ later, release          │ later (the server answered 4xx)
//!   └──────────────────┴─────────────────────────┘
//!            refused, or tried too often ──► failed ──resend──► queued (a person asks for it)
//! not sent, and the address was corrected ──► superseded: another delivery replaces it
//! ```
//! An email that is `sending` has certainly not been sent. One that is `data_started` may have been: only the window
//! between the final dot and the stored 250 is ambiguous (RFC 1047). An ambiguous email is sent once more, with the
//! same Message-ID, and counted.

use chrono::{DateTime, TimeDelta, Utc};
use events::{ApplicationId, EmailBounced, EmailSent, EventId};

/// Back-off and deadlines.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Pause after the first temporary failure; it doubles each time.
    pub first_retry: TimeDelta,
    pub longest_retry: TimeDelta,
    /// Number of temporary failures after which the email counts as undeliverable. Attempts stopped by an outage of the
    /// server do not count.
    pub attempts: i32,
    /// How long a claim is valid while its sender is alive but makes no progress.
    pub claim: TimeDelta,
    /// Deadline for the answer to the final dot (RFC 5321, 4.5.3.2.6: ten minutes).
    pub answer: TimeDelta,
}

impl Policy {
    /// The pause after `attempts` attempts. `jitter` (0.5 to 1.5) spreads deliveries that failed together.
    fn pause(&self, attempts: i32, jitter: f64) -> TimeDelta {
        let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(30);
        let seconds = self.first_retry.as_seconds_f64() * f64::from(1_u32 << doublings);
        let seconds = (seconds * jitter).min(self.longest_retry.as_seconds_f64());
        TimeDelta::milliseconds((seconds * 1_000.0) as i64)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Queued {
        /// The earliest time of the next attempt.
        due: DateTime<Utc>,
    },
    /// A sender has claimed it; the email is certainly not sent yet.
    Sending {
        /// The end of the claim; then another sender may claim it.
        until: DateTime<Utc>,
    },
    /// The text is being sent; the server may have accepted it.
    DataStarted {
        /// The deadline for the answer.
        until: DateTime<Utc>,
    },
    /// The server has accepted it.
    Sent { at: DateTime<Utc> },
    /// Undeliverable.
    Failed { at: DateTime<Utc> },
    /// Replaced by another delivery to a corrected address.
    Superseded { at: DateTime<Utc> },
}

impl State {
    /// As stored, and as in the API.
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

    /// The state with this [`State::name`] and [`State::due_or_done_at`].
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

    /// When the next step is due, or when the final state was reached.
    pub fn due_or_done_at(self) -> DateTime<Utc> {
        match self {
            Self::Queued { due } => due,
            Self::Sending { until } | Self::DataStarted { until } => until,
            Self::Sent { at } | Self::Failed { at } | Self::Superseded { at } => at,
        }
    }

    /// Nothing more happens unless a person asks for it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Sent { .. } | Self::Failed { .. } | Self::Superseded { .. })
    }
}

/// One email to one recipient about one fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: i64,
    /// The fact that the email is about.
    pub about: EventId,
    pub application: ApplicationId,
    pub template: String,
    /// Email address.
    pub recipient: String,
    /// The same for every attempt; without angle brackets.
    pub message_id: String,
    /// W3C trace context.
    pub traceparent: Option<String>,
    pub state: State,
    /// Grows with each claim. A change is stored only under the claim it was made under.
    pub claim_number: i32,
    /// Attempts, without those stopped by an outage of the server.
    pub attempts: i32,
    /// How often the final dot may have reached the server without its answer reaching us.
    pub ambiguous_handovers: i32,
    /// The latest failure.
    pub last_error: Option<String>,
    /// The server's answer when it accepted the email.
    pub answer: Option<String>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{step} is not possible: the email is {state}")]
pub struct NotPossible {
    step: &'static str,
    state: &'static str,
}

/// The result of a claim.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// The email is to be sent.
    Send(Delivery),
    /// Ambiguous for the second time: it is not sent a third time.
    GiveUp(Delivery, EmailBounced),
    /// It is not due yet, or in a final state.
    NotDue(Delivery),
}

/// The result of a temporary failure.
#[derive(Debug, PartialEq, Eq)]
pub enum Later {
    /// It will be tried again.
    Queued(Delivery),
    /// It was the last attempt.
    GiveUp(Delivery, EmailBounced),
}

impl Delivery {
    /// A sender claims it, if it is due.
    pub fn claim(mut self, now: DateTime<Utc>, policy: &Policy) -> Claim {
        if self.state.is_final() || self.state.due_or_done_at() > now {
            return Claim::NotDue(self);
        }
        if matches!(self.state, State::DataStarted { .. }) {
            self.ambiguous_handovers += 1;
            if self.ambiguous_handovers > 1 {
                let why = "the mail server did not answer after the email was handed over, twice; \
                           it may have arrived";
                let (delivery, fact) = self.fail(now, why.to_owned());
                return Claim::GiveUp(delivery, fact);
            }
        }
        self.claim_number += 1;
        self.attempts += 1;
        self.state = State::Sending { until: now + policy.claim };
        Claim::Send(self)
    }

    /// The server is ready for the text. This has to be stored before the final dot is sent.
    pub fn data_starts(mut self, now: DateTime<Utc>, policy: &Policy) -> Result<Self, NotPossible> {
        match self.state {
            State::Sending { .. } => {
                self.state = State::DataStarted { until: now + policy.answer };
                Ok(self)
            }
            _ => Err(self.not_possible("handing over")),
        }
    }

    /// The server answered 250.
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
            ambiguous: self.ambiguous_handovers > 0,
        };
        Ok((self, fact))
    }

    /// The server answered 4xx, or the connection broke before the text began.
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

    /// The server answered 5xx.
    pub fn refused(self, now: DateTime<Utc>, why: String) -> Result<(Self, EmailBounced), NotPossible> {
        if self.is_under_way() { Ok(self.fail(now, why)) } else { Err(self.not_possible("refusing")) }
    }

    /// The server is unreachable, or this process stops: the attempt does not count.
    pub fn release(mut self, now: DateTime<Utc>, why: Option<String>) -> Result<Self, NotPossible> {
        let State::Sending { .. } = self.state else {
            return Err(self.not_possible("handing back"));
        };
        self.state = State::Queued { due: now };
        self.attempts -= 1;
        self.last_error = why.or(self.last_error);
        Ok(self)
    }

    /// The connection broke after the text had begun: the email stays ambiguous until its deadline.
    pub fn unanswered(mut self, why: String) -> Result<Self, NotPossible> {
        let State::DataStarted { .. } = self.state else {
            return Err(self.not_possible("leaving in doubt"));
        };
        self.last_error = Some(why);
        Ok(self)
    }

    /// A person asks for an undeliverable email to be sent again.
    pub fn resend(mut self, now: DateTime<Utc>) -> Result<Self, NotPossible> {
        let State::Failed { .. } = self.state else {
            return Err(self.not_possible("sending again"));
        };
        self.state = State::Queued { due: now };
        self.attempts = 0;
        Ok(self)
    }

    /// The contact was corrected: another delivery replaces this one. An ambiguous one is replaced, too: the old address
    /// may have got it, the new one has not.
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
