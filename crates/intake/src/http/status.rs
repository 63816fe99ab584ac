//! `GET /apply/applications/{id}`: where it stands, what has happened, what it says.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::problem::ApiPath;
use chassis::{Problem, Session};
use events::{ApplicationId, ApplicationSubmitted};
use pages::Page;

use super::access;
use super::content::Content;
use crate::Service;
use crate::application::Status;
use crate::store::{applications, timeline};
use crate::timeline::{Entry, Line};

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage<'a> {
    page: &'a Page,
    id: ApplicationId,
    status: Status,
    submitted: &'a ApplicationSubmitted,
    lines: Vec<Line>,
    /// Whether the notice waits in the portal.
    notice: bool,
    /// Whether who is signed in is the applicant, not the staff.
    own: bool,
    content: Content<'a>,
}

impl StatusPage<'_> {
    /// What is still to come; it stands at the first of these.
    fn ahead(&self) -> &'static [&'static str] {
        match self.status {
            Status::Submitted | Status::Referred => &["next-eligibility", "next-review", "next-award"],
            Status::Eligible => &["next-review", "next-award"],
            Status::Reviewed | Status::Waitlisted => &["next-award"],
            Status::Decided | Status::Final | Status::Ineligible | Status::Withdrawn => &[],
        }
    }
}

pub(super) async fn show(
    page: Page,
    session: Session,
    State(service): State<Arc<Service>>,
    ApiPath(id): ApiPath<ApplicationId>,
) -> Result<Response, Problem> {
    let mut connection = service.db.acquire().await?;
    let stored = applications::find(&mut connection, id).await?.ok_or_else(Problem::not_found)?;
    access::may_read(&session, &stored)?;
    let lines = timeline::list(&mut connection, id).await?;
    pages::show(&StatusPage {
        page: &page,
        id,
        status: stored.status,
        notice: lines.iter().any(|line| line.entry == Entry::NoticeIssued),
        own: access::owns(&session, &stored.ags),
        content: Content { page: &page, applicant: &stored.ags, application: &stored.submitted.application },
        submitted: &stored.submitted,
        lines,
    })
}
