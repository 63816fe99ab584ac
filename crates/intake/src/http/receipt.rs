//! `GET /apply/applications/{id}/receipt`: confirms that the application has arrived, and explains what comes next (§
//! 25 VwVfG).

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::problem::ApiPath;
use chassis::{Problem, Session};
use events::{ApplicationId, ApplicationSubmitted};
use pages::Page;

use super::access;
use crate::AppState;
use crate::store::applications;

#[derive(Template)]
#[template(path = "receipt.html")]
struct Receipt<'a> {
    page: &'a Page,
    id: ApplicationId,
    submitted: &'a ApplicationSubmitted,
}

pub(super) async fn show(
    page: Page,
    session: Session,
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
) -> Result<Response, Problem> {
    let mut connection = service.db.acquire().await?;
    let stored = applications::find(&mut connection, id).await?.ok_or_else(Problem::not_found)?;
    access::may_read(&session, &stored)?;
    pages::show(&Receipt { page: &page, id, submitted: &stored.submitted })
}
