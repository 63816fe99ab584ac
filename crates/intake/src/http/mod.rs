//! Pages and API of intake.

mod access;
mod api;
mod begin;
mod check;
mod compare;
mod contact;
mod content;
mod delete;
mod draft;
mod home;
mod receipt;
mod reply;
mod routes;
mod status;
mod submit;
mod sums;
mod withdraw;

pub use routes::routes;

use axum::response::{IntoResponse, Redirect, Response};
use chassis::Problem;
use events::ApplicationId;
use sqlx::PgConnection;

use crate::store::applications;
use access::owns;

fn to(path: &str) -> Response {
    Redirect::to(path).into_response()
}

fn draft_path(id: ApplicationId) -> String {
    format!("/apply/drafts/{id}")
}

fn application_path(id: ApplicationId) -> String {
    format!("/apply/applications/{id}")
}

/// The answer if a draft is gone: a redirect to its application, if it was submitted.
async fn gone(
    connection: &mut PgConnection,
    id: ApplicationId,
    session: &chassis::Session,
) -> Result<Response, Problem> {
    match applications::find(connection, id).await? {
        Some(stored) if owns(session, &stored.ags) => Ok(to(&application_path(id))),
        _ => Err(Problem::not_found()),
    }
}
