//! Declare bias (§§ 20, 21 VwVfG): the file returns to the queue and is never offered to this person again.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chassis::problem::{ApiJson, ApiPath};
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Problem, ProblemKind, Role, Session};
use events::{ApplicationId, Cause};
use host::{IdempotencyKey, Idempotent};
use pages::{Form, Keep, Page, kept, parse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{State, lock, refuse, refuse_on, refused_key, view};
use crate::AppState;
use crate::file::Refused;
use crate::store::{drafts, files, ties};

/// Maximum number of characters.
pub const REASON_LIMIT: usize = 500;

/// A declaration of bias.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Abstain {
    /// What ties the person to the application; 1 to 500 characters.
    pub reason: String,
    /// The tie is to the applicant itself: no file of this applicant is offered any more.
    #[serde(default)]
    pub whole_applicant: bool,
}

async fn abstain(
    service: &AppState,
    session: &Session,
    id: ApplicationId,
    declared: Abstain,
    key: IdempotencyKey,
    cause: &Cause,
    refuse: impl Fn(Refused) -> Problem,
) -> Result<(), Problem> {
    let once = Idempotent::new(session, "abstain", key, &(id, &declared))?;
    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(()) = before {
        return Ok(());
    }
    let who = host::person(session);
    let mut applicant = None;
    if declared.whole_applicant {
        files::read(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        let ags = applicant.insert(files::submission(&mut tx, id).await?.applicant.ags);
        ties::lock_files(&mut tx, &who.id, ags, id).await?;
    }
    let (file, _) = lock(&mut tx, session, id).await?;
    let file = file.abstained(who.clone(), declared.reason.clone(), tx.now()).map_err(refuse)?;
    files::save(&mut tx, &file, cause).await?;
    ties::publish_bias(&mut tx, id, &who, cause).await?;
    drafts::discard(&mut tx, id, &who.id).await?;
    kept::discard(&mut tx, &who.id, &kept_name(id)).await?;
    if let Some(ags) = applicant {
        ties::declare(&mut tx, Uuid::new_v4(), &who, &ags, &declared.reason).await?;
        ties::publish_for_person(&mut tx, &who, &declared.reason, cause).await?;
    }
    once.store(&mut tx, &())?;
    host::commit(&service.bus, tx).await
}

pub async fn api(
    axum::extract::State(service): State,
    session: Session,
    ApiPath(id): ApiPath<ApplicationId>,
    trace: Trace,
    key: IdempotencyKey,
    ApiJson(body): ApiJson<Abstain>,
) -> Result<StatusCode, Problem> {
    let declared = Abstain { reason: parse::lines(&body.reason), ..body };
    if !(1..=REASON_LIMIT).contains(&parse::length(&declared.reason)) {
        return Err(Problem::invalid([("/reason", format!("1 to {REASON_LIMIT} characters"))]));
    }
    abstain(&service, &session, id, declared, key, &host::cause(&trace), refuse).await?;
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
    let session = &form.session;
    let mut typed = Form::typed(&page, &form.fields);
    let reason = typed.required("reason", "bias-reason", REASON_LIMIT);
    if typed.is_valid() {
        let declared = Abstain { reason, whole_applicant: form.fields.get("whole_applicant") == "yes" };
        let key = IdempotencyKey::new(form.fields.get("key"))?;
        match abstain(&service, session, id, declared, key, &host::cause(&trace), refuse_on(&page)).await {
            Ok(()) => return Ok(Redirect::to("/review?done=abstained").into_response()),
            // A refusal by the state of the file is shown above the form, which keeps what was typed.
            Err(Problem { kind: ProblemKind::Conflict, for_people: Some(why), .. }) => typed.refuse("", why),
            Err(problem) => return Err(problem),
        }
    }
    let mut tx = host::begin(&service.bus).await?;
    view::load(&mut tx, session, id).await?;
    let now = tx.now();
    kept::refuse(&mut tx, &session.person, &kept_name(id), &form.fields, typed.refused(), now).await?;
    host::commit(&service.bus, tx).await?;
    Ok(Redirect::to(&format!("{}?refused=1#errors", path(id))).into_response())
}

/// `POST /review/files/{id}/abstain/draft`: the form saves what is typed.
pub async fn draft(
    axum::extract::State(service): State,
    page: Page,
    ApiPath(id): ApiPath<ApplicationId>,
    form: PageForm<Fields>,
) -> Result<Response, Problem> {
    let session = &form.session;
    session.require(Role::Reviewer)?;
    let mut tx = host::begin(&service.bus).await?;
    let shown = view::load(&mut tx, session, id).await?;
    let now = tx.now();
    let gone = shown.file.abstained(host::person(session), "…".to_owned(), now).err();
    let gone = gone.map(|refused| page.t(refused_key(refused)));
    let (name, back) = (kept_name(id), path(id));
    let answer = kept::answer(&mut tx, &page, session, &name, &form.fields, &back, gone, now).await?;
    host::commit(&service.bus, tx).await?;
    Ok(answer)
}

fn kept_name(id: ApplicationId) -> String {
    format!("abstain/{id}")
}

fn path(id: ApplicationId) -> String {
    format!("/review/files/{id}/abstain")
}

#[derive(Template)]
#[template(path = "abstain.html")]
struct AbstainPage<'a> {
    page: &'a Page,
    form: Form,
    keep: Keep,
    file: &'a view::LoadedFile,
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
    let kept = kept::find(&mut connection, &session.person, &kept_name(id)).await?;
    let form = kept.as_ref().map_or_else(|| Form::new(&page), |kept| kept.form(&page));
    let keep = Keep::of(&page, kept_name(id), kept.as_ref(), format!("{}/draft", path(id)));
    pages::show(&AbstainPage { page: &page, form, keep, file: &shown, key: Uuid::new_v4() })
}
