//! Requests that may be repeated: a client that got no answer sends the same request again with the same key, and gets
//! the answer of the first time. Nothing happens twice: the key is stored in the transaction of the work, and while
//! that is open a second request with the key waits. The same key with other content is refused (409). A request that
//! was refused or rolled back leaves its key free.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use bus::idempotency::{self, Claim};
use bus::{Bus, Tx};
use chassis::{Clock, Problem, ProblemKind, Session, StartError};
use chrono::TimeDelta;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::work;

/// Longest key, in characters.
const MAX_LENGTH: usize = 200;
const KEPT: TimeDelta = TimeDelta::days(30);
const PRUNE_EVERY: std::time::Duration = std::time::Duration::from_secs(3_600);

/// The idempotency key of a request: the header `Idempotency-Key` of the API, or the hidden field `key` of a form.
/// Without one (or with an empty one) each request is a new one.
///
/// As an extractor it answers 400 to a header with more than 200 characters, or with others than visible ASCII.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    /// From the value of a form's field.
    ///
    /// # Errors
    /// 400, as for the header.
    pub fn new(text: &str) -> Result<Self, Problem> {
        if text.len() > MAX_LENGTH || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let detail = format!("Idempotency-Key: expected up to {MAX_LENGTH} visible ASCII characters");
            return Err(Problem::new(ProblemKind::Malformed).detail(detail));
        }
        Ok(Self((!text.is_empty()).then(|| text.to_owned())))
    }

    /// For requests whose repetition without a key would do harm.
    ///
    /// # Errors
    /// 400: there is no key.
    pub fn required(self) -> Result<Self, Problem> {
        match self.0 {
            Some(_) => Ok(self),
            None => Err(Problem::new(ProblemKind::Malformed).detail("the header Idempotency-Key is missing")),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.headers.get("idempotency-key") {
            Some(value) => Self::new(&String::from_utf8_lossy(value.as_bytes())),
            None => Ok(Self(None)),
        }
    }
}

/// A request with its idempotency key, which is valid for one person, one operation and the same content only.
#[derive(Debug)]
pub struct Idempotent {
    key: Option<String>,
    hash: Vec<u8>,
}

impl Idempotent {
    /// `operation` is the name of the kind of request; `content` is all that the request asks for, including the id of
    /// what it is about. The same key of two persons is two keys.
    ///
    /// # Errors
    /// 500: the content cannot be written as JSON.
    pub fn new(
        session: &Session,
        operation: &'static str,
        key: IdempotencyKey,
        content: &impl Serialize,
    ) -> Result<Self, Problem> {
        let content = serde_json::to_vec(content).map_err(Problem::internal)?;
        let person = &session.person;
        let key = key.0.map(|key| format!("{operation}:{}:{person}:{key}", person.len()));
        Ok(Self { key, hash: Sha256::digest(&content).to_vec() })
    }

    /// Begins the unit of work. With it comes the answer of the first time; None if this is the first time. Waits while
    /// another request with the same key is being worked on.
    ///
    /// # Errors
    /// 409: the key was used for another request. 503: Postgres is away.
    pub async fn begin<R: DeserializeOwned>(&self, bus: &Bus) -> Result<(Tx, Option<R>), Problem> {
        let Some(key) = &self.key else { return Ok((work::begin(bus).await?, None)) };
        match idempotency::begin(bus, key, &self.hash).await.map_err(work::problem)? {
            (tx, Claim::New) => Ok((tx, None)),
            (tx, Claim::Done(answer)) => Ok((tx, Some(answer))),
            (_, Claim::Mismatch) => {
                Err(Problem::conflict("this Idempotency-Key was used for another request"))
            }
        }
    }

    /// Stores the answer for the next time, with the commit of `tx`, which must be the work itself.
    ///
    /// # Errors
    /// 500: the answer cannot be written as JSON.
    pub fn store<R: Serialize>(&self, tx: &mut Tx, answer: &R) -> Result<(), Problem> {
        match &self.key {
            Some(key) => idempotency::finish(tx, key, answer).map_err(Problem::internal),
            None => Ok(()),
        }
    }
}

/// Removes answers that are older than thirty days, now and every hour, until `stop`.
pub(crate) async fn prune_until(db: PgPool, clock: Clock, stop: CancellationToken) -> Result<(), StartError> {
    let mut every = tokio::time::interval(PRUNE_EVERY);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = stop.cancelled() => return Ok(()),
        }
        match idempotency::prune(&db, clock.now() - KEPT).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "answers to repeated requests removed by their age"),
            Err(error) => tracing::warn!(%error, "pruning of idempotency keys: not now"),
        }
    }
}
