//! What notification says.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::EventId;

/// An email has been accepted by the mail server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EmailSent {
    /// The fact it tells of.
    pub about: EventId,
    /// Which email, e.g. `application-submitted`.
    pub template: String,
    /// Address it went to.
    pub recipient: String,
    /// Stable Message-ID.
    pub message_id: String,
    /// The moment the server said 250.
    pub sent_at: DateTime<Utc>,
    /// Attempts it took.
    pub attempts: u32,
    /// It may have gone out twice: the connection or process died between the final dot and the
    /// stored 250, and it was sent once more with the same Message-ID.
    #[serde(default)]
    pub ambiguous: bool,
}

/// An email cannot be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EmailBounced {
    /// The fact it tells of.
    pub about: EventId,
    /// Which email.
    pub template: String,
    /// Address it was for.
    pub recipient: String,
    /// What the mail server said.
    pub reason: String,
    /// When.
    pub bounced_at: DateTime<Utc>,
}
