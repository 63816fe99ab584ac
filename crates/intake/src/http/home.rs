//! `GET /apply`: what a municipality has begun and submitted, and the calls it can apply to.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::problem::ApiQuery;
use chassis::{Problem, Session};
use chrono::{DateTime, Utc};
use events::{Call, municipality};
use pages::{Language, Page};
use serde::Deserialize;
use uuid::Uuid;

use super::access;
use crate::AppState;
use crate::store::{applications, calls, drafts};

/// Rows of each list.
const ROWS: usize = 20;

/// Where the lists go on.
#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    drafts: Option<String>,
    #[serde(default)]
    applications: Option<String>,
    /// A draft was deleted just now.
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
    /// So that pressing twice begins one draft.
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
    ApiQuery(after): ApiQuery<After>,
) -> Result<Response, Problem> {
    let ags = access::applicant(&session)?;
    let mut connection = service.db.acquire().await?;
    let calls = calls::list(&mut connection).await?;
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    let mut drafts = drafts::list(&mut connection, &ags, cursor(after.drafts.as_deref()), limit).await?;
    let from = cursor(after.applications.as_deref());
    let mut applications = applications::list(&mut connection, &ags, from, limit).await?;
    let older_drafts = older("drafts", &mut drafts, |one| (one.created_at, one.id));
    let older_applications = older("applications", &mut applications, |one| (one.submitted_at, one.id));
    pages::show(&Home {
        page: &page,
        municipality: municipality(&ags).map(|one| one.name.as_str()).unwrap_or_default(),
        calls: calls.iter().map(|call| open_call(call, &page)).collect(),
        drafts,
        older_drafts,
        applications,
        older_applications,
        newer: if after.drafts.is_some() || after.applications.is_some() { "/apply" } else { "" },
        deleted: after.deleted.is_some(),
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
    OpenCall { id: call.id().uuid(), title: title(call, page), opens, closes, phase, key: Uuid::new_v4() }
}

/// A call's title in the reader's language.
pub(super) fn title(call: &Call, page: &Page) -> String {
    match page.language {
        Language::De => call.title.de.clone(),
        Language::En => call.title.en.clone(),
    }
}

/// Reads `microseconds_id`; whatever it cannot read is the beginning.
fn cursor(text: Option<&str>) -> (DateTime<Utc>, Uuid) {
    let read = |text: &str| {
        let (at, id) = text.split_once('_')?;
        Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?))
    };
    // The largest moment Postgres and chrono both know.
    let beginning = || (DateTime::from_timestamp(253_402_300_799, 0).unwrap_or_default(), Uuid::max());
    text.and_then(read).unwrap_or_else(beginning)
}

/// The link to older rows, if there are any; takes the row too many away.
fn older<T>(list: &str, rows: &mut Vec<T>, position: impl Fn(&T) -> (DateTime<Utc>, Uuid)) -> String {
    if rows.len() <= ROWS {
        return String::new();
    }
    rows.truncate(ROWS);
    let last = rows.last().map(position);
    last.map(|(at, id)| format!("/apply?{list}={}_{id}", at.timestamp_micros())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let at: DateTime<Utc> = "2026-11-23T10:00:00.123456Z".parse().unwrap();
        let mut rows: Vec<u128> = (0..30).collect();
        let link = older("drafts", &mut rows, |n| (at, Uuid::from_u128(*n)));
        assert_eq!(rows.len(), ROWS);
        assert_eq!(cursor(link.strip_prefix("/apply?drafts=")), (at, Uuid::from_u128(19)));
        for nonsense in ["", "_", "1_x", "99999999999999999999_", "'; drop table drafts"] {
            assert_eq!(cursor(Some(nonsense)), cursor(None));
        }
    }
}
