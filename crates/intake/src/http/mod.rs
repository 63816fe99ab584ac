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
mod status;
mod submit;
mod sums;
mod withdraw;

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chassis::Problem;
use chassis::telemetry::Trace;
use events::{ApplicationId, Cause};
use sqlx::PgConnection;

use crate::AppState;
use crate::store::applications;
use access::owns;

/// All routes, below `/apply`.
pub fn routes(service: Arc<AppState>) -> Router {
    Router::new()
        .route("/apply", get(home::show))
        .route("/apply/form.js", get(sums::script))
        .route("/apply/drafts", post(begin::begin))
        .route("/apply/drafts/{id}", get(draft::show).post(draft::save))
        .route("/apply/drafts/{id}/autosave", post(draft::autosave))
        .route("/apply/drafts/{id}/check", get(check::show))
        .route("/apply/drafts/{id}/compare", get(compare::show).post(compare::choose))
        .route("/apply/drafts/{id}/submit", post(submit::submit))
        .route("/apply/drafts/{id}/delete", get(delete::ask).post(delete::delete))
        .route("/apply/applications/{id}", get(status::show))
        .route("/apply/applications/{id}/receipt", get(receipt::show))
        .route("/apply/applications/{id}/withdraw", get(withdraw::ask).post(withdraw::withdraw))
        .route("/apply/applications/{id}/contact", get(contact::ask).post(contact::correct))
        .route("/apply/applications/{id}/reply", post(reply::reply))
        .route("/apply/applications/{id}/reply/draft", post(reply::draft))
        .route("/apply/applications/{id}/contact/draft", post(contact::draft))
        .route("/apply/applications/{id}/withdraw/draft", post(withdraw::draft))
        .merge(api::routes())
        .with_state(service)
}

/// What a request causes belongs to its trace.
fn cause(trace: &Trace) -> Cause {
    Cause::request(Some(trace.to_string()))
}

/// See there.
fn to(path: &str) -> Response {
    Redirect::to(path).into_response()
}

fn draft_path(id: ApplicationId) -> String {
    format!("/apply/drafts/{id}")
}

fn application_path(id: ApplicationId) -> String {
    format!("/apply/applications/{id}")
}

/// The draft is gone: where its application is, if it was submitted.
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
