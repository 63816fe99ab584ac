//! `GET /apply/applications/{id}`: where it stands, what one can do, what has happened, what it says.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::problem::{ApiPath, ApiQuery};
use chassis::{Problem, Session};
use events::{ApplicationId, ApplicationSubmitted, Authority};
use pages::{Form, Keep, Page, kept};
use serde::Deserialize;
use uuid::Uuid;

use super::content::Content;
use super::reply::kept_name;
use super::{access, application_path, compare, draft};
use crate::AppState;
use crate::application::Status;
use crate::reply;
use crate::store::{applications, calls, timeline};
use crate::timeline::{self as story, Entry, Line, Point};

/// What the page tells beside the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// Nothing.
    Plain,
    /// A reply has just been taken.
    Replied,
    /// The contact has just been corrected.
    Corrected,
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
    /// What was just done.
    shown: Shown,
    /// A reply that was typed and not taken, where nobody waits for one any more.
    left: Option<String>,
    /// What they kept beside the draft, and was submitted without it.
    unmerged: Vec<(String, String)>,
    keep: Keep,
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
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Response, Problem> {
    let shown = match query {
        Query { replied: true, .. } => Shown::Replied,
        Query { corrected: true, .. } => Shown::Corrected,
        _ => Shown::Plain,
    };
    let (page, session) = (&page, &session);
    let mut connection = service.db.acquire().await?;
    let stored = applications::find(&mut connection, id).await?.ok_or_else(Problem::not_found)?;
    access::may_read(session, &stored)?;
    let kept = kept::find(&mut connection, &session.person, &kept_name(id)).await?;
    let beside = kept::find(&mut connection, &session.person, &draft::kept_name(id)).await?;
    let draft = format!("{}/reply/draft", application_path(id));
    let lines = timeline::list(&mut connection, id).await?;
    let call = calls::find(&mut connection, stored.submitted.call).await?;
    let application = &stored.submitted.application;
    let mut shown = StatusPage {
        page,
        id,
        status: stored.status,
        notice: lines.iter().any(|line| line.entry == Entry::NoticeIssued),
        own: access::owns(session, &stored.ags),
        may_correct: access::may_correct(session, &stored).is_ok(),
        unreachable: story::unreachable(&lines, &application.contact.email).map(str::to_owned),
        authority: call.map(|call| call.letters.authority),
        shown,
        left: None,
        unmerged: beside.map(|kept| compare::left(page, application, &kept)).unwrap_or_default(),
        keep: Keep::of(page, kept_name(id), kept.as_ref(), draft),
        form: kept.as_ref().map_or_else(|| Form::new(page), |kept| kept.form(page)),
        key: Uuid::new_v4(),
        replies_left: reply::MOST - stored.replies,
        content: Content { page, applicant: &stored.ags, application },
        submitted: &stored.submitted,
        lines,
    };
    let left = kept.filter(|_| !shown.may_reply()).map(|kept| kept.fields.get("reply").to_owned());
    shown.left = left.filter(|text| !text.is_empty());
    pages::show(&shown)
}
