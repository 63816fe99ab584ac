//! The routes of the pages, and of the API with its description.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::AppState;

use super::{
    api, begin, check, compare, contact, delete, draft, home, receipt, reply, status, submit, sums, withdraw,
};

/// All routes below `/apply`.
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
