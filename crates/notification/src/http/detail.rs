//! One email and its fate.

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
use crate::store::shown::{self, Said, Shown};

pub async fn api(
    session: Session,
    ApiPath(id): ApiPath<i64>,
    State(service): State<Arc<AppState>>,
) -> Result<ApiJson<Shown>, Problem> {
    only_staff(&session)?;
    let found = shown::find(&mut *service.db.acquire().await?, id).await?;
    found.map(|(shown, _)| ApiJson(shown)).ok_or_else(Problem::not_found)
}

#[derive(Template)]
#[template(path = "detail.html")]
struct Detail<'a> {
    page: &'a Page,
    form: Form,
    email: Shown,
    said: Said,
    again: bool,
    key: Uuid,
}

/// What the page before wants to say.
#[derive(Deserialize)]
pub struct Asked {
    /// It was just queued again.
    #[serde(default)]
    again: bool,
}

pub async fn page(
    page: Page,
    session: Session,
    ApiPath(id): ApiPath<i64>,
    ApiQuery(asked): ApiQuery<Asked>,
    State(service): State<Arc<AppState>>,
) -> Result<Response, Problem> {
    only_staff(&session)?;
    let found = shown::find(&mut *service.db.acquire().await?, id).await?;
    let (email, said) = found.ok_or_else(Problem::not_found)?;
    let form = Form::new(&page);
    pages::show(&Detail { page: &page, form, email, said, again: asked.again, key: Uuid::now_v7() })
}
