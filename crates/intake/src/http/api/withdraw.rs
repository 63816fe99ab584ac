//! `POST /apply/api/applications/{id}/withdrawal`

use std::sync::Arc;

use axum::extract::State;
use chassis::problem::{ApiJson, ApiPath};
use chassis::telemetry::Trace;
use chassis::{Problem, Session};
use events::ApplicationId;
use host::{IdempotencyKey, Idempotent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::application::Status;
use crate::http::access;
use crate::store::applications;
use crate::{AppState, withdrawal};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Withdrawal {
    /// Reason for the withdrawal; at most 2,000 characters.
    #[serde(default)]
    reason: Option<String>,
}

/// The application was withdrawn.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Withdrawn {
    id: ApplicationId,
    status: Status,
}

pub(super) async fn withdraw(
    State(service): State<Arc<AppState>>,
    session: Session,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    key: IdempotencyKey,
    ApiJson(body): ApiJson<Withdrawal>,
) -> Result<ApiJson<Withdrawn>, Problem> {
    access::applicant(&session)?;
    let once = Idempotent::new(&session, "withdraw", key, &(id, &body))?;
    let reason = withdrawal::reason(body.reason.as_deref().unwrap_or_default())
        .map_err(|limit| Problem::invalid([("/reason", format!("expected at most {limit} characters"))]))?;

    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(withdrawn) = before {
        return Ok(ApiJson(withdrawn));
    }
    let stored = applications::find(&mut tx, id).await?.filter(|stored| access::owns(&session, &stored.ags));
    stored.ok_or_else(Problem::not_found)?;
    let status = withdrawal::withdraw(&mut tx, id, host::person(&session), reason, host::cause(&trace))
        .await?
        .ok_or_else(Problem::not_found)?
        .map_err(|refused| Problem::conflict(refused.to_string()))?;
    let withdrawn = Withdrawn { id, status };
    once.store(&mut tx, &withdrawn)?;
    host::commit(&service.bus, tx).await?;
    Ok(ApiJson(withdrawn))
}
