//! Pages below `/mail`, the JSON API below `/mail/api`. For case workers and operators.

mod detail;
mod list;
mod resend;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use chassis::api::{ApiRouter, Operation};
use chassis::problem::ProblemKind;
use chassis::{Problem, Role, Session};

use crate::AppState;
use crate::store::shown::Shown;

/// All of them.
pub fn routes(service: Arc<AppState>) -> Router {
    let found = [ProblemKind::Forbidden, ProblemKind::NotFound];
    let api = ApiRouter::new("notification", "/mail")
        .get(
            "/deliveries",
            list::api,
            Operation::new("Emails and their fate, newest first")
                .description("Case workers and operators.")
                .query::<list::Asked>()
                .answers::<list::Listed>(StatusCode::OK)
                .problems(&[ProblemKind::Forbidden, ProblemKind::Malformed]),
        )
        .get(
            "/deliveries/{id}",
            detail::api,
            Operation::new("One email and its fate").answers::<Shown>(StatusCode::OK).problems(&found),
        )
        .post(
            "/deliveries/{id}/again",
            resend::api,
            Operation::new("Send an undeliverable email again")
                .description("To the address that the contact has now. With the header Idempotency-Key it may be repeated.")
                .answers_nothing()
                .problems(&[ProblemKind::Forbidden, ProblemKind::NotFound, ProblemKind::Conflict]),
        )
        .into_router();
    Router::new()
        .route("/mail", get(list::page))
        .route("/mail/deliveries/{id}", get(detail::page))
        .route("/mail/deliveries/{id}/again", post(resend::page))
        .merge(api)
        .with_state(service)
}

/// Addresses and file numbers are for those who work with them.
fn only_staff(session: &Session) -> Result<(), Problem> {
    if session.has(Role::CaseWorker) || session.has(Role::Operator) {
        return Ok(());
    }
    Err(Problem::forbidden().detail("needs the role case_worker or operator"))
}

impl Shown {
    /// How its state looks: kind of badge, message key.
    fn badge(&self) -> (&'static str, &'static str) {
        match self.state.as_str() {
            "sent" => ("success", "state-sent"),
            "failed" => ("danger", "state-failed"),
            "sending" => ("info", "state-sending"),
            "superseded" => ("info", "state-superseded"),
            "data_started" => ("warning", "state-data-started"),
            _ => ("info", "state-queued"),
        }
    }

    fn path(&self) -> String {
        format!("/deliveries/{}", self.id)
    }

    fn again_path(&self) -> String {
        format!("{}/again", self.path())
    }

    fn contact_path(&self) -> String {
        format!("/apply/applications/{}/contact", self.application)
    }

    fn is_done(&self) -> bool {
        matches!(self.state.as_str(), "sent" | "failed" | "superseded")
    }
}
