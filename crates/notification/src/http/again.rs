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
use crate::store::deliveries::{self, Change};

enum Done {
    Queued,
    NotFailed,
}

/// Once per `key`.
async fn again(service: &Service, session: &Session, id: i64, key: Option<&str>) -> Result<Done, Problem> {
    let mut tx = service.bus.begin().await?;
    let key = key.map(|key| format!("{}:mail-again:{key}", session.person));
    if let Some(key) = &key {
        match idempotency::claim::<()>(&mut tx, key, &id.to_be_bytes()).await? {
            Claim::New => {}
            Claim::Done(()) => return Ok(Done::Queued),
            Claim::Mismatch => {
                return Err(Problem::conflict("this Idempotency-Key was used for another email"));
            }
        }
    }
    let delivery = deliveries::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let Ok(queued) = delivery.clone().again(tx.now()) else { return Ok(Done::NotFailed) };
    deliveries::save(&mut tx, [&Change::new(&delivery, queued, None)], None).await?;
    if let Some(key) = &key {
        idempotency::finish(&mut tx, key, &()).await?;
    }
    service.bus.commit(tx).await.map_err(Problem::unavailable)?;
    tracing::info!(delivery = id, person = session.person, "a person asked to send it again");
    service.sender.wake();
    Ok(Done::Queued)
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
        Done::Queued => Ok(StatusCode::NO_CONTENT),
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
        Done::Queued => {
            let url = page.url(&format!("/deliveries/{id}?again=true"));
            Ok(Redirect::to(&url).into_response())
        }
        Done::NotFailed => Err(Problem::conflict("it is not failed").say(page.t("detail-again-refused"))),
    }
}
