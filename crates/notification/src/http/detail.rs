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
use crate::store::shown::{self, AskedAgain, Said, Shown};

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
    asked_again: Vec<AskedAgain>,
    again: bool,
    key: Uuid,
}

impl Detail<'_> {
    fn asked_by(&self, one: &AskedAgain) -> String {
        self.page.tn("detail-asked-by", &[("name", &one.by), ("at", &self.page.moment(one.at))])
    }
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
    let mut db = service.db.acquire().await?;
    let (email, said) = shown::find(&mut db, id).await?.ok_or_else(Problem::not_found)?;
    let asked_again = shown::asked_again(&mut db, id).await?;
    let (form, key) = (Form::new(&page), Uuid::now_v7());
    pages::show(&Detail { page: &page, form, email, said, asked_again, again: asked.again, key })
}
