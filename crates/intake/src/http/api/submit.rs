//! `POST /apply/api/applications`

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use bus::idempotency::{self, Claim};
use chassis::problem::{ApiJson, ProblemKind};
use chassis::telemetry::Trace;
use chassis::{Problem, Session};
use events::{Application, ApplicationId, CallId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::application::{Ready, Refused};
use crate::http::{access, cause, failed};
use crate::store::calls;
use crate::{Service, submission};

/// An application to submit.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Submission {
    /// Key or id of the call, such as `komm-in-2027`.
    call: String,
    /// The form.
    application: Application,
}

/// It is submitted.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Receipt {
    id: ApplicationId,
    /// Aktenzeichen.
    file_number: String,
    /// After the end of the call; taken in and flagged.
    late: bool,
}

pub(super) async fn submit(
    State(service): State<Arc<Service>>,
    session: Session,
    trace: Trace,
    headers: HeaderMap,
    ApiJson(body): ApiJson<Submission>,
) -> Result<(StatusCode, ApiJson<Receipt>), Problem> {
    let ags = access::applicant(&session)?;
    let key = super::idempotency_key(&headers, &session, "submit")?.ok_or_else(|| {
        Problem::new(ProblemKind::Malformed).detail("the header Idempotency-Key is missing")
    })?;
    let hash = Sha256::digest(serde_json::to_vec(&body).map_err(Problem::internal)?);

    let mut tx = service.bus.begin().await?;
    match idempotency::claim(&mut tx, &key, &hash).await? {
        Claim::New => {}
        Claim::Done(receipt) => return Ok((StatusCode::CREATED, ApiJson(receipt))),
        Claim::Mismatch => return Err(super::key_was_used()),
    }
    let call = body.call.parse().unwrap_or_else(|_| CallId::of_key(&body.call));
    let missing = || Problem::invalid([("/call", "no such call has been published")]);
    let call = calls::find(&mut tx, call).await?.ok_or_else(missing)?;
    let ready =
        Ready::new(body.application, &call, &ags, tx.now()).map_err(|error| refused(&service, error))?;
    let id = ApplicationId(bus::outbox::new_id(tx.now()).uuid());
    let by = access::person(&session);
    let fact = submission::submit(&mut tx, &service.numbers, id, &call, ready, by, cause(&trace)).await?;
    let receipt = Receipt { id, file_number: fact.file_number, late: fact.late };
    idempotency::finish(&mut tx, &key, &receipt).await?;
    service.bus.commit(tx).await.map_err(failed)?;
    Ok((StatusCode::CREATED, ApiJson(receipt)))
}

fn refused(service: &Service, error: Refused) -> Problem {
    match error {
        Refused::Wrong(errors) => {
            let messages = service.pages.messages();
            let say = |(field, wrong): (crate::check::Field, &crate::check::Wrong)| {
                (format!("/application{}", field.pointer()), wrong.say_in_english(field, messages))
            };
            Problem::invalid(errors.iter().map(say))
        }
        Refused::NotOpen(_) => Problem::conflict(error.to_string()),
        Refused::NoMunicipality(_) => Problem::forbidden().detail(error.to_string()),
    }
}
