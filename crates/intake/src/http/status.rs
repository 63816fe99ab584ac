//! `GET /apply/applications/{id}`: where it stands, what one can do, what has happened, what it says.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chassis::problem::{ApiPath, ApiQuery};
use chassis::{Problem, Session};
use events::{ApplicationId, ApplicationSubmitted, Authority};
use pages::{Form, Page};
use serde::Deserialize;
use uuid::Uuid;

use super::access;
use super::content::Content;
use crate::Service;
use crate::application::Status;
use crate::reply;
use crate::store::{applications, calls, timeline};
use crate::timeline::{self as story, Entry, Line, Point};

/// What the page tells beside the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Nothing.
    Plain,
    /// A reply has just been taken.
    Replied,
    /// The contact has just been corrected.
    Corrected,
    /// The reply that was sent is wrong; its field says why.
    Invalid,
    /// The form had been sent before, with another text.
    KeyUsed,
    /// Nobody waits for a reply any more.
    TooLate,
    /// There are too many replies.
    TooMany,
}

/// What the page before wants to say.
#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    replied: bool,
    #[serde(default)]
    corrected: bool,
}

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
    /// Whether who is signed in may correct the contact.
    may_correct: bool,
    /// What the mail server says of the address that emails go to, if it takes none.
    unreachable: Option<String>,
    /// Whom to ask.
    authority: Option<Authority>,
    shown: Shown,
    form: Form,
    /// So that pressing twice replies once.
    key: Uuid,
    replies_left: i32,
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

    fn email(&self) -> &str {
        &self.submitted.application.contact.email
    }

    /// What a person has to look at, while one does.
    fn open_points(&self) -> &[Point] {
        let points = self.lines.iter().rev().find_map(|line| match &line.entry {
            Entry::Referred { points } => Some(points.as_slice()),
            _ => None,
        });
        if self.status == Status::Referred { points.unwrap_or_default() } else { &[] }
    }

    fn may_reply(&self) -> bool {
        self.own && self.status == Status::Referred && self.replies_left > 0
    }

    /// What was corrected of a contact, in a sentence.
    fn correction(&self, label: &str, before: &str, after: &str) -> String {
        let field = self.page.t(label);
        self.page.tn("entry-from-to", &[("field", &field), ("before", before), ("after", after)])
    }

    fn limit(&self) -> usize {
        reply::LONGEST
    }
}

pub(super) async fn show(
    page: Page,
    session: Session,
    State(service): State<Arc<Service>>,
    ApiPath(id): ApiPath<ApplicationId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Response, Problem> {
    let shown = match query {
        Query { replied: true, .. } => Shown::Replied,
        Query { corrected: true, .. } => Shown::Corrected,
        _ => Shown::Plain,
    };
    draw(&page, &session, &service, id, Form::new(&page), shown).await
}

/// The page, with what was typed into its form.
pub(super) async fn draw(
    page: &Page,
    session: &Session,
    service: &Service,
    id: ApplicationId,
    form: Form,
    shown: Shown,
) -> Result<Response, Problem> {
    let mut connection = service.db.acquire().await?;
    let stored = applications::find(&mut connection, id).await?.ok_or_else(Problem::not_found)?;
    access::may_read(session, &stored)?;
    let lines = timeline::list(&mut connection, id).await?;
    let call = calls::find(&mut connection, stored.submitted.call).await?;
    let application = &stored.submitted.application;
    let mut response = pages::show(&StatusPage {
        page,
        id,
        status: stored.status,
        notice: lines.iter().any(|line| line.entry == Entry::NoticeIssued),
        own: access::owns(session, &stored.ags),
        may_correct: access::may_correct(session, &stored).is_ok(),
        unreachable: story::unreachable(&lines, &application.contact.email).map(str::to_owned),
        authority: call.map(|call| call.letters.authority),
        shown,
        form,
        key: Uuid::new_v4(),
        replies_left: reply::MOST - stored.replies,
        content: Content { page, applicant: &stored.ags, application },
        submitted: &stored.submitted,
        lines,
    })?;
    *response.status_mut() = match shown {
        Shown::Plain | Shown::Replied | Shown::Corrected => StatusCode::OK,
        Shown::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Shown::KeyUsed | Shown::TooLate | Shown::TooMany => StatusCode::CONFLICT,
    };
    Ok(response)
}
