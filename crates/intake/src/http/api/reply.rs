//! `POST /apply/api/applications/{id}/replies`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chassis::problem::{ApiJson, ApiPath};
use chassis::telemetry::Trace;
use chassis::{Problem, Session};
use events::ApplicationId;
use host::{IdempotencyKey, Idempotent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::access;
use crate::store::applications;
use crate::{AppState, reply};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reply {
    /// The message to the case worker; at most 4,000 characters.
    text: String,
}

/// The reply was accepted.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Taken {
    id: ApplicationId,
    /// Number of replies to this application, including this one.
    replies: i32,
}

pub(super) async fn reply(
    State(service): State<Arc<AppState>>,
    session: Session,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    key: IdempotencyKey,
    ApiJson(body): ApiJson<Reply>,
) -> Result<(StatusCode, ApiJson<Taken>), Problem> {
    access::applicant(&session)?;
    let once = Idempotent::new(&session, "reply", key.required()?, &(id, &body))?;
    let text = reply::text(&body.text).map_err(|wrong| Problem::invalid([("/text", wrong.to_string())]))?;

    let (mut tx, before) = once.begin(&service.bus).await?;
    let stored = applications::find(&mut tx, id).await?.filter(|stored| access::owns(&session, &stored.ags));
    stored.ok_or_else(Problem::not_found)?;
    if let Some(taken) = before {
        return Ok((StatusCode::CREATED, ApiJson(taken)));
    }
    let replies = reply::save(&mut tx, id, text, host::person(&session), host::cause(&trace))
        .await?
        .ok_or_else(Problem::not_found)?
        .map_err(|refused| Problem::conflict(refused.to_string()))?;
    let taken = Taken { id, replies };
    once.store(&mut tx, &taken)?;
    host::commit(&service.bus, tx).await?;
    Ok((StatusCode::CREATED, ApiJson(taken)))
}
