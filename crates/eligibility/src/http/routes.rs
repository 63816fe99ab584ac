//! The routes of the pages, and of the API with its description.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use chassis::api::{ApiRouter, Operation};
use chassis::{ProblemKind, Role};

use crate::{AppState, PREFIX};

use super::{decide, list, show, view};

pub fn routes(service: Arc<AppState>) -> Router {
    Router::new()
        .route("/eligibility", get(list::page))
        .route("/eligibility/cases/{id}", get(show::page))
        .route("/eligibility/cases/{id}/decision", post(decide::page))
        .route("/eligibility/cases/{id}/draft", post(decide::draft))
        .merge(api().into_router())
        .with_state(service)
}

fn api() -> ApiRouter<Arc<AppState>> {
    ApiRouter::new("eligibility", PREFIX)
        .get(
            "/cases",
            list::api,
            Operation::new("List cases by state")
                .description("What waits comes oldest first, everything else newest first.")
                .role(Role::CaseWorker)
                .query::<list::ListQuery>()
                .answers::<list::List>(StatusCode::OK),
        )
        .get(
            "/cases/{id}",
            show::api,
            Operation::new("One case: what was submitted, what the rules found, what was decided")
                .role(Role::CaseWorker)
                .answers::<view::CaseView>(StatusCode::OK)
                .problems(&[ProblemKind::NotFound]),
        )
        .post(
            "/cases/{id}/decision",
            decide::api,
            Operation::new("Decide a case that was referred to a person")
                .description("With the header Idempotency-Key the request can be repeated.")
                .role(Role::CaseWorker)
                .body::<decide::DecisionRequest>()
                .answers::<view::CaseView>(StatusCode::OK)
                .problems(&[ProblemKind::NotFound, ProblemKind::Conflict]),
        )
}
