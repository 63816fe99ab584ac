//! The NATS stream and the subjects of facts. No other place spells them.

use uuid::Uuid;

use crate::{Kind, Service};

/// The one stream that holds all facts.
pub const STREAM: &str = "BESCHEID";

/// The subjects of all facts, as a NATS wildcard.
pub const ALL_FACTS: &str = "bescheid.>";

impl Kind {
    /// The subject of one fact: `bescheid.<service>.<fact>.<application or call>`.
    pub fn subject(self, key: Uuid) -> String {
        self.subject_with(&key.to_string())
    }

    /// The subject with `key` in place of the application or the call.
    pub(crate) fn subject_with(self, key: &str) -> String {
        format!("bescheid.{}.{}.{key}", self.service().name(), self.name())
    }

    /// The kind of the facts with this subject.
    pub fn from_subject(subject: &str) -> Option<Self> {
        let name = subject.split('.').nth(2)?;
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The kind with this CloudEvents `type`.
    pub fn from_type(type_name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.type_name() == type_name)
    }
}

impl Service {
    /// The subjects of this service's facts, as a NATS wildcard: only this service may publish on them.
    pub fn subjects(self) -> String {
        format!("bescheid.{}.*.*", self.name())
    }
}
