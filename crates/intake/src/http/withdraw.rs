//! `/apply/applications/{id}/withdraw`: asks first, then withdraws.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chassis::problem::ApiPath;
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Problem, Session};
use events::ApplicationId;
use pages::kept::{self, Kept};
use pages::{Keep, Page};

use super::{access, application_path, to};
use crate::application::NotWithdrawn;
use crate::store::applications::{self, Stored};
use crate::{AppState, withdrawal};

#[derive(Template)]
#[template(path = "withdraw.html")]
struct Ask<'a> {
    page: &'a Page,
    id: ApplicationId,
    file_number: &'a str,
    title: &'a str,
    keep: Keep,
    form: pages::Form,
}

impl Ask<'_> {
    fn limit(&self) -> usize {
        withdrawal::LONGEST_REASON
    }
}

async fn find(service: &AppState, session: &Session, id: ApplicationId) -> Result<Stored, Problem> {
    access::applicant(session)?;
    let mut connection = service.db.acquire().await?;
    let stored = applications::find(&mut connection, id).await?;
    stored.filter(|stored| access::owns(session, &stored.ags)).ok_or_else(Problem::not_found)
}

fn draw<'a>(page: &'a Page, stored: &'a Stored, kept: Option<&Kept>) -> Ask<'a> {
    let submitted = &stored.submitted;
    let title = &submitted.application.title;
    Ask {
        page,
        id: stored.id,
        file_number: &submitted.file_number,
        title,
        keep: Keep::of(page, kept_name(stored.id), kept, format!("{}/draft", path(stored.id))),
        form: kept.map_or_else(|| pages::Form::new(page), |kept| kept.form(page)),
    }
}

pub(super) async fn ask(
    page: Page,
    session: Session,
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
) -> Result<Response, Problem> {
    let stored = find(&service, &session, id).await?;
    if !stored.status.may_withdraw() {
        return Ok(to(&application_path(id)));
    }
    let kept = kept::find(&mut *service.db.acquire().await?, &session.person, &kept_name(id)).await?;
    pages::show(&draw(&page, &stored, kept.as_ref()))
}

fn path(id: ApplicationId) -> String {
    format!("{}/withdraw", application_path(id))
}

/// `POST /apply/applications/{id}/withdraw/draft`: autosave of the form.
pub(super) async fn draft(
    page: Page,
    State(service): State<Arc<AppState>>,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    let stored = find(&service, &session, id).await?;
    let gone = (!stored.status.may_withdraw()).then(|| page.t("withdraw-too-late"));
    let mut tx = host::begin(&service.bus).await?;
    let (name, back, now) = (kept_name(id), path(id), tx.now());
    let answer = kept::answer(&mut tx, &page, &session, &name, &fields, &back, gone, now).await?;
    host::commit(&service.bus, tx).await?;
    Ok(answer)
}

fn kept_name(id: ApplicationId) -> String {
    format!("withdrawal/{id}")
}

pub(super) async fn withdraw(
    page: Page,
    State(service): State<Arc<AppState>>,
    trace: Trace,
    ApiPath(id): ApiPath<ApplicationId>,
    PageForm { session, fields, .. }: PageForm<Fields>,
) -> Result<Response, Problem> {
    find(&service, &session, id).await?;
    let reason = match withdrawal::reason(fields.get("reason")) {
        Ok(reason) => reason,
        Err(limit) => {
            let wrong = [("reason".to_owned(), page.t1("wrong-reason", "limit", page.count(limit)))];
            let mut tx = host::begin(&service.bus).await?;
            let now = tx.now();
            kept::refuse(&mut tx, &session.person, &kept_name(id), &fields, &wrong, now).await?;
            host::commit(&service.bus, tx).await?;
            return Ok(to(&format!("{}?refused=1#errors", path(id))));
        }
    };
    let mut tx = host::begin(&service.bus).await?;
    kept::discard(&mut tx, &session.person, &kept_name(id)).await?;
    let done = withdrawal::withdraw(&mut tx, id, host::person(&session), reason, host::cause(&trace)).await?;
    match done.ok_or_else(Problem::not_found)? {
        Ok(_) => host::commit(&service.bus, tx).await?,
        // A second click.
        Err(NotWithdrawn::Already) => {}
        Err(decided) => return Err(Problem::conflict(decided.to_string()).say(page.t("withdraw-too-late"))),
    }
    Ok(to(&application_path(id)))
}
