//! Ties of reviewers, case workers and approvers to municipalities (§§ 20, 21 VwVfG): declare, end.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use chassis::problem::{ApiPath, ApiQuery};
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Problem, Role, Session};
use events::{Ags, municipality};
use host::{IdempotencyKey, Idempotent, municipalities_by_name};
use pages::{Choice, Form, Keep, Page, kept};
use serde::Deserialize;
use uuid::Uuid;

use super::abstain::REASON_LIMIT;
use super::{ButtonForm, State};
use crate::store::ties;
use crate::store::ties::Tie;

/// 403 for anybody but reviewers, case workers and approvers.
fn require_reviewer_or_decider(session: &Session) -> Result<(), Problem> {
    let others = session.has_any(&[Role::CaseWorker, Role::Approver]);
    if others { Ok(()) } else { session.require(Role::Reviewer) }
}

#[derive(Deserialize)]
pub struct TiesQuery {
    /// The action that led here, for its confirmation.
    #[serde(default)]
    done: String,
}

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    session: Session,
    ApiQuery(query): ApiQuery<TiesQuery>,
) -> Result<Response, Problem> {
    require_reviewer_or_decider(&session)?;
    let done = match query.done.as_str() {
        "declared" => Some(page.t("done-tie")),
        "released" => Some(page.t("done-tie-released")),
        "ended" => Some(page.t("done-tie-ended")),
        _ => None,
    };
    let mut connection = service.db.acquire().await?;
    let ties = ties::of(&mut connection, &session.person).await?;
    let kept = kept::find(&mut connection, &session.person, FORM).await?;
    pages::show(&TiesPage {
        page: &page,
        form: kept.as_ref().map_or_else(|| Form::new(&page), |kept| kept.form(&page)),
        keep: Keep::of(&page, FORM, kept.as_ref(), "/review/ties/draft"),
        done,
        ties,
        own: session.ags.as_ref().map(|ags| name(ags)),
        choices: choices(),
        key: Uuid::new_v4(),
    })
}

pub async fn declare(
    axum::extract::State(service): State,
    page: Page,
    trace: Trace,
    form: PageForm<Fields>,
) -> Result<Response, Problem> {
    let session = &form.session;
    require_reviewer_or_decider(session)?;
    let mut typed = Form::typed(&page, &form.fields);
    let ags = typed.required_choice("ags", "tie-municipality", &choices());
    let reason = typed.required("reason", "bias-reason", REASON_LIMIT);
    let ags: Ags = match ags.parse() {
        Ok(ags) if typed.is_valid() => ags,
        // The form is kept with its mistakes; the page shows both, and can be reloaded.
        _ => {
            let mut tx = host::begin(&service.bus).await?;
            let now = tx.now();
            kept::refuse(&mut tx, &session.person, FORM, &form.fields, typed.refused(), now).await?;
            host::commit(&service.bus, tx).await?;
            return Ok(Redirect::to("/review/ties?refused=1#errors").into_response());
        }
    };
    let key = IdempotencyKey::new(form.fields.get("key"))?;
    let once = Idempotent::new(session, "tie", key, &(&ags, &reason))?;
    let (mut tx, before) = once.begin(&service.bus).await?;
    if let Some(released) = before {
        return Ok(to_list(released).into_response());
    }
    let who = host::person(session);
    ties::declare(&mut tx, Uuid::new_v4(), &who, &ags, &reason).await?;
    // This may concern the file they hold, and files they have reviewed.
    let released = ties::publish_for_person(&mut tx, &who, &reason, &host::cause(&trace)).await?;
    kept::discard(&mut tx, &who.id, FORM).await?;
    once.store(&mut tx, &released)?;
    host::commit(&service.bus, tx).await?;
    Ok(to_list(released).into_response())
}

const FORM: &str = "tie";

/// `POST /review/ties/draft`: the form saves what is typed.
pub async fn draft(
    axum::extract::State(service): State,
    page: Page,
    form: PageForm<Fields>,
) -> Result<Response, Problem> {
    require_reviewer_or_decider(&form.session)?;
    let mut tx = host::begin(&service.bus).await?;
    let now = tx.now();
    let (session, fields) = (&form.session, &form.fields);
    let answer = kept::answer(&mut tx, &page, session, FORM, fields, "/review/ties", None, now).await?;
    host::commit(&service.bus, tx).await?;
    Ok(answer)
}

fn to_list(released: bool) -> Redirect {
    Redirect::to(if released { "/review/ties?done=released" } else { "/review/ties?done=declared" })
}

pub async fn end(
    axum::extract::State(service): State,
    trace: Trace,
    ApiPath(id): ApiPath<Uuid>,
    form: PageForm<ButtonForm>,
) -> Result<Redirect, Problem> {
    require_reviewer_or_decider(&form.session)?;
    let key = IdempotencyKey::new(&form.data.key)?;
    let once = Idempotent::new(&form.session, "end-tie", key, &id)?;
    let (mut tx, before) = once.begin::<()>(&service.bus).await?;
    if before.is_none() {
        let ended = ties::end(&mut tx, id, &form.session.person).await?;
        let ags = ended.ok_or_else(Problem::not_found)?;
        ties::publish_end(&mut tx, &host::person(&form.session), &ags, &host::cause(&trace)).await?;
        once.store(&mut tx, &())?;
        host::commit(&service.bus, tx).await?;
    }
    Ok(Redirect::to("/review/ties?done=ended"))
}

/// All municipalities, counties (Kreise) and the city region (Städteregion), by name.
fn choices() -> Vec<Choice> {
    municipalities_by_name().iter().map(|one| Choice::new(one.ags.as_str(), &*one.name)).collect()
}

fn name(ags: &str) -> String {
    let known = ags.parse().ok().and_then(|ags| municipality(&ags));
    known.map_or_else(|| ags.to_owned(), |one| one.name.clone())
}

#[derive(Template)]
#[template(path = "ties.html")]
struct TiesPage<'a> {
    page: &'a Page,
    form: Form,
    keep: Keep,
    done: Option<String>,
    ties: Vec<Tie>,
    own: Option<String>,
    choices: Vec<Choice>,
    key: Uuid,
}

impl TiesPage<'_> {
    fn name(&self, tie: &Tie) -> String {
        name(&tie.ags)
    }
}
