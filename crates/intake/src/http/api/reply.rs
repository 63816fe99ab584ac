//! `POST /apply/api/applications/{id}/replies`

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use bus::idempotency::{self, Claim};
use chassis::problem::{ApiJson, ApiPath, ProblemKind};
use chassis::telemetry::Trace;
use chassis::{Problem, Session};
use events::ApplicationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::http::{access, cause, failed};
use crate::store::applications;
use crate::{Service, reply};

/// A reply.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reply {
    /// What to tell the case worker; at most 4,000 characters.
    text: String,
}

/// It was taken.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Taken {
    id: ApplicationId,
    /// How many replies there are now.
    replies: i32,
}

pub(super) async fn reply(
    State(service): State<Arc<Service>>,
    session: Session,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<Reply>,
) -> Result<(StatusCode, ApiJson<Taken>), Problem> {
    access::applicant(&session)?;
    let key = super::idempotency_key(&headers, &session, &format!("reply:{id}"))?.ok_or_else(|| {
        Problem::new(ProblemKind::Malformed).detail("the header Idempotency-Key is missing")
    })?;
    let hash = Sha256::digest(serde_json::to_vec(&body).map_err(Problem::internal)?);
    let text = reply::text(&body.text).map_err(|wrong| Problem::invalid([("/text", wrong.to_string())]))?;

    let mut tx = service.bus.begin().await?;
    let stored = applications::find(&mut tx, id).await?.filter(|stored| access::owns(&session, &stored.ags));
    stored.ok_or_else(Problem::not_found)?;
    match idempotency::claim(&mut tx, &key, &hash).await? {
        Claim::New => {}
        Claim::Done(taken) => return Ok((StatusCode::CREATED, ApiJson(taken))),
        Claim::Mismatch => return Err(super::key_was_used()),
    }
    let replies = reply::save(&mut tx, id, text, access::person(&session), cause(&trace))
        .await?
        .ok_or_else(Problem::not_found)?
        .map_err(|refused| Problem::conflict(refused.to_string()))?;
    let taken = Taken { id, replies };
    idempotency::finish(&mut tx, &key, &taken).await?;
    service.bus.commit(tx).await.map_err(failed)?;
    Ok((StatusCode::CREATED, ApiJson(taken)))
}
