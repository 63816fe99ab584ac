//! The cases that wait for a person, and those that are done.

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
use crate::case::Stage;
use crate::store::cases::{self, Listed};

/// Lines of one page.
const LINES: usize = 25;

/// The page says how many wait up to this number.
const MOST_COUNTED: i64 = 10_000;

/// Which cases.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Wanted {
    /// Those in this state; `referred` without it.
    #[serde(default)]
    pub state: Stage,
    /// Those after this place: `next` of the answer before.
    #[serde(default)]
    pub after: Option<Cursor>,
}

/// Some cases of one state.
#[derive(Debug, Serialize, JsonSchema)]
pub struct List {
    /// The cases.
    pub cases: Vec<Line>,
    /// Where the next ones begin; none where these are the last.
    pub next: Option<Cursor>,
}

/// One case of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Line {
    /// The application.
    pub id: ApplicationId,
    /// Aktenzeichen.
    pub file_number: String,
    /// Who applies.
    pub applicant: String,
    /// Title of the project.
    pub title: String,
    /// The rules that ask for a person.
    pub open: Vec<Rule>,
    /// When it entered its state, UTC.
    pub changed_at: DateTime<Utc>,
    /// When the applicant replied last, UTC; none where they have not.
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
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<ApiJson<List>, Problem> {
    let mut db = service.db.acquire().await?;
    let rows = cases::list(&mut db, wanted.state, wanted.after, one_more(LINES)).await?;
    let (cases, next) = list::page(rows, LINES, |last| Cursor::at(last.changed_at, last.id));
    Ok(ApiJson(List { cases: cases.into_iter().map(Line::from).collect(), next }))
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    page: &'a Page,
    stage: Stage,
    tabs: Vec<Tab>,
    waiting: String,
    list: List,
    newer: String,
    older: String,
}

impl ListPage<'_> {
    /// The names of the rules that ask for a person.
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
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<Response, Problem> {
    session.require(Role::CaseWorker)?;
    let waiting = match cases::count_referred(&mut *service.db.acquire().await?, MOST_COUNTED + 1).await? {
        waiting @ ..=MOST_COUNTED => page.t1("list-waiting", "count", waiting),
        _ => page.t1("list-waiting-many", "count", MOST_COUNTED),
    };
    let stage = wanted.state;
    let first = page.url(&format!("?state={}", stage.name()));
    let back = if wanted.after.is_some() { first.clone() } else { String::new() };
    let ApiJson(list) = api(State(service), ApiQuery(wanted)).await?;
    let on = list.next.as_ref().map(|next| format!("{first}&after={next}")).unwrap_or_default();
    // What waits is in the order of age: the next page has the newer ones.
    let (newer, older) = if stage == Stage::Referred { (on, back) } else { (back, on) };
    let tab = |one: &Stage| {
        Tab::new(page.url(&format!("?state={}", one.name())), page.t(words::stage(*one)), *one == stage)
    };
    let tabs = Stage::ALL.iter().map(tab).collect();
    pages::show(&ListPage { page: &page, stage, tabs, waiting, list, newer, older })
}
