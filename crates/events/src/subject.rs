//! The NATS stream and the subjects of facts.

use uuid::Uuid;

use crate::{Kind, Service};

/// The one stream that holds all facts.
pub const STREAM: &str = "BESCHEID";

impl Kind {
    /// The subject of one fact: `bescheid.<service>.<fact>.<application or call>`.
    pub fn subject(self, key: Uuid) -> String {
        format!("bescheid.{}.{}.{key}", self.service().name(), self.name())
    }

    /// The kind with this CloudEvents `type`.
    pub fn from_type(type_name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.type_name() == type_name)
    }
}

impl Service {
    /// The subjects on which this service may publish, as a NATS wildcard.
    pub fn publishes(self) -> String {
        format!("bescheid.{}.>", self.name())
    }
}
