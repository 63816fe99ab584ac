//! All files, for those who manage: how far each is, and what is overdue.

use askama::Template;
use axum::response::Response;
use chassis::problem::ApiQuery;
use chassis::{Problem, Role, Session};
use chrono::{DateTime, TimeDelta, Utc};
use pages::{Page, Tab};
use serde::Deserialize;
use uuid::Uuid;

use super::State;
use crate::store::queue::{self, Counts, Row};

/// Files on one page.
const PAGE: usize = 50;

/// What the address of the list may say.
#[derive(Deserialize)]
pub struct Asked {
    /// Which files.
    #[serde(default)]
    state: Bucket,
    /// Files submitted after this moment (microseconds) …
    after: Option<i64>,
    /// … and this application.
    id: Option<Uuid>,
}

/// Which files are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Bucket {
    #[default]
    Waiting,
    Taken,
    Completed,
    Announced,
    Withdrawn,
}

impl Bucket {
    const ALL: [Self; 5] = [Self::Waiting, Self::Taken, Self::Completed, Self::Announced, Self::Withdrawn];

    fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Taken => "taken",
            Self::Completed => "completed",
            Self::Announced => "announced",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn count(self, counts: &Counts) -> i64 {
        match self {
            Self::Waiting => counts.waiting,
            Self::Taken => counts.taken,
            Self::Completed => counts.completed,
            Self::Announced => counts.announced,
            Self::Withdrawn => counts.withdrawn,
        }
    }
}

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    session: Session,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Result<Response, Problem> {
    if ![Role::CaseWorker, Role::Approver, Role::Operator].iter().any(|role| session.has(*role)) {
        return Err(Problem::forbidden().detail("for those who manage files"));
    }
    let mut connection = service.db.acquire().await?;
    let counts = queue::counts(&mut connection).await?;
    let after = asked.after.and_then(DateTime::from_timestamp_micros).filter(|at| *at > DateTime::UNIX_EPOCH);
    let start = (after.unwrap_or(DateTime::UNIX_EPOCH), asked.id.unwrap_or_default());
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut rows = queue::list(&mut connection, asked.state.name(), start, limit).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|last| {
        let (state, after) = (asked.state.name(), last.submitted_at.timestamp_micros());
        format!("/review/all?state={state}&after={after}&id={}", last.application)
    });
    let due = TimeDelta::days(service.review.due_days.into());
    pages::show(&ListPage {
        page: &page,
        state: asked.state,
        counts,
        rows,
        begun: after.is_some(),
        next,
        due,
    })
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    page: &'a Page,
    state: Bucket,
    counts: Counts,
    rows: Vec<Row>,
    /// Not the first page.
    begun: bool,
    next: Option<String>,
    due: TimeDelta,
}

impl ListPage<'_> {
    /// Each state with its count.
    fn states(&self) -> Vec<Tab> {
        let tab = |one: Bucket| {
            let link = format!("/review/all?state={}", one.name());
            let name = self.bucket(one.name());
            Tab::new(link, name, one == self.state).count(self.page.number(one.count(&self.counts)))
        };
        Bucket::ALL.into_iter().map(tab).collect()
    }

    fn bucket(&self, name: &str) -> String {
        self.page.t(format!("bucket-{name}"))
    }

    /// Days since the file opened, and whether they are too many.
    fn age(&self, row: &Row) -> Option<(i64, bool)> {
        let open = matches!(self.state, Bucket::Waiting | Bucket::Taken);
        let opened: DateTime<Utc> = row.opened_at.filter(|_| open)?;
        let age = self.page.now - opened;
        Some((age.num_days(), age > self.due))
    }
}
