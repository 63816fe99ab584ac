//! `POST /apply/api/applications/{id}/withdrawal`

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use bus::idempotency::{self, Claim};
use chassis::problem::{ApiJson, ApiPath};
use chassis::telemetry::Trace;
use chassis::{Problem, Session};
use events::ApplicationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::application::Status;
use crate::http::{access, cause, failed};
use crate::store::applications;
use crate::{Service, withdrawal};

/// A withdrawal.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Withdrawal {
    /// Why; at most 2,000 characters.
    #[serde(default)]
    reason: Option<String>,
}

/// It is withdrawn.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Withdrawn {
    id: ApplicationId,
    status: Status,
}

pub(super) async fn withdraw(
    State(service): State<Arc<Service>>,
    session: Session,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<Withdrawal>,
) -> Result<ApiJson<Withdrawn>, Problem> {
    access::applicant(&session)?;
    let key = super::idempotency_key(&headers, &session, &format!("withdraw:{id}"))?;
    let hash = Sha256::digest(serde_json::to_vec(&body).map_err(Problem::internal)?);
    let reason = withdrawal::reason(body.reason.as_deref().unwrap_or_default())
        .map_err(|limit| Problem::invalid([("/reason", format!("expected at most {limit} characters"))]))?;

    let mut tx = service.bus.begin().await?;
    if let Some(key) = &key {
        match idempotency::claim(&mut tx, key, &hash).await? {
            Claim::New => {}
            Claim::Done(withdrawn) => return Ok(ApiJson(withdrawn)),
            Claim::Mismatch => return Err(super::key_was_used()),
        }
    }
    let stored = applications::find(&mut tx, id).await?.filter(|stored| access::owns(&session, &stored.ags));
    stored.ok_or_else(Problem::not_found)?;
    let status = withdrawal::withdraw(&mut tx, id, access::person(&session), reason, cause(&trace))
        .await?
        .ok_or_else(Problem::not_found)?
        .map_err(|refused| Problem::conflict(refused.to_string()))?;
    let withdrawn = Withdrawn { id, status };
    if let Some(key) = &key {
        idempotency::finish(&mut tx, key, &withdrawn).await?;
    }
    service.bus.commit(tx).await.map_err(failed)?;
    Ok(ApiJson(withdrawn))
}
