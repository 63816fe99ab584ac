//! All emails, newest first.

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
use crate::store::views::{self, DeliveryView};

const PAGE_SIZE: usize = 50;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Only emails about this application: all of them, oldest first.
    #[serde(default)]
    application: Option<ApplicationId>,
    /// Only undeliverable emails.
    #[serde(default)]
    failed: bool,
    /// `next` of the previous page.
    #[serde(default)]
    before: Option<Cursor>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Listed {
    deliveries: Vec<DeliveryView>,
    /// Pass it as `before` to get the next page; null on the last one.
    next: Option<Cursor>,
}

impl ListQuery {
    async fn find(&self, service: &AppState) -> Result<Listed, Problem> {
        let mut connection = service.db.acquire().await?;
        if let Some(application) = self.application {
            let deliveries = views::of_application(&mut connection, application).await?;
            return Ok(Listed { deliveries, next: None });
        }
        let before = self.before.unwrap_or(Cursor::LAST).number;
        let rows = views::list(&mut connection, self.failed, before, one_more(PAGE_SIZE)).await?;
        let (deliveries, next) = list::page(rows, PAGE_SIZE, |last| Cursor::number(last.id));
        Ok(Listed { deliveries, next })
    }
}

pub async fn api(
    session: Session,
    ApiQuery(query): ApiQuery<ListQuery>,
    State(service): State<Arc<AppState>>,
) -> Result<ApiJson<Listed>, Problem> {
    only_staff(&session)?;
    query.find(&service).await.map(ApiJson)
}

#[derive(Template)]
#[template(path = "list.html")]
struct List<'a> {
    page: &'a Page,
    rows: Vec<DeliveryView>,
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
    ApiQuery(query): ApiQuery<ListQuery>,
    State(service): State<Arc<AppState>>,
) -> Result<Response, Problem> {
    only_staff(&session)?;
    let Listed { deliveries, next } = query.find(&service).await?;
    let waiting = views::waiting(&mut *service.db.acquire().await?).await?;
    let away = service.sender.away().map(|away| {
        let (since, server) = (page.moment(away.since), service.sender.server());
        page.tn("away-text", &[("since", &since), ("server", &server), ("why", &away.why)])
    });
    let failed = if query.failed { "failed=true&" } else { "" };
    let list = List {
        page: &page,
        rows: deliveries,
        failed: query.failed,
        tabs: [
            Tab::new(page.url(""), page.t("list-all"), !query.failed),
            Tab::new(page.url("?failed=true"), page.t("list-failed"), query.failed),
        ],
        waiting: match waiting {
            0..=10_000 => page.t1("list-waiting", "count", waiting.to_string()),
            _ => page.t("list-waiting-many"),
        },
        away,
        newer: query.before.map(|_| page.url(&format!("?{failed}"))).unwrap_or_default(),
        older: next.map(|before| page.url(&format!("?{failed}before={before}"))).unwrap_or_default(),
    };
    pages::show(&list)
}
