//! The queue from a reviewer's point of view.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use chassis::list::{self, Cursor, one_more};
use chassis::problem::{ApiJson, ApiQuery};
use chassis::{Problem, Role, Session};
use chrono::{DateTime, Utc};
use events::ApplicationSubmitted;
use pages::Page;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::view::QueueView;
use super::{State, ties_of};
use crate::file::Involvement;
use crate::store::{files, queue};

/// Files offered to a person are counted up to this number.
const COUNT_CAP: i64 = 100;

const PAGE_SIZE: usize = 20;
async fn queue_view(connection: &mut PgConnection, session: &Session) -> Result<QueueView, Problem> {
    let ties = ties_of(connection, session).await?;
    let queue::Counts { announced, waiting, taken, completed, withdrawn } = queue::counts(connection).await?;
    let offered = match session.has(Role::Reviewer) {
        true => {
            let email = session.email.as_deref();
            queue::offered(connection, &session.person, email, &ties, COUNT_CAP).await?
        }
        false => 0,
    };
    let held = queue::held(connection, &session.person).await?;
    Ok(QueueView { waiting, offered, taken, completed, announced, withdrawn, held })
}

pub async fn api(
    axum::extract::State(service): State,
    session: Session,
) -> Result<ApiJson<QueueView>, Problem> {
    if session.roles.iter().all(|role| *role == Role::Applicant) {
        return Err(Problem::forbidden().detail("for those who work with files"));
    }
    queue_view(&mut *service.db.acquire().await?, &session).await.map(ApiJson)
}

#[derive(Deserialize)]
pub struct QueueQuery {
    /// The action that led here, for its confirmation.
    #[serde(default)]
    done: String,
    /// The end of the previous page.
    before: Option<Cursor>,
}

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    session: Session,
    ApiQuery(query): ApiQuery<QueueQuery>,
) -> Result<Response, Problem> {
    if !session.has(Role::Reviewer) {
        return Ok(Redirect::to("/review/all").into_response());
    }
    let mut connection = service.db.acquire().await?;
    let queue = queue_view(&mut connection, &session).await?;
    let held = match queue.held {
        None => None,
        Some(id) => {
            let file = files::read(&mut connection, id).await?;
            let until = file.as_ref().and_then(|file| match file.involvement_of(&session.person) {
                Some(Involvement::Holds { until }) => Some(*until),
                _ => None,
            });
            let submission = files::submission(&mut connection, id).await?;
            until.map(|until| Held { id: id.uuid(), submission, until })
        }
    };
    let returned = queue::returned_by(&mut connection, &session.person, 20).await?;
    let before = query.before.unwrap_or(Cursor::LAST);
    let rows = queue::reviewed_by(&mut connection, &session.person, before, one_more(PAGE_SIZE)).await?;
    let (reviewed, next) = list::page(rows, PAGE_SIZE, |last| Cursor::at(last.since, last.application));
    let older = next.map(|next| format!("/review?before={next}")).unwrap_or_default();
    let done = match query.done.as_str() {
        "review" => Some(page.t("done-review")),
        "returned" => Some(page.t("done-returned")),
        "abstained" => Some(page.t("done-abstained")),
        _ => None,
    };
    pages::show(&QueuePage {
        page: &page,
        nothing: query.done == "nothing" && queue.offered == 0,
        done,
        queue,
        held,
        returned,
        reviewed,
        newer: if query.before.is_some() { "/review" } else { "" },
        older,
        key: Uuid::new_v4(),
    })
}

/// The file that the reviewer holds.
struct Held {
    id: Uuid,
    submission: ApplicationSubmitted,
    until: DateTime<Utc>,
}

#[derive(Template)]
#[template(path = "queue.html")]
struct QueuePage<'a> {
    page: &'a Page,
    done: Option<String>,
    /// The reviewer asked for the next file, and none waited.
    nothing: bool,
    queue: QueueView,
    held: Option<Held>,
    returned: Vec<queue::OwnFile>,
    reviewed: Vec<queue::OwnFile>,
    newer: &'static str,
    older: String,
    key: Uuid,
}

impl QueuePage<'_> {
    fn bucket(&self, name: &str) -> String {
        self.page.t(format!("bucket-{name}"))
    }

    /// How many files wait, in one sentence.
    fn waits(&self) -> String {
        let number = |count: i64| self.page.number(count);
        let offered = match self.queue.offered {
            COUNT_CAP.. => self.page.t1("offered-many", "count", number(COUNT_CAP - 1)),
            offered => self.page.t1("offered", "count", offered),
        };
        let waiting = self.page.t1("waiting", "count", self.queue.waiting);
        match (self.queue.waiting, self.queue.offered) {
            (..=0, _) => waiting,
            (1, 1) => format!("{waiting} {}", self.page.t("offered-it")),
            _ => format!("{waiting} {offered}"),
        }
    }
}
