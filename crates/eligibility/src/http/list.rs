//! The cases that wait for a person, and those that are decided or withdrawn.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::list::{self, Cursor, one_more};
use chassis::problem::{ApiJson, ApiQuery};
use chassis::{Problem, Role, Session};
use chrono::{DateTime, Utc};
use events::{ApplicationId, Finding, Outcome, Rule};
use pages::{Page, Tab};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words;
use crate::AppState;
use crate::case::Status;
use crate::store::cases::{self, Listed};

/// Cases per page.
const LINES: usize = 25;

/// The page counts waiting cases up to this number.
const MOST_COUNTED: i64 = 10_000;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListQuery {
    /// Cases with this status; `referred` by default.
    #[serde(default)]
    pub state: Status,
    /// The cursor `next` of the previous page.
    #[serde(default)]
    pub after: Option<Cursor>,
}

/// One page of cases.
#[derive(Debug, Serialize, JsonSchema)]
pub struct List {
    pub cases: Vec<Line>,
    /// Cursor of the next page; absent on the last one.
    pub next: Option<Cursor>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Line {
    /// Id of the application.
    pub id: ApplicationId,
    /// File number (Aktenzeichen).
    pub file_number: String,
    /// Name of the municipality that applies.
    pub applicant: String,
    pub title: String,
    /// The rules that a person must decide.
    pub open: Vec<Rule>,
    /// When the case got its present status, UTC.
    pub changed_at: DateTime<Utc>,
    /// When the applicant last replied, UTC; absent without replies.
    pub replied_at: Option<DateTime<Utc>>,
}

impl From<Listed> for Line {
    fn from(listed: Listed) -> Self {
        let open = |finding: &Finding| (finding.outcome == Outcome::PersonMustDecide).then_some(finding.rule);
        let mut open: Vec<Rule> = listed.findings.iter().filter_map(open).collect();
        open.dedup();
        Self {
            id: listed.id.into(),
            file_number: listed.file_number,
            applicant: listed.applicant_name,
            title: listed.title,
            open,
            changed_at: listed.changed_at,
            replied_at: listed.replied_at,
        }
    }
}

/// `GET /eligibility/api/cases`
pub async fn api(
    State(service): State<Arc<AppState>>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<ApiJson<List>, Problem> {
    let mut db = service.db.acquire().await?;
    let rows = cases::list(&mut db, query.state, query.after, one_more(LINES)).await?;
    let (cases, next) = list::page(rows, LINES, |last| Cursor::at(last.changed_at, last.id));
    Ok(ApiJson(List { cases: cases.into_iter().map(Line::from).collect(), next }))
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    page: &'a Page,
    status: Status,
    tabs: Vec<Tab>,
    waiting: String,
    list: List,
    newer: String,
    older: String,
}

impl ListPage<'_> {
    /// The names of the rules that a person must decide.
    fn open(&self, case: &Line) -> String {
        let names: Vec<String> = case.open.iter().map(|rule| self.page.t(words::rule(*rule))).collect();
        names.join(", ")
    }
}

/// `GET /eligibility`
pub async fn page(
    page: Page,
    session: Session,
    State(service): State<Arc<AppState>>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Response, Problem> {
    session.require(Role::CaseWorker)?;
    let waiting = match cases::count_referred(&mut *service.db.acquire().await?, MOST_COUNTED + 1).await? {
        waiting @ ..=MOST_COUNTED => page.t1("list-waiting", "count", waiting),
        _ => page.t1("list-waiting-many", "count", MOST_COUNTED),
    };
    let status = query.state;
    let first = page.url(&format!("?state={}", status.name()));
    let back = if query.after.is_some() { first.clone() } else { String::new() };
    let ApiJson(list) = api(State(service), ApiQuery(query)).await?;
    let on = list.next.as_ref().map(|next| format!("{first}&after={next}")).unwrap_or_default();
    // Waiting cases are listed oldest first, so their next page has the newer ones.
    let (newer, older) = if status == Status::Referred { (on, back) } else { (back, on) };
    let tab = |one: &Status| {
        Tab::new(page.url(&format!("?state={}", one.name())), page.t(words::status(*one)), *one == status)
    };
    let tabs = Status::ALL.iter().map(tab).collect();
    pages::show(&ListPage { page: &page, status, tabs, waiting, list, newer, older })
}
