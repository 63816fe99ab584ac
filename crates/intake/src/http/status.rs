//! `GET /apply/applications/{id}`: status, possible actions, history and content of an application.

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

/// What has just been done; the page confirms it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Confirmation {
    None,
    Replied,
    Corrected,
}

#[derive(Deserialize)]
pub(super) struct StatusQuery {
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
    /// Whether the notice can be read in the portal.
    notice: bool,
    /// Whether the person signed in is the applicant, not staff.
    own: bool,
    may_correct: bool,
    /// What the mail server said about the email address, if it accepts no emails for it.
    unreachable: Option<String>,
    /// The granting authority, for questions.
    authority: Option<Authority>,
    confirmation: Confirmation,
    /// A reply that was typed and not sent, once no reply is possible any more.
    left: Option<String>,
    /// What this person kept beside the draft that was submitted without it: name and content of each part.
    unmerged: Vec<(String, String)>,
    keep: Keep,
    form: Form,
    /// Idempotency key: pressing twice replies once.
    key: Uuid,
    replies_left: i32,
    content: Content<'a>,
}

impl StatusPage<'_> {
    /// The steps still to come; the application is now at the first of them.
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

    /// The points that a person has to decide, as long as nobody has.
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

    /// One corrected part of a contact as a sentence.
    fn correction(&self, label: &str, before: &str, after: &str) -> String {
        let field = self.page.t(label);
        self.page.tn("entry-from-to", &[("field", &field), ("before", before), ("after", after)])
    }

    fn limit(&self) -> usize {
        reply::LONGEST_REPLY
    }
}

pub(super) async fn show(
    page: Page,
    session: Session,
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
    ApiQuery(query): ApiQuery<StatusQuery>,
) -> Result<Response, Problem> {
    let confirmation = match query {
        StatusQuery { replied: true, .. } => Confirmation::Replied,
        StatusQuery { corrected: true, .. } => Confirmation::Corrected,
        _ => Confirmation::None,
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
    let mut view = StatusPage {
        page,
        id,
        status: stored.status,
        notice: lines.iter().any(|line| line.entry == Entry::NoticeIssued),
        own: access::owns(session, &stored.ags),
        may_correct: access::may_correct(session, &stored).is_ok(),
        unreachable: story::unreachable(&lines, &application.contact.email).map(str::to_owned),
        authority: call.map(|call| call.letters.authority),
        confirmation,
        left: None,
        unmerged: beside.map(|kept| compare::left(page, application, &kept)).unwrap_or_default(),
        keep: Keep::of(page, kept_name(id), kept.as_ref(), draft),
        form: kept.as_ref().map_or_else(|| Form::new(page), |kept| kept.form(page)),
        key: Uuid::new_v4(),
        replies_left: reply::MOST_REPLIES - stored.replies,
        content: Content { page, applicant: &stored.ags, application },
        submitted: &stored.submitted,
        lines,
    };
    let left = kept.filter(|_| !view.may_reply()).map(|kept| kept.fields.get("reply").to_owned());
    view.left = left.filter(|text| !text.is_empty());
    pages::show(&view)
}
