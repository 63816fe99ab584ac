//! Requests that may be repeated: with the same key the same thing happens once.

use axum::http::HeaderMap;
use bus::Tx;
use bus::idempotency::{self, Claim};
use chassis::{Problem, Session};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::failed;
use crate::Service;

/// The longest key that is taken.
const KEY_LIMIT: usize = 200;

/// A unit of work that is done once for its key.
pub struct Once {
    /// The open transaction.
    pub tx: Tx,
    key: Option<String>,
}

/// How a unit of work begins.
pub enum Begun<R> {
    /// First time.
    New(Once),
    /// Done before, with this answer.
    Done(R),
}

/// The header `Idempotency-Key`, where there is one.
pub fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= KEY_LIMIT => Ok(Some(key.to_owned())),
        _ => Err(Problem::new(chassis::ProblemKind::Malformed)
            .detail(format!("Idempotency-Key: expected 1 to {KEY_LIMIT} visible ASCII characters"))),
    }
}

impl Once {
    /// Begins `verb` of this person. The key is theirs and the verb's alone; without a key (or with
    /// an empty one) each request is a new one.
    ///
    /// # Errors
    /// 409 where the key was used with another `request`; Postgres away.
    pub async fn begin<R: DeserializeOwned>(
        service: &Service,
        session: &Session,
        verb: &str,
        key: Option<String>,
        request: &impl Serialize,
    ) -> Result<Begun<R>, Problem> {
        let key = key.filter(|key| !key.is_empty() && key.len() <= KEY_LIMIT && !key.contains('\0'));
        let key = key.map(|key| format!("{}:{verb}:{key}", session.person));
        let mut tx = service.bus.begin().await?;
        if let Some(key) = &key {
            let request = serde_json::to_vec(request).map_err(Problem::internal)?;
            match idempotency::claim(&mut tx, key, &Sha256::digest(request)).await? {
                Claim::New => {}
                Claim::Done(response) => return Ok(Begun::Done(response)),
                Claim::Mismatch => {
                    return Err(Problem::conflict("this Idempotency-Key was used for another request"));
                }
            }
        }
        Ok(Begun::New(Self { tx, key }))
    }

    /// Ends it; `response` is what every repetition gets.
    ///
    /// # Errors
    /// Postgres away: then nothing has happened.
    pub async fn finish(mut self, service: &Service, response: &impl Serialize) -> Result<(), Problem> {
        if let Some(key) = &self.key {
            idempotency::finish(&mut self.tx, key, response).await?;
        }
        service.bus.commit(self.tx).await.map_err(failed)
    }
}
