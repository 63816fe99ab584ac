//! `GET /apply/drafts/{id}/check`: shows the whole application before it is submitted.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::problem::{ApiPath, ApiQuery};
use chassis::{Problem, Session};
use chrono::{DateTime, Utc};
use events::ApplicationId;
use pages::Page;
use serde::Deserialize;

use super::content::Content;
use super::{access, draft_path, gone, to};
use crate::AppState;
use crate::check::hints::{Hint, hints};
use crate::store::{calls, drafts};

#[derive(Deserialize)]
pub(super) struct CheckQuery {
    /// The draft has changed since the person last looked at this page.
    #[serde(default)]
    changed: Option<String>,
}

#[derive(Template)]
#[template(path = "check.html")]
struct Check<'a> {
    page: &'a Page,
    id: ApplicationId,
    call_title: String,
    revision: i64,
    content: Content<'a>,
    hints: Vec<String>,
    /// Set as long as the call has not opened, UTC.
    opens: Option<DateTime<Utc>>,
    changed: bool,
    form: pages::Form,
}

pub(super) async fn show(
    page: Page,
    session: Session,
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
    ApiQuery(query): ApiQuery<CheckQuery>,
) -> Result<Response, Problem> {
    let ags = access::applicant(&session)?;
    let mut connection = service.db.acquire().await?;
    let Some(mut draft) = drafts::find(&mut connection, id, &ags).await? else {
        return gone(&mut connection, id, &session).await;
    };
    let call = calls::find(&mut connection, draft.call).await?.ok_or_else(Problem::not_found)?;
    draft.form.drop_blank_rows();
    let Ok(application) = crate::check::form(&draft.form, &call, &ags) else {
        return Ok(to(&format!("{}?check=1#errors", draft_path(id))));
    };
    pages::show(&Check {
        page: &page,
        id,
        call_title: host::localized(&page, &call.title).to_owned(),
        revision: draft.revision,
        content: Content { page: &page, applicant: &ags, application: &application },
        hints: hints(&application, &call, page.now).iter().map(|hint| say(hint, &page)).collect(),
        opens: call.window.is_ahead(page.now).then_some(call.window.opens),
        changed: query.changed.is_some(),
        form: pages::Form::new(&page),
    })
}

fn say(hint: &Hint, page: &Page) -> String {
    match hint {
        Hint::Late { closed } => page.t1("hint-late", "closed", page.deadline(closed)),
        Hint::OutsideCall { from, to } => {
            page.tn("hint-outside-call", &[("from", &page.date(from)), ("to", &page.date(to))])
        }
        Hint::Begun => page.t("hint-begun"),
        Hint::BelowMinimum { minimum } => page.t1("hint-below-minimum", "minimum", page.money(minimum.0)),
        Hint::AboveMaximum { maximum } => page.t1("hint-above-maximum", "maximum", page.money(maximum.0)),
        Hint::Declarations { missing } => page.t1("hint-declarations", "missing", missing),
    }
}
