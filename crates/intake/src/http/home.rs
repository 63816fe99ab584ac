//! `GET /apply`: the drafts and applications of a municipality, and the calls it can apply to.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::list::{self, Cursor, one_more};
use chassis::problem::ApiQuery;
use chassis::{Problem, Session};
use chrono::{DateTime, Utc};
use events::{Call, municipality};
use host::localized;
use pages::Page;
use serde::Deserialize;
use uuid::Uuid;

use super::access;
use crate::AppState;
use crate::store::{applications, calls, drafts};

/// Rows per list.
const ROWS: usize = 20;

/// Where the lists continue.
#[derive(Deserialize)]
pub(super) struct HomeQuery {
    #[serde(default)]
    drafts: Option<Cursor>,
    #[serde(default)]
    applications: Option<Cursor>,
    /// A draft has just been deleted.
    #[serde(default)]
    deleted: Option<String>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    page: &'a Page,
    municipality: &'a str,
    calls: Vec<OpenCall>,
    drafts: Vec<drafts::Listed>,
    older_drafts: String,
    applications: Vec<applications::Listed>,
    older_applications: String,
    newer: &'static str,
    deleted: bool,
}

struct OpenCall {
    id: Uuid,
    title: String,
    opens: DateTime<Utc>,
    closes: DateTime<Utc>,
    phase: &'static str,
    /// Idempotency key: pressing twice begins one draft.
    key: Uuid,
}

impl Home<'_> {
    fn call(&self, id: &Uuid) -> &str {
        self.calls.iter().find(|call| call.id == *id).map(|call| call.title.as_str()).unwrap_or_default()
    }
}

pub(super) async fn show(
    page: Page,
    session: Session,
    State(service): State<Arc<AppState>>,
    ApiQuery(query): ApiQuery<HomeQuery>,
) -> Result<Response, Problem> {
    let ags = access::applicant(&session)?;
    let mut connection = service.db.acquire().await?;
    let calls = calls::list(&mut connection).await?;
    let from = query.drafts.unwrap_or(Cursor::LAST);
    let rows = drafts::list(&mut connection, &ags, from, one_more(ROWS)).await?;
    let (drafts, more_drafts) = list::page(rows, ROWS, |one| Cursor::at(one.created_at, one.id));
    let from = query.applications.unwrap_or(Cursor::LAST);
    let rows = applications::list(&mut connection, &ags, from, one_more(ROWS)).await?;
    let (applications, more) = list::page(rows, ROWS, |one| Cursor::at(one.submitted_at, one.id));
    let older = |list: &str, next: Option<Cursor>| {
        next.map(|next| format!("/apply?{list}={next}")).unwrap_or_default()
    };
    pages::show(&Home {
        page: &page,
        municipality: municipality(&ags).map(|one| one.name.as_str()).unwrap_or_default(),
        calls: calls.iter().map(|call| open_call(call, &page)).collect(),
        drafts,
        older_drafts: older("drafts", more_drafts),
        applications,
        older_applications: older("applications", more),
        newer: if query.drafts.is_some() || query.applications.is_some() { "/apply" } else { "" },
        deleted: query.deleted.is_some(),
    })
}

fn open_call(call: &Call, page: &Page) -> OpenCall {
    let (opens, closes) = (call.window.opens, call.window.end());
    let phase = if call.window.is_ahead(page.now) {
        "ahead"
    } else if call.window.is_over(page.now) {
        "closed"
    } else {
        "open"
    };
    OpenCall {
        id: call.id().uuid(),
        title: localized(page, &call.title).to_owned(),
        opens,
        closes,
        phase,
        key: Uuid::new_v4(),
    }
}
