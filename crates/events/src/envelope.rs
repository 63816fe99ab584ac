//! The envelope: CloudEvents 1.0, structured JSON. A service stores it byte for byte, so that
//! a fact that is published again has the same bytes.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AnyFact, ApplicationId, EventId, Fact, Kind, Service};

/// W3C trace context (`traceparent`) of the request that caused a fact.
pub type TraceParent = String;

/// A fact as a consumer gets it.
#[derive(Clone, Debug)]
pub struct Event<F: Fact> {
    pub id: EventId,
    /// The service that published it.
    pub source: Service,
    /// The application or the call that it is about.
    pub key: F::Key,
    /// Its number among the facts of this source about this key: 1, 2, 3 … without gaps.
    pub version: u64,
    /// When its transaction was begun (UTC).
    pub time: DateTime<Utc>,
    /// None where no request caused it.
    pub traceparent: Option<TraceParent>,
    pub data: F,
}

impl<F: Fact<Key = ApplicationId>> Event<F> {
    pub fn application(&self) -> ApplicationId {
        self.key
    }
}

impl<F: Fact> Event<F> {
    /// The cause of facts that follow from this one.
    pub fn cause(&self) -> Cause {
        Cause { event: Some(self.id), traceparent: self.traceparent.clone() }
    }

    /// Reads an envelope with a fact of type `F`.
    ///
    /// # Errors
    /// The envelope cannot be read, or its fact is of another kind.
    pub fn read(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let (header, data) = Header::read_with(bytes)?;
        if header.kind != F::KIND {
            return Err(EnvelopeError::UnknownType(header.kind.type_name().to_owned()));
        }
        Ok(Self {
            id: header.id,
            source: header.source,
            key: header.key.into(),
            version: header.version,
            time: header.time,
            traceparent: header.traceparent,
            data: serde_json::from_str(data.get()).map_err(EnvelopeError::Json)?,
        })
    }
}

/// Why a fact was published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// The fact it follows from; None where a person or a deadline is the cause.
    pub event: Option<EventId>,
    /// None where no request is the cause.
    pub traceparent: Option<TraceParent>,
}

impl Cause {
    /// The cause of facts that a request publishes.
    pub fn request(traceparent: Option<TraceParent>) -> Self {
        Self { event: None, traceparent }
    }
}

/// An envelope without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub id: EventId,
    /// The service that published it.
    pub source: Service,
    pub kind: Kind,
    /// Id of the application or the call that it is about.
    pub key: Uuid,
    /// As in [`Event`].
    pub version: u64,
    /// When its transaction was begun (UTC).
    pub time: DateTime<Utc>,
    /// The fact it follows from; None where a person or a deadline caused it.
    pub causation: Option<EventId>,
    /// None where no request caused it.
    pub traceparent: Option<TraceParent>,
}

/// What can be read of a fact whose kind this release does not know, since a newer release published it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFact {
    pub id: EventId,
    /// The service that published it.
    pub source: Service,
    /// Name and version of its kind, e.g. `application-moved.v1`.
    pub kind: String,
    /// Id of what it is about.
    pub key: Uuid,
    /// As in [`Event`].
    pub version: u64,
}

/// An envelope that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// It is no JSON, or a field has another shape.
    #[error("the envelope does not have the expected shape: {0}")]
    Json(#[source] serde_json::Error),
    #[error("unknown type {0:?}: published by a newer release, or by mistake")]
    UnknownType(String),
    /// `source` is not the service that owns this `type`.
    #[error("{kind} is published by {expected}, not by {found:?}")]
    WrongSource { kind: &'static str, expected: Service, found: String },
    #[error("version 0: versions start at 1")]
    NoVersion,
}

#[derive(Serialize, Deserialize)]
struct Wire<'a, D> {
    specversion: &'a str,
    id: EventId,
    source: &'a str,
    #[serde(rename = "type")]
    type_name: &'a str,
    subject: Uuid,
    time: DateTime<Utc>,
    datacontenttype: &'a str,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    causationid: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    data: D,
}

/// The fields that a consumer needs. Unknown fields are ignored, since a newer release may add some.
#[derive(Deserialize)]
struct Read<'a> {
    id: EventId,
    source: String,
    #[serde(rename = "type")]
    type_name: String,
    subject: Uuid,
    time: DateTime<Utc>,
    version: u64,
    #[serde(default)]
    causationid: Option<EventId>,
    #[serde(default)]
    traceparent: Option<String>,
    #[serde(borrow)]
    data: &'a serde_json::value::RawValue,
}

impl Header {
    /// The envelope as bytes, as it is stored and published.
    pub fn write(&self, fact: &AnyFact) -> Result<Vec<u8>, EnvelopeError> {
        serde_json::to_vec(&Wire {
            specversion: "1.0",
            id: self.id,
            source: &format!("/bescheid/{}", self.source),
            type_name: self.kind.type_name(),
            subject: self.key,
            time: self.time,
            datacontenttype: "application/json",
            version: self.version,
            causationid: self.causation,
            traceparent: self.traceparent.as_deref(),
            data: fact,
        })
        .map_err(EnvelopeError::Json)
    }

    /// As [`Header::write`], in two parts, between which the version belongs: the database gives it. The
    /// version in this header is ignored.
    pub fn write_around_version(&self, fact: &AnyFact) -> Result<(Vec<u8>, Vec<u8>), EnvelopeError> {
        const FIELD: &[u8] = b",\"version\":";
        let mut before = Self { version: 0, ..self.clone() }.write(fact)?;
        // No earlier field can contain these bytes, since a quote inside a text is escaped.
        let field = before.windows(FIELD.len()).position(|bytes| bytes == FIELD);
        let place = field.ok_or(EnvelopeError::NoVersion)? + FIELD.len();
        let after = before.split_off(place + 1);
        before.truncate(place);
        Ok((before, after))
    }

    /// Reads source, key and version, even when this release does not know the kind. None where not even
    /// these can be read.
    pub fn read_unknown(bytes: &[u8]) -> Option<UnknownFact> {
        let read: Read<'_> = serde_json::from_slice(bytes).ok()?;
        let source = Service::from_name(read.source.strip_prefix("/bescheid/")?)?;
        let own = read.type_name.strip_prefix("de.bescheid.")?.strip_prefix(source.name())?;
        let kind = own.strip_prefix('.')?.to_owned();
        let known = read.version > 0;
        known.then_some(UnknownFact { id: read.id, source, kind, key: read.subject, version: read.version })
    }

    /// Reads all but the payload, whose shape is not checked.
    pub fn read(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        Self::read_with(bytes).map(|(header, _)| header)
    }

    fn read_with(bytes: &[u8]) -> Result<(Self, &serde_json::value::RawValue), EnvelopeError> {
        let read: Read<'_> = serde_json::from_slice(bytes).map_err(EnvelopeError::Json)?;
        let kind = Kind::from_type(&read.type_name)
            .ok_or_else(|| EnvelopeError::UnknownType(read.type_name.clone()))?;
        let source = kind.service();
        if read.source.strip_prefix("/bescheid/") != Some(source.name()) {
            let found = read.source;
            return Err(EnvelopeError::WrongSource { kind: kind.name(), expected: source, found });
        }
        if read.version == 0 {
            return Err(EnvelopeError::NoVersion);
        }
        let header = Self {
            id: read.id,
            source,
            kind,
            key: read.subject,
            version: read.version,
            time: read.time,
            causation: read.causationid,
            traceparent: read.traceparent,
        };
        Ok((header, read.data))
    }
}
