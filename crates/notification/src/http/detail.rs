//! One email and its delivery.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::problem::{ApiJson, ApiPath, ApiQuery};
use chassis::{Problem, Session};
use pages::{Form, Page};
use serde::Deserialize;
use uuid::Uuid;

use super::only_staff;
use crate::AppState;
use crate::store::views::{self, DeliveryView, EmailText, ResendRequest};

pub async fn api(
    session: Session,
    ApiPath(id): ApiPath<i64>,
    State(service): State<Arc<AppState>>,
) -> Result<ApiJson<DeliveryView>, Problem> {
    only_staff(&session)?;
    let found = views::find(&mut *service.db.acquire().await?, id).await?;
    found.map(|(shown, _)| ApiJson(shown)).ok_or_else(Problem::not_found)
}

#[derive(Template)]
#[template(path = "detail.html")]
struct Detail<'a> {
    page: &'a Page,
    form: Form,
    email: DeliveryView,
    text: EmailText,
    asked_again: Vec<ResendRequest>,
    again: bool,
    key: Uuid,
}

impl Detail<'_> {
    fn asked_by(&self, one: &ResendRequest) -> String {
        self.page.tn("detail-asked-by", &[("name", &one.by), ("at", &self.page.moment(one.at))])
    }
}

#[derive(Deserialize)]
pub struct DetailQuery {
    /// The email has just been queued again.
    #[serde(default)]
    again: bool,
}

pub async fn page(
    page: Page,
    session: Session,
    ApiPath(id): ApiPath<i64>,
    ApiQuery(query): ApiQuery<DetailQuery>,
    State(service): State<Arc<AppState>>,
) -> Result<Response, Problem> {
    only_staff(&session)?;
    let mut db = service.db.acquire().await?;
    let (email, text) = views::find(&mut db, id).await?.ok_or_else(Problem::not_found)?;
    let asked_again = views::resend_requests(&mut db, id).await?;
    let (form, key) = (Form::new(&page), Uuid::now_v7());
    pages::show(&Detail { page: &page, form, email, text, asked_again, again: query.again, key })
}
