//! The operators' pages of parked facts: the list grouped by error, one fact with its dry run, redrive and drop.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use bus::control::{Command, ControlError, DryRun, WaitingFact, WaitingFactDetails, Which};
use chassis::session::{Fields, PageForm};
use chassis::{Problem, Role, Session};
use events::Service;
use pages::{Form, Keep, Page, Tab};
use serde::Deserialize;
use uuid::Uuid;

use super::confirm::Confirm;
use super::ops::tabs;
use super::state::Gateway;
use crate::operate::{MAX_REASON_CHARS, emails, parked_at};

/// A parked fact: the service that parked it, its source, key and version.
pub const FACT: &str = "/ops/parked/{at}/{source}/{key}/{version}";

type Address = Path<(String, String, Uuid, i64)>;

struct Group {
    at: Service,
    reason: String,
    facts: Vec<WaitingFact>,
}

#[derive(Template)]
#[template(path = "parked.html")]
struct List<'a> {
    page: &'a Page,
    tabs: [Tab; 3],
    groups: Vec<Group>,
    silent: Vec<String>,
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "parked_fact.html")]
struct FactPage<'a> {
    page: &'a Page,
    at: Service,
    shown: WaitingFactDetails,
    envelope: String,
    run: DryRun,
    emails: Vec<&'static str>,
    link: String,
    asked_by_me: bool,
    keep: Keep,
    form: Form,
}

#[derive(Deserialize)]
pub struct Done {
    done: Option<String>,
}

pub async fn list(
    page: Page,
    session: Session,
    Query(Done { done }): Query<Done>,
    State(gateway): State<Arc<Gateway>>,
) -> Result<Response, Problem> {
    session.require(Role::Operator)?;
    let (mut groups, mut silent) = (Vec::new(), Vec::new());
    for at in Service::ALL {
        match parked_at(&gateway.operator, at).await {
            Ok(mut facts) => {
                facts.sort_by(|a, b| a.group.cmp(&b.group));
                for group in facts.chunk_by(|a, b| a.group == b.group) {
                    groups.push(Group { at, reason: group[0].group.clone(), facts: group.to_vec() });
                }
            }
            Err(error) => silent.push(error.to_string()),
        }
    }
    // Only values for which there is a message.
    let done = done.filter(|done| ["redriven", "asked", "dropped"].contains(&done.as_str()));
    pages::show(&List { page: &page, tabs: tabs(&page, "/ops/parked"), groups, silent, done })
}

fn address(Path((at, source, key, version)): Address) -> Result<(Service, Which), Problem> {
    let at = Service::from_name(&at).ok_or_else(Problem::not_found)?;
    let source = Service::from_name(&source).ok_or_else(Problem::not_found)?;
    Ok((at, Which { source, key, version }))
}

fn link(at: Service, which: Which) -> String {
    format!("/ops/parked/{at}/{}/{}/{}", which.source, which.key, which.version)
}

fn problem(error: ControlError) -> Problem {
    match error {
        ControlError::Refused(why) => Problem::conflict(why),
        away => Problem::unavailable(away),
    }
}

/// One parked fact with its dry run.
pub async fn show(
    page: Page,
    session: Session,
    path: Address,
    State(gateway): State<Arc<Gateway>>,
) -> Result<Response, Problem> {
    session.require(Role::Operator)?;
    let (at, which) = address(path)?;
    let shown: WaitingFactDetails =
        gateway.operator.execute(at, &Command::Show(which)).await.map_err(problem)?;
    draw(&gateway, &page, &session, at, which, shown, Form::new(&page)).await
}

async fn draw(
    gateway: &Gateway,
    page: &Page,
    session: &Session,
    at: Service,
    which: Which,
    shown: WaitingFactDetails,
    form: Form,
) -> Result<Response, Problem> {
    let run: DryRun = gateway.operator.execute(at, &Command::DryRun(which)).await.map_err(problem)?;
    let good = form.is_valid();
    let one = FactPage {
        page,
        at,
        // The gateway has no database: what is typed is kept only in the browser.
        keep: Keep::new(page, format!("drop{}", link(at, which)), 0),
        form,
        envelope: format!("{:#}", shown.envelope),
        emails: emails(&run),
        link: link(at, which),
        asked_by_me: shown.fact.drop_asked.as_ref().is_some_and(|(who, _)| *who == session.person),
        shown,
        run,
    };
    if good { pages::show(&one) } else { pages::show_invalid(&one) }
}

/// The confirmation page of a redrive, with the result of a dry run.
pub async fn ask_redrive(
    page: Page,
    session: Session,
    path: Address,
    State(gateway): State<Arc<Gateway>>,
) -> Result<Response, Problem> {
    session.require(Role::Operator)?;
    let (at, which) = address(path)?;
    let run: DryRun = gateway.operator.execute(at, &Command::DryRun(which)).await.map_err(problem)?;
    let mut paragraphs = match &run.error {
        Some(_) => vec![page.t("parked-again")],
        None => {
            let names =
                |names: Vec<String>| if names.is_empty() { "–".to_owned() } else { names.join(", ") };
            let facts = names(run.publishes.iter().map(|fact| fact.kind.clone()).collect());
            let emails = names(emails(&run).into_iter().map(|template| page.email(template)).collect());
            vec![
                page.t1("parked-would-publish", "facts", facts),
                page.t1("parked-would-email", "emails", emails),
            ]
        }
    };
    paragraphs.push(page.t1("parked-would-follow", "count", run.held_behind));
    let link = link(at, which);
    pages::show(&Confirm {
        page: &page,
        title: page.t1("parked-redrive-title", "service", at),
        paragraphs,
        action: format!("{link}/redrive"),
        button: page.t("parked-redrive"),
        back: link,
    })
}

/// The confirmation page of dropping, for the second person.
pub async fn ask_drop(
    page: Page,
    session: Session,
    path: Address,
    State(gateway): State<Arc<Gateway>>,
) -> Result<Response, Problem> {
    session.require(Role::Operator)?;
    let (at, which) = address(path)?;
    let shown: WaitingFactDetails =
        gateway.operator.execute(at, &Command::Show(which)).await.map_err(problem)?;
    let link = link(at, which);
    // Nobody has asked yet: the page of the fact has the form for the reason.
    let Some((who, why)) = &shown.fact.drop_asked else { return Ok(Redirect::to(&link).into_response()) };
    let what = [("kind", shown.fact.kind.as_str()), ("service", at.name())];
    pages::show(&Confirm {
        page: &page,
        title: page.t("parked-drop-title-agree"),
        paragraphs: vec![
            page.tn("parked-drop-asked", &[("who", who), ("why", why)]),
            page.tn("parked-drop-what", &what),
            page.t1("parked-would-follow", "count", shown.fact.held_behind),
        ],
        action: format!("{link}/drop"),
        button: page.t("parked-drop-agree"),
        back: link,
    })
}

/// A form that consists of a button only.
#[derive(Deserialize)]
pub struct ButtonForm {}

pub async fn redrive(
    path: Address,
    State(gateway): State<Arc<Gateway>>,
    form: PageForm<ButtonForm>,
) -> Result<Response, Problem> {
    form.session.require(Role::Operator)?;
    let (at, which) = address(path)?;
    let command = Command::Redrive { which, person: form.session.person };
    gateway.operator.execute::<String>(at, &command).await.map_err(problem)?;
    Ok(Redirect::to("/ops/parked?done=redriven").into_response())
}

/// Asks to drop the fact, or agrees to it.
pub async fn drop_fact(
    path: Address,
    State(gateway): State<Arc<Gateway>>,
    page: Page,
    form: PageForm<Fields>,
) -> Result<Response, Problem> {
    form.session.require(Role::Operator)?;
    let (at, which) = address(path)?;
    let shown: WaitingFactDetails =
        gateway.operator.execute(at, &Command::Show(which)).await.map_err(problem)?;
    let mut typed = Form::typed(&page, &form.fields);
    let asks = form.fields.iter().any(|(name, _)| name == "reason");
    if asks && shown.fact.drop_asked.is_some() {
        // Another person has asked since the page was opened: it is shown again with their reason, to agree to.
        return Ok(Redirect::to(&link(at, which)).into_response());
    }
    let mut reason = String::new();
    if asks {
        reason = typed.required("reason", "parked-drop-reason", MAX_REASON_CHARS);
    }
    if !typed.is_valid() {
        return draw(&gateway, &page, &form.session, at, which, shown, typed).await;
    }
    let command = Command::Drop { which, person: form.session.person, reason };
    gateway.operator.execute::<String>(at, &command).await.map_err(problem)?;
    let done = if shown.fact.drop_asked.is_some() { "dropped" } else { "asked" };
    Ok(Redirect::to(&format!("/ops/parked?done={done}")).into_response())
}
