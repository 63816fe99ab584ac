//! The JSON API: lets programs do what people do on the pages.

mod amounts;
mod calls;
mod contact;
mod reply;
mod status;
mod submit;
mod withdraw;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use chassis::Role;
use chassis::api::{ApiRouter, Operation};
use chassis::problem::ProblemKind;

use crate::{AppState, PREFIX};

pub(super) fn routes() -> Router<Arc<AppState>> {
    ApiRouter::new("intake", PREFIX)
        .get(
            "/calls",
            calls::list,
            Operation::new("The calls one can apply to")
                .description("With their rules, also those that have not opened yet or have closed.")
                .answers::<calls::Calls>(StatusCode::OK),
        )
        .get(
            "/amounts",
            amounts::read,
            Operation::new("How amounts of a financing plan are read, as typed")
                .description(
                    "With the same reading as the form: German or English, with or without a currency. An amount that \
                     could be meant in two ways is no amount but an error that names both.",
                )
                .query::<amounts::Typed>()
                .answers::<amounts::Amounts>(StatusCode::OK)
                .problems(&[ProblemKind::Malformed]),
        )
        .post(
            "/applications",
            submit::submit,
            Operation::new("Submit an application")
                .description(
                    "For the municipality of who is signed in. Needs the header `Idempotency-Key`; the same key and \
                     body give the same answer. Applications after the end of the call are taken in and flagged as \
                     late.",
                )
                .role(Role::Applicant)
                .body::<submit::Submission>()
                .answers::<submit::Receipt>(StatusCode::CREATED)
                .problems(&[ProblemKind::NotFound, ProblemKind::Conflict]),
        )
        .get(
            "/applications/{id}",
            status::status,
            Operation::new("Where an application stands, and what has happened to it")
                .description("For the municipality that has submitted it, case workers and operators.")
                .answers::<status::View>(StatusCode::OK)
                .problems(&[ProblemKind::NotFound]),
        )
        .post(
            "/applications/{id}/withdrawal",
            withdraw::withdraw,
            Operation::new("Withdraw an application")
                .description("Until it is decided. With the header `Idempotency-Key` it may be repeated.")
                .role(Role::Applicant)
                .body::<withdraw::Withdrawal>()
                .answers::<withdraw::Withdrawn>(StatusCode::OK)
                .problems(&[ProblemKind::NotFound, ProblemKind::Conflict]),
        )
        .post(
            "/applications/{id}/contact",
            contact::correct,
            Operation::new("Correct whom to write to")
                .description(
                    "The whole contact, for the municipality that has submitted the application and for case workers. \
                     Emails that could not be delivered go to the new address. With the header `Idempotency-Key` it \
                     may be repeated.",
                )
                .body::<events::Contact>()
                .answers::<contact::Corrected>(StatusCode::OK)
                .problems(&[ProblemKind::Forbidden, ProblemKind::NotFound, ProblemKind::Conflict]),
        )
        .post(
            "/applications/{id}/replies",
            reply::reply,
            Operation::new("Reply while a person decides on eligibility")
                .description(
                    "Up to 20 times, while the status is `referred`. Needs the header `Idempotency-Key`; the same key \
                     and body give the same answer.",
                )
                .role(Role::Applicant)
                .body::<reply::Reply>()
                .answers::<reply::Taken>(StatusCode::CREATED)
                .problems(&[ProblemKind::NotFound, ProblemKind::Conflict]),
        )
        .into_router()
}
