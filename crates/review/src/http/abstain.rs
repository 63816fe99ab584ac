//! Declare bias (§§ 20, 21 VwVfG): the file goes back, and is never offered to this person again.

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use chassis::problem::{ApiJson, ApiPath};
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Problem, Role, Session};
use events::{ApplicationId, Cause};
use pages::{Form, Page, parse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::once::{Begun, Once, key_of};
use super::{State, cause, lock, person, refuse, refuse_on, view};
use crate::Service;
use crate::file::Refused;
use crate::store::{drafts, files, ties};

/// Longest reason, in characters.
pub const REASON_LIMIT: usize = 500;

/// A declaration of bias.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Abstain {
    /// What ties the person to the application; 1 to 500 characters.
    pub reason: String,
    /// The tie is to the applicant as such: no file of theirs is offered any more.
    #[serde(default)]
    pub whole_applicant: bool,
}

async fn abstain(
    service: &Service,
    session: &Session,
    id: ApplicationId,
    declared: Abstain,
    key: Option<String>,
    cause: &Cause,
    refuse: impl Fn(Refused) -> Problem,
) -> Result<(), Problem> {
    let mut once = match Once::begin::<()>(service, session, "abstain", key, &(id, &declared)).await? {
        Begun::Done(()) => return Ok(()),
        Begun::New(once) => once,
    };
    let tx = &mut once.tx;
    let (file, _) = lock(tx, session, id).await?;
    let who = person(session);
    let file = file.abstained(who.clone(), declared.reason.clone(), tx.now()).map_err(refuse)?;
    files::save(tx, &file, cause).await?;
    ties::tell_of_bias(tx, id, &who, cause).await?;
    drafts::discard(tx, id, &who.id).await?;
    if declared.whole_applicant {
        let applicant = files::submission(tx, id).await?.applicant;
        ties::declare(tx, Uuid::new_v4(), &who, &applicant.ags, &declared.reason).await?;
        ties::tell_of_person(tx, &who, &declared.reason, cause).await?;
    }
    once.finish(service, &()).await
}

pub async fn api(
    axum::extract::State(service): State,
    session: Session,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    headers: HeaderMap,
    ApiJson(body): ApiJson<Abstain>,
) -> Result<StatusCode, Problem> {
    let declared = Abstain { reason: parse::lines(&body.reason), ..body };
    if !(1..=REASON_LIMIT).contains(&parse::length(&declared.reason)) {
        return Err(Problem::invalid([("/reason", format!("1 to {REASON_LIMIT} characters"))]));
    }
    abstain(&service, &session, id, declared, key_of(&headers)?, &cause(trace), refuse).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    form: PageForm<Fields>,
) -> Result<Response, Problem> {
    form.session.require(Role::Reviewer)?;
    let mut typed = Form::typed(&page, &form.fields);
    let reason = typed.need("reason", "bias-reason", REASON_LIMIT);
    if !typed.is_good() {
        let mut connection = service.db.acquire().await?;
        let shown = view::load(&mut connection, &form.session, id).await?;
        return pages::show_invalid(&AbstainPage {
            page: &page,
            form: typed,
            file: &shown,
            key: Uuid::new_v4(),
        });
    }
    let declared = Abstain { reason, whole_applicant: form.fields.get("whole_applicant") == "yes" };
    let key = Some(form.fields.get("key").to_owned());
    abstain(&service, &form.session, id, declared, key, &cause(trace), refuse_on(&page)).await?;
    Ok(Redirect::to("/review?done=abstained").into_response())
}

/// The page that asks for the reason.
#[derive(Template)]
#[template(path = "abstain.html")]
struct AbstainPage<'a> {
    page: &'a Page,
    form: Form,
    file: &'a view::Shown,
    key: Uuid,
}

pub async fn ask(
    axum::extract::State(service): State,
    page: Page,
    session: Session,
    ApiPath(id): ApiPath<ApplicationId>,
) -> Result<Response, Problem> {
    session.require(Role::Reviewer)?;
    let mut connection = service.db.acquire().await?;
    let shown = view::load(&mut connection, &session, id).await?;
    pages::show(&AbstainPage { page: &page, form: Form::new(&page), file: &shown, key: Uuid::new_v4() })
}
