//! `POST /apply/api/applications`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chassis::problem::ApiJson;
use chassis::telemetry::Trace;
use chassis::{Problem, Session};
use events::{Application, ApplicationId, Call, CallId};
use host::{IdempotencyKey, Idempotent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::AppState;
use crate::application::{Ready, Refused};
use crate::http::access;
use crate::submission::{self, Submission as Outcome};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Submission {
    /// Key or id of the call, such as `komm-in-2027`.
    call: String,
    application: Application,
}

/// The application was submitted.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Receipt {
    id: ApplicationId,
    /// File number (Aktenzeichen).
    file_number: String,
    /// It came after the call had closed; it is accepted and marked as late.
    late: bool,
}

pub(super) async fn submit(
    State(service): State<Arc<AppState>>,
    session: Session,
    trace: Trace,
    key: IdempotencyKey,
    ApiJson(body): ApiJson<Submission>,
) -> Result<(StatusCode, ApiJson<Receipt>), Problem> {
    let ags = access::applicant(&session)?;
    let once = Idempotent::new(&session, "submit", key.required()?, &body)?;

    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(receipt) = before {
        return Ok((StatusCode::CREATED, ApiJson(receipt)));
    }
    let call = body.call.parse().unwrap_or_else(|_| CallId::of_key(&body.call));
    let now = tx.now();
    let check = |call: &Call| Ready::new(body.application.clone(), call, &ags, now);
    let id = ApplicationId(bus::outbox::new_id(now).uuid());
    let (by, cause) = (host::person(&session), host::cause(&trace));
    let fact = match submission::submit(&mut tx, &service.numbers, id, call, check, by, cause).await? {
        Outcome::Done(fact) => fact,
        Outcome::Refused(error) => return Err(refused(&service, error)),
        Outcome::NoCall => return Err(Problem::invalid([("/call", "no such call has been published")])),
    };
    let receipt = Receipt { id, file_number: fact.file_number, late: fact.late };
    once.store(&mut tx, &receipt)?;
    host::commit(&service.bus, tx).await?;
    Ok((StatusCode::CREATED, ApiJson(receipt)))
}

fn refused(service: &AppState, error: Refused) -> Problem {
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
