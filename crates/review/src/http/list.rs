//! All files, for those who manage: how far each is, and what is overdue.

use askama::Template;
use axum::response::Response;
use chassis::list::{self, Cursor, one_more};
use chassis::problem::ApiQuery;
use chassis::{Problem, Session};
use chrono::{DateTime, TimeDelta, Utc};
use pages::{Page, Tab};
use serde::Deserialize;

use super::State;
use crate::store::queue::{self, Bucket, Counts, Row};

/// Files on one page.
const PAGE: usize = 50;

/// What the address of the list may say.
#[derive(Deserialize)]
pub struct Asked {
    /// Which files.
    #[serde(default)]
    state: Bucket,
    /// Where the page before ended.
    after: Option<Cursor>,
}

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    session: Session,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Result<Response, Problem> {
    if !session.is_staff() {
        return Err(Problem::forbidden().detail("for those who manage files"));
    }
    let mut connection = service.db.acquire().await?;
    let counts = queue::counts(&mut connection).await?;
    let rows = queue::list(&mut connection, asked.state, asked.after, one_more(PAGE)).await?;
    let (rows, next) = list::page(rows, PAGE, |last| Cursor::at(last.submitted_at, last.application));
    let next = next.map(|next| format!("/review/all?state={}&after={next}", asked.state.name()));
    let due = TimeDelta::days(service.review.due_days.into());
    pages::show(&ListPage {
        page: &page,
        state: asked.state,
        counts,
        rows,
        begun: asked.after.is_some(),
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
