//! The routes of the pages, and of the API with its description.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use chassis::api::{ApiRouter, Operation};
use chassis::{ProblemKind, Role};

use crate::AppState;

use super::{abstain, draft, give, give_back, list, next, queue, show, take, ties, view};

/// Pages below `/review`, the API below `/review/api`.
pub fn routes(service: Arc<AppState>) -> Router {
    let pages = Router::new()
        .route("/review", get(queue::page))
        .route("/review/next", post(next::page))
        .route("/review/all", get(list::page))
        .route("/review/ties", get(ties::page).post(ties::declare))
        .route("/review/ties/draft", post(ties::draft))
        .route("/review/ties/{id}/end", post(ties::end))
        .route("/review/files/{id}", get(show::page))
        .route("/review/files/{id}/review", get(show::page).post(give::page))
        .route("/review/files/{id}/draft", post(draft::page))
        .route("/review/files/{id}/take", post(take::page))
        .route("/review/files/{id}/return", post(give_back::page))
        .route("/review/files/{id}/abstain", get(abstain::ask).post(abstain::page))
        .route("/review/files/{id}/abstain/draft", post(abstain::draft));
    pages.merge(api().into_router()).with_state(service)
}

pub fn api() -> ApiRouter<Arc<AppState>> {
    use ProblemKind::{Conflict, NotFound};
    ApiRouter::new("review", "/review")
        .post(
            "/next",
            next::api,
            Operation::new("Take the next file")
                .description(
                    "The oldest file that waits for somebody like you, held for you from now on. You hold one \
                     file at a time: asked again, the same one. 204 when nothing waits for you. Takes an \
                     Idempotency-Key, as every operation that changes something.",
                )
                .role(Role::Reviewer)
                .answers::<view::FileView>(StatusCode::OK)
                .answers_nothing()
                .problems(&[Conflict]),
        )
        .get(
            "/queue",
            queue::api,
            Operation::new("How much waits, and the file you hold").answers::<view::QueueView>(StatusCode::OK),
        )
        .get(
            "/files/{id}",
            show::api,
            Operation::new("One file")
                .description("The reviews of others are shown once your own is given.")
                .answers::<view::FileView>(StatusCode::OK)
                .problems(&[NotFound]),
        )
        .post(
            "/files/{id}/review",
            give::api,
            Operation::new("Give your review")
                .role(Role::Reviewer)
                .body::<give::GiveReview>()
                .answers::<give::Given>(StatusCode::OK)
                .problems(&[NotFound, Conflict]),
        )
        .post(
            "/files/{id}/take",
            take::api,
            Operation::new("Take a file again that you gave back")
                .role(Role::Reviewer)
                .answers::<view::FileView>(StatusCode::OK)
                .problems(&[NotFound, Conflict]),
        )
        .post(
            "/files/{id}/return",
            give_back::api,
            Operation::new("Give a file back to the queue")
                .role(Role::Reviewer)
                .answers_nothing()
                .problems(&[NotFound, Conflict]),
        )
        .post(
            "/files/{id}/abstain",
            abstain::api,
            Operation::new("Declare bias: the file is never offered to you again")
                .role(Role::Reviewer)
                .body::<abstain::Abstain>()
                .answers_nothing()
                .problems(&[NotFound, Conflict]),
        )
}
