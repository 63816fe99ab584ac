//! A person asks for an undeliverable email to be sent again, once its cause is gone.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use bus::idempotency::{self, Claim};
use chassis::problem::ApiPath;
use chassis::session::PageForm;
use chassis::{Problem, Session};
use pages::Page;
use serde::Deserialize;

use super::only_staff;
use crate::Service;
use crate::sender::readdress::{self, Email};
use crate::store::contacts;
use crate::store::deliveries::{self, Change};

enum Done {
    /// The delivery that waits now: this one, or one to the present address.
    Queued(i64),
    NotFailed,
}

/// Once per `key`. It goes to the address that the contact has now.
async fn again(service: &Service, session: &Session, id: i64, key: Option<&str>) -> Result<Done, Problem> {
    let mut tx = service.bus.begin().await?;
    let key = key.map(|key| format!("{}:mail-again:{key}", session.person));
    if let Some(key) = &key {
        match idempotency::claim::<Option<i64>>(&mut tx, key, &id.to_be_bytes()).await? {
            Claim::New => {}
            Claim::Done(number) => return Ok(Done::Queued(number.unwrap_or(id))),
            Claim::Mismatch => {
                return Err(Problem::conflict("this Idempotency-Key was used for another email"));
            }
        }
    }
    let application = deliveries::application_of(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    // Contacts are locked before deliveries.
    contacts::hold(&mut tx, &[application]).await?;
    let contacts = contacts::of(&mut tx, &[application]).await.map_err(Problem::unavailable)?;
    let delivery = deliveries::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let now = tx.now();
    let Ok(queued) = delivery.clone().again(now) else { return Ok(Done::NotFailed) };
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
                // It went to the new address, or goes there already.
                None => return Ok(Done::NotFailed),
            }
        }
    };
    if let Some(key) = &key {
        idempotency::finish(&mut tx, key, &Some(number)).await?;
    }
    service.bus.commit(tx).await.map_err(Problem::unavailable)?;
    tracing::info!(delivery = id, person = session.person, "a person asked to send it again");
    service.sender.wake();
    Ok(Done::Queued(number))
}

pub async fn api(
    session: Session,
    ApiPath(id): ApiPath<i64>,
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    only_staff(&session)?;
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    match again(&service, &session, id, key).await? {
        Done::Queued(_) => Ok(StatusCode::NO_CONTENT),
        Done::NotFailed => Err(Problem::conflict("only an undeliverable email can be sent again")),
    }
}

/// The form of the detail page.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    key: String,
}

pub async fn page(
    page: Page,
    ApiPath(id): ApiPath<i64>,
    State(service): State<Arc<Service>>,
    PageForm { session, data, .. }: PageForm<Asked>,
) -> Result<Response, Problem> {
    only_staff(&session)?;
    match again(&service, &session, id, Some(data.key.as_str()).filter(|key| !key.is_empty())).await? {
        Done::Queued(number) => {
            let url = page.url(&format!("/deliveries/{number}?again=true"));
            Ok(Redirect::to(&url).into_response())
        }
        Done::NotFailed => Err(Problem::conflict("it is not failed").say(page.t("detail-again-refused"))),
    }
}
