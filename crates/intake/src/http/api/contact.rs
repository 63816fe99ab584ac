//! `POST /apply/api/applications/{id}/contact`

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use bus::idempotency::{self, Claim};
use chassis::problem::{ApiJson, ApiPath};
use chassis::telemetry::Trace;
use chassis::{Problem, Session};
use events::{ApplicationId, Contact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::http::{access, cause, failed};
use crate::store::applications;
use crate::{Service, check, contact};

/// The contact of an application as it is now.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Corrected {
    id: ApplicationId,
    contact: Contact,
}

pub(super) async fn correct(
    State(service): State<Arc<Service>>,
    session: Session,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<Contact>,
) -> Result<ApiJson<Corrected>, Problem> {
    let key = super::idempotency_key(&headers, &session, &format!("contact:{id}"))?;
    let hash = Sha256::digest(serde_json::to_vec(&body).map_err(Problem::internal)?);
    let messages = service.pages.messages();
    let contact = check::contact(body).map_err(|errors| {
        Problem::invalid(errors.iter().map(|(field, wrong)| {
            let pointer = field.pointer().trim_start_matches("/contact").to_owned();
            (pointer, wrong.say_in_english(field, messages))
        }))
    })?;

    let mut tx = service.bus.begin().await?;
    let stored = applications::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    access::may_correct(&session, &stored)?;
    if let Some(key) = &key {
        match idempotency::claim(&mut tx, key, &hash).await? {
            Claim::New => {}
            Claim::Done(corrected) => return Ok(ApiJson(corrected)),
            Claim::Mismatch => return Err(super::key_was_used()),
        }
    }
    contact::save(&mut tx, id, contact.clone(), None, access::person(&session), cause(&trace))
        .await?
        .ok_or_else(Problem::not_found)?
        .map_err(|refused| Problem::conflict(refused.to_string()))?;
    let corrected = Corrected { id, contact };
    if let Some(key) = &key {
        idempotency::finish(&mut tx, key, &corrected).await?;
    }
    service.bus.commit(tx).await.map_err(failed)?;
    Ok(ApiJson(corrected))
}
