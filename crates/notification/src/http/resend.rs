//! A person asks for an undeliverable email to be sent again.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chassis::problem::ApiPath;
use chassis::session::PageForm;
use chassis::{Problem, Session};
use host::{IdempotencyKey, Idempotent};
use pages::Page;
use serde::Deserialize;

use super::only_staff;
use crate::AppState;
use crate::sender::readdress::{self, Email};
use crate::store::contacts;
use crate::store::deliveries::{self, Change};

enum Done {
    /// Id of the delivery that is queued now: this one, or one to the present address.
    Queued(i64),
    NotFailed,
}

/// Queues the email to the present address of the contact.
async fn resend(
    service: &AppState,
    session: &Session,
    id: i64,
    key: IdempotencyKey,
) -> Result<Done, Problem> {
    let once = Idempotent::new(session, "resend", key, &id)?;
    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(number) = before {
        return Ok(Done::Queued(number));
    }
    let application = deliveries::application_of(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    // Contacts are locked before deliveries.
    contacts::lock(&mut tx, &[application]).await?;
    let contacts = contacts::of(&mut tx, &[application]).await.map_err(Problem::unavailable)?;
    let delivery = deliveries::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let now = tx.now();
    let Ok(queued) = delivery.clone().resend(now) else { return Ok(Done::NotFailed) };
    let elsewhere = contacts.get(&delivery.application).filter(|one| one.email != delivery.recipient);
    let number = match elsewhere {
        None => {
            deliveries::save(&mut tx, [&Change::new(&delivery, queued, None)], None).await?;
            id
        }
        Some(contact) => {
            let (content, traceparent) = deliveries::content(&mut tx, id).await?;
            let traceparent = traceparent.as_deref();
            let about = delivery.about.uuid();
            let email = Email { about, template: &delivery.template, content, traceparent };
            let writer = service.sender.writer();
            let queued = readdress::queue(&mut tx, writer, contact, email, now).await;
            match queued.map_err(Problem::unavailable)? {
                Some(number) => number,
                // It was sent to the new address, or is queued to it.
                None => return Ok(Done::NotFailed),
            }
        }
    };
    deliveries::record_resend_request(&mut tx, id, session, now).await?;
    once.store(&mut tx, &number)?;
    host::commit(&service.bus, tx).await?;
    service.sender.wake();
    Ok(Done::Queued(number))
}

pub async fn api(
    session: Session,
    ApiPath(id): ApiPath<i64>,
    State(service): State<Arc<AppState>>,
    key: IdempotencyKey,
) -> Result<StatusCode, Problem> {
    only_staff(&session)?;
    match resend(&service, &session, id, key).await? {
        Done::Queued(_) => Ok(StatusCode::NO_CONTENT),
        Done::NotFailed => Err(Problem::conflict("only an undeliverable email can be sent again")),
    }
}

#[derive(Deserialize)]
pub struct ButtonForm {
    #[serde(default)]
    key: String,
}

pub async fn page(
    page: Page,
    ApiPath(id): ApiPath<i64>,
    State(service): State<Arc<AppState>>,
    PageForm { session, data, .. }: PageForm<ButtonForm>,
) -> Result<Response, Problem> {
    only_staff(&session)?;
    match resend(&service, &session, id, IdempotencyKey::new(&data.key)?).await? {
        Done::Queued(number) => {
            let url = page.url(&format!("/deliveries/{number}?again=true"));
            Ok(Redirect::to(&url).into_response())
        }
        Done::NotFailed => Err(Problem::conflict("it is not failed").say(page.t("detail-again-refused"))),
    }
}
