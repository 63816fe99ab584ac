//! The routes of the pages, and of the API with its description.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use chassis::api::{ApiRouter, Operation};
use chassis::{ProblemKind, Role};

use crate::AppState;

use super::{answer, approve, case, confirm, list, notice, propose, ranking, record, send_back};

pub fn routes(service: Arc<AppState>) -> Router {
    Router::new()
        .route("/award", get(ranking::page))
        .route("/award/cases/{application}", get(case::page))
        .route("/award/cases/{application}/proposal", post(propose::form))
        .route("/award/cases/{application}/approval", get(confirm::page).post(approve::form))
        .route("/award/cases/{application}/preview", get(confirm::preview))
        .route("/award/cases/{application}/return", post(send_back::form))
        .route("/award/cases/{application}/entries", post(record::form))
        .route("/award/cases/{application}/{form}/draft", post(case::draft))
        .route("/award/notices/{application}", get(notice::page))
        .route("/award/notices/{application}/pdf", get(notice::pdf))
        .route("/award/notices/{application}/retrieval", post(notice::retrieve))
        .merge(api().into_router())
        .with_state(service)
}

/// The JSON API, with its OpenAPI document.
pub fn api() -> ApiRouter<Arc<AppState>> {
    use ProblemKind::{Conflict, Invalid, NotFound};
    const DECIDING: &[ProblemKind] = &[NotFound, Conflict, Invalid];
    let ok = StatusCode::OK;
    ApiRouter::new("award", "/award")
        .get(
            "/cases",
            list::cases,
            Operation::new("Cases of one stage, the best reviewed first")
                .description("For case workers and approvers.")
                .query::<list::ListQuery>()
                .answers::<list::Cases>(ok),
        )
        .get(
            "/cases/{application}",
            case::api,
            Operation::new("One case")
                .description("For case workers and approvers.")
                .answers::<answer::Case>(ok)
                .problems(&[NotFound]),
        )
        .post(
            "/cases/{application}/proposal",
            propose::api,
            Operation::new("Propose a decision")
                .description("Takes an Idempotency-Key.")
                .role(Role::CaseWorker)
                .body::<propose::Proposal>()
                .answers::<answer::Case>(ok)
                .problems(DECIDING),
        )
        .get(
            "/cases/{application}/approval",
            confirm::api,
            Operation::new("What an approval would do now, and the hash of the notice it would issue")
                .description("Changes nothing. The notice itself is at /award/cases/{application}/preview.")
                .role(Role::Approver)
                .answers::<answer::Outlook>(ok)
                .problems(DECIDING),
        )
        .post(
            "/cases/{application}/approval",
            approve::api,
            Operation::new("Approve the proposed decision, as another person")
                .description("The answer is granted, rejected, or waitlisted when the budget is used up. Takes an Idempotency-Key.")
                .role(Role::Approver)
                .body::<approve::Approval>()
                .answers::<answer::Case>(ok)
                .problems(DECIDING),
        )
        .post(
            "/cases/{application}/return",
            send_back::api,
            Operation::new("Send a proposal back")
                .description("Takes an Idempotency-Key.")
                .role(Role::Approver)
                .body::<send_back::Return>()
                .answers::<answer::Case>(ok)
                .problems(DECIDING),
        )
        .get(
            "/budgets",
            list::budgets,
            Operation::new("The money of all calls")
                .description("For case workers and approvers.")
                .answers::<Vec<answer::Budget>>(ok),
        )
        .get(
            "/notices/{application}",
            notice::api,
            Operation::new("A notice: what it is, and where its deadlines stand")
                .description("For the applicant, case workers and approvers. The PDF is at /award/notices/{application}/pdf; the applicant has to retrieve the notice first.")
                .answers::<answer::Notice>(ok)
                .problems(&[NotFound]),
        )
        .post(
            "/notices/{application}/retrieval",
            notice::retrieve_api,
            Operation::new("Retrieve a notice, as its recipient")
                .description("On the day after it the notice counts as notified, and the time to sue runs. Only the first time counts. Takes an Idempotency-Key.")
                .role(Role::Applicant)
                .answers::<answer::Notice>(ok)
                .problems(&[NotFound, Conflict]),
        )
        .post(
            "/notices/{application}/entries",
            record::api,
            Operation::new("Put on file that a notice was posted or arrived, or that the remedy was waived")
                .description("Takes an Idempotency-Key.")
                .role(Role::CaseWorker)
                .body::<record::Recorded>()
                .answers::<answer::Notice>(ok)
                .problems(DECIDING),
        )
}
