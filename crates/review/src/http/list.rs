//! All files, for staff: the state of each, and which are overdue.

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

const PAGE_SIZE: usize = 50;

#[derive(Deserialize)]
pub struct ListQuery {
    /// Which files; default: those that wait.
    #[serde(default)]
    state: Bucket,
    /// The end of the previous page.
    after: Option<Cursor>,
}

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    session: Session,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Response, Problem> {
    if !session.is_staff() {
        return Err(Problem::forbidden().detail("for those who manage files"));
    }
    let mut connection = service.db.acquire().await?;
    let counts = queue::counts(&mut connection).await?;
    let rows = queue::list(&mut connection, query.state, query.after, one_more(PAGE_SIZE)).await?;
    let (rows, next) = list::page(rows, PAGE_SIZE, |last| Cursor::at(last.submitted_at, last.application));
    let next = next.map(|next| format!("/review/all?state={}&after={next}", query.state.name()));
    let due = TimeDelta::days(service.review.due_days.into());
    pages::show(&ListPage {
        page: &page,
        state: query.state,
        counts,
        rows,
        begun: query.after.is_some(),
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
    /// Whether this is not the first page.
    begun: bool,
    next: Option<String>,
    due: TimeDelta,
}

impl ListPage<'_> {
    /// One tab for each state, with its count.
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

    /// Days since an open file opened, and whether it is overdue.
    fn age(&self, row: &Row) -> Option<(i64, bool)> {
        let open = matches!(self.state, Bucket::Waiting | Bucket::Taken);
        let opened: DateTime<Utc> = row.opened_at.filter(|_| open)?;
        let age = self.page.now - opened;
        Some((age.num_days(), age > self.due))
    }
}
