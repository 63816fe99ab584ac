//! Requests that may be repeated: the same key gives the answer of the first time.

use axum::http::HeaderMap;
use bus::Tx;
use bus::idempotency::{self, Claim};
use chassis::Session;
use chassis::problem::{Problem, ProblemKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// The longest key.
const LONGEST: usize = 200;

/// A request with its key, if it has one.
#[derive(Debug)]
pub(super) struct Once {
    key: Option<String>,
    hash: Vec<u8>,
}

impl Once {
    /// A request to do `verb` by `session`; `what` is all it says. The key is the person's own: nobody meets
    /// another's.
    pub(super) fn new(
        session: &Session,
        verb: &str,
        key: &str,
        what: &impl Serialize,
    ) -> Result<Self, Problem> {
        if key.len() > LONGEST || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let detail = format!("an Idempotency-Key has at most {LONGEST} visible ASCII characters");
            return Err(Problem::new(ProblemKind::Malformed).detail(detail));
        }
        let what = serde_json::to_vec(what).map_err(Problem::internal)?;
        let key = (!key.is_empty()).then(|| format!("{}:{verb}:{key}", session.person));
        Ok(Self { key, hash: Sha256::digest(&what).to_vec() })
    }

    /// As [`Once::new`], with the key of the header `Idempotency-Key`.
    pub(super) fn of(
        headers: &HeaderMap,
        session: &Session,
        verb: &str,
        what: &impl Serialize,
    ) -> Result<Self, Problem> {
        let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
        Self::new(session, verb, key, what)
    }

    /// The answer of the first time; `None`: this is the first time.
    pub(super) async fn begin<R: DeserializeOwned>(&self, tx: &mut Tx) -> Result<Option<R>, Problem> {
        let Some(key) = &self.key else { return Ok(None) };
        match idempotency::claim(tx, key, &self.hash).await? {
            Claim::New => Ok(None),
            Claim::Done(answer) => Ok(Some(answer)),
            Claim::Mismatch => Err(Problem::conflict("this Idempotency-Key was used for another request")),
        }
    }

    /// Keeps the answer for the next time.
    pub(super) async fn end<R: Serialize>(&self, tx: &mut Tx, answer: &R) -> Result<(), Problem> {
        match &self.key {
            Some(key) => Ok(idempotency::finish(tx, key, answer).await?),
            None => Ok(()),
        }
    }
}
