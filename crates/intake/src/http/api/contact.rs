//! `POST /apply/api/applications/{id}/contact`

use std::sync::Arc;

use axum::extract::State;
use chassis::problem::{ApiJson, ApiPath};
use chassis::telemetry::Trace;
use chassis::{Problem, Session};
use events::{ApplicationId, Contact};
use host::{IdempotencyKey, Idempotent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::access;
use crate::store::applications;
use crate::{AppState, check, contact};

/// The contact of an application as it is now.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Corrected {
    id: ApplicationId,
    contact: Contact,
}

pub(super) async fn correct(
    State(service): State<Arc<AppState>>,
    session: Session,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    key: IdempotencyKey,
    ApiJson(body): ApiJson<Contact>,
) -> Result<ApiJson<Corrected>, Problem> {
    let once = Idempotent::new(&session, "contact", key, &(id, &body))?;
    let messages = service.pages.messages();
    let contact = check::contact(body).map_err(|errors| {
        Problem::invalid(errors.iter().map(|(field, wrong)| {
            let pointer = field.pointer().trim_start_matches("/contact").to_owned();
            (pointer, wrong.say_in_english(field, messages))
        }))
    })?;

    let (mut tx, before) = once.begin(&service.bus).await?;
    let stored = applications::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    access::may_correct(&session, &stored)?;
    if let Some(corrected) = before {
        return Ok(ApiJson(corrected));
    }
    contact::save(&mut tx, id, contact.clone(), None, host::person(&session), host::cause(&trace))
        .await?
        .ok_or_else(Problem::not_found)?
        .map_err(|refused| Problem::conflict(refused.to_string()))?;
    let corrected = Corrected { id, contact };
    once.store(&mut tx, &corrected)?;
    host::commit(&service.bus, tx).await?;
    Ok(ApiJson(corrected))
}
