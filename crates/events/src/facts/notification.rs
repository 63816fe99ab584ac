//! Facts that notification publishes.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::EventId;

/// An email has been accepted by the mail server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EmailSent {
    /// The fact that the email is about.
    pub about: EventId,
    /// Which email, e.g. `application-submitted`.
    pub template: String,
    pub recipient: String,
    /// The same Message-ID in each attempt.
    pub message_id: String,
    /// When the mail server answered 250, UTC.
    pub sent_at: DateTime<Utc>,
    /// Number of attempts.
    pub attempts: u32,
    /// Whether it may have gone out twice: the connection or the process died between the final dot and the
    /// stored answer 250, and it was sent once more with the same Message-ID.
    #[serde(default)]
    pub ambiguous: bool,
}

/// An email cannot be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EmailBounced {
    /// The fact that the email is about.
    pub about: EventId,
    /// As in [`EmailSent`].
    pub template: String,
    pub recipient: String,
    /// The answer of the mail server.
    pub reason: String,
    pub bounced_at: DateTime<Utc>,
}
