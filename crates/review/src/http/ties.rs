//! Ties of those who review and decide to municipalities (§§ 20, 21 VwVfG): declare, end.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use chassis::problem::{ApiPath, ApiQuery};
use chassis::session::{Fields, PageForm};
use chassis::telemetry::Trace;
use chassis::{Problem, Role, Session};
use events::{Ags, municipalities, municipality};
use pages::{Choice, Form, Page};
use serde::Deserialize;
use uuid::Uuid;

use super::abstain::REASON_LIMIT;
use super::once::{Begun, Once};
use super::{Press, State, cause, person};
use crate::Service;
use crate::store::ties;
use crate::store::ties::Tie;

/// Goes on for those who review or decide.
fn acts(session: &Session) -> Result<(), Problem> {
    let others = [Role::CaseWorker, Role::Approver].iter().any(|role| session.has(*role));
    if others { Ok(()) } else { session.require(Role::Reviewer) }
}

/// What the address may say.
#[derive(Deserialize)]
pub struct Asked {
    /// What was just done.
    #[serde(default)]
    done: String,
}

pub async fn page(
    axum::extract::State(service): State,
    page: Page,
    session: Session,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Result<Response, Problem> {
    acts(&session)?;
    let done = match asked.done.as_str() {
        "declared" => Some(page.t("done-tie")),
        "released" => Some(page.t("done-tie-released")),
        "ended" => Some(page.t("done-tie-ended")),
        _ => None,
    };
    pages::show(&draw(&service, &page, &session, Form::new(&page), done).await?)
}

pub async fn declare(
    axum::extract::State(service): State,
    page: Page,
    trace: Trace,
    form: PageForm<Fields>,
) -> Result<Response, Problem> {
    let session = &form.session;
    acts(session)?;
    let mut typed = Form::typed(&page, &form.fields);
    let ags = typed.need_choice("ags", "tie-municipality", &choices());
    let reason = typed.need("reason", "bias-reason", REASON_LIMIT);
    let ags: Ags = match ags.parse() {
        Ok(ags) if typed.is_good() => ags,
        _ => return pages::show_invalid(&draw(&service, &page, session, typed, None).await?),
    };
    let key = Some(form.fields.get("key").to_owned());
    let mut once = match Once::begin::<bool>(&service, session, "tie", key, &(&ags, &reason)).await? {
        Begun::Done(released) => return Ok(to_list(released).into_response()),
        Begun::New(once) => once,
    };
    let tx = &mut once.tx;
    let who = person(session);
    ties::declare(tx, Uuid::new_v4(), &who, &ags, &reason).await?;
    // The file in hand may be one of theirs, and so may one they have reviewed.
    let released = ties::tell_of_person(tx, &who, &reason, &cause(trace)).await?;
    once.finish(&service, &released).await?;
    Ok(to_list(released).into_response())
}

fn to_list(released: bool) -> Redirect {
    Redirect::to(if released { "/review/ties?done=released" } else { "/review/ties?done=declared" })
}

pub async fn end(
    axum::extract::State(service): State,
    trace: Trace,
    ApiPath(id): ApiPath<Uuid>,
    form: PageForm<Press>,
) -> Result<Redirect, Problem> {
    acts(&form.session)?;
    let once = Once::begin::<()>(&service, &form.session, "end-tie", Some(form.data.key), &id).await?;
    if let Begun::New(mut once) = once {
        let ended = ties::end(&mut once.tx, id, &form.session.person).await?;
        let ags = ended.ok_or_else(Problem::not_found)?;
        ties::tell_end(&mut once.tx, &person(&form.session), &ags, &cause(trace)).await?;
        once.finish(&service, &()).await?;
    }
    Ok(Redirect::to("/review/ties?done=ended"))
}

async fn draw<'a>(
    service: &Service,
    page: &'a Page,
    session: &Session,
    form: Form,
    done: Option<String>,
) -> Result<TiesPage<'a>, Problem> {
    let ties = ties::of(&mut *service.db.acquire().await?, &session.person).await?;
    let own = session.ags.as_ref().map(|ags| name(ags));
    Ok(TiesPage { page, form, done, ties, own, choices: choices(), key: Uuid::new_v4() })
}

/// All municipalities, Kreise and the Städteregion, by name.
fn choices() -> Vec<Choice> {
    let mut all: Vec<Choice> =
        municipalities().map(|one| Choice::new(one.ags.as_str(), &*one.name)).collect();
    all.sort_by(|one, other| pages::compare_names(&one.label, &other.label));
    all
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
