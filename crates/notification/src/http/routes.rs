//! The routes of the pages, and of the API with its description.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use chassis::api::{ApiRouter, Operation};
use chassis::problem::ProblemKind;

use crate::AppState;
use crate::store::views::DeliveryView;

use super::{detail, list, resend};

pub fn routes(service: Arc<AppState>) -> Router {
    let found = [ProblemKind::Forbidden, ProblemKind::NotFound];
    let api = ApiRouter::new("notification", "/mail")
        .get(
            "/deliveries",
            list::api,
            Operation::new("Emails and their fate, newest first")
                .description("Case workers and operators.")
                .query::<list::ListQuery>()
                .answers::<list::Listed>(StatusCode::OK)
                .problems(&[ProblemKind::Forbidden, ProblemKind::Malformed]),
        )
        .get(
            "/deliveries/{id}",
            detail::api,
            Operation::new("One email and its fate").answers::<DeliveryView>(StatusCode::OK).problems(&found),
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
