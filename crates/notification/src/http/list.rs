//! Every email, newest first.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::list::{self, Cursor, one_more};
use chassis::problem::{ApiJson, ApiQuery};
use chassis::{Problem, Session};
use events::ApplicationId;
use pages::{Page, Tab};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::only_staff;
use crate::AppState;
use crate::store::shown::{self, Shown};

/// Rows of a page.
const PAGE: usize = 50;

/// What is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Only of this application; all of it, oldest first.
    #[serde(default)]
    application: Option<ApplicationId>,
    /// Only those that cannot be delivered.
    #[serde(default)]
    failed: bool,
    /// Only those after this place: the `next` of the answer before.
    #[serde(default)]
    before: Option<Cursor>,
}

/// Emails.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Listed {
    deliveries: Vec<Shown>,
    /// To be asked for as `before`; none at the end.
    next: Option<Cursor>,
}

impl Asked {
    async fn find(&self, service: &AppState) -> Result<Listed, Problem> {
        let mut connection = service.db.acquire().await?;
        if let Some(application) = self.application {
            let deliveries = shown::of_application(&mut connection, application).await?;
            return Ok(Listed { deliveries, next: None });
        }
        let before = self.before.unwrap_or(Cursor::LAST).number;
        let rows = shown::list(&mut connection, self.failed, before, one_more(PAGE)).await?;
        let (deliveries, next) = list::page(rows, PAGE, |last| Cursor::number(last.id));
        Ok(Listed { deliveries, next })
    }
}

pub async fn api(
    session: Session,
    ApiQuery(asked): ApiQuery<Asked>,
    State(service): State<Arc<AppState>>,
) -> Result<ApiJson<Listed>, Problem> {
    only_staff(&session)?;
    asked.find(&service).await.map(ApiJson)
}

#[derive(Template)]
#[template(path = "list.html")]
struct List<'a> {
    page: &'a Page,
    rows: Vec<Shown>,
    failed: bool,
    tabs: [Tab; 2],
    waiting: String,
    away: Option<String>,
    newer: String,
    older: String,
}

pub async fn page(
    page: Page,
    session: Session,
    ApiQuery(asked): ApiQuery<Asked>,
    State(service): State<Arc<AppState>>,
) -> Result<Response, Problem> {
    only_staff(&session)?;
    let Listed { deliveries, next } = asked.find(&service).await?;
    let waiting = shown::waiting(&mut *service.db.acquire().await?).await?;
    let away = service.sender.away().map(|away| {
        let (since, server) = (page.moment(away.since), service.sender.server());
        page.tn("away-text", &[("since", &since), ("server", &server), ("why", &away.why)])
    });
    let failed = if asked.failed { "failed=true&" } else { "" };
    let list = List {
        page: &page,
        rows: deliveries,
        failed: asked.failed,
        tabs: [
            Tab::new(page.url(""), page.t("list-all"), !asked.failed),
            Tab::new(page.url("?failed=true"), page.t("list-failed"), asked.failed),
        ],
        waiting: match waiting {
            0..=10_000 => page.t1("list-waiting", "count", waiting.to_string()),
            _ => page.t("list-waiting-many"),
        },
        away,
        newer: asked.before.map(|_| page.url(&format!("?{failed}"))).unwrap_or_default(),
        older: next.map(|before| page.url(&format!("?{failed}before={before}"))).unwrap_or_default(),
    };
    pages::show(&list)
}
