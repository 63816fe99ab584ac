//! The operators' overview of the services, and replacing one of them after a confirmation.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bus::control::{Command, Status};
use chassis::api::{ApiRouter, Operation};
use chassis::problem::{ApiJson, ApiPath};
use chassis::session::PageForm;
use chassis::{Problem, ProblemKind, Role, Session};
use events::Service;
use futures_util::future::join_all;
use pages::{Page, Tab};
use serde::Deserialize;

use super::confirm::Confirm;
use super::state::Gateway;
use crate::supervisor::Member;

/// A service: its process and its status, each `None` if unknown.
struct Row {
    service: Service,
    member: Option<Member>,
    status: Option<Status>,
}

impl Row {
    fn is_ready(&self) -> bool {
        self.member.as_ref().is_some_and(|member| member.ready)
    }

    /// Age of the oldest fact in the outbox, in whole seconds.
    fn oldest(&self) -> String {
        self.status.as_ref().map_or(String::new(), |status| format!("{:.0}", status.outbox_age_seconds))
    }
}

#[derive(Template)]
#[template(path = "ops.html")]
struct Ops<'a> {
    page: &'a Page,
    tabs: [Tab; 3],
    rows: Vec<Row>,
    /// Problems, one sentence each.
    wrong: Vec<String>,
    restarted: Option<Service>,
}

#[derive(Deserialize)]
pub struct Done {
    restarted: Option<String>,
}

pub async fn show(
    page: Page,
    session: Session,
    Query(Done { restarted }): Query<Done>,
    State(gateway): State<Arc<Gateway>>,
) -> Result<Response, Problem> {
    session.require(Role::Operator)?;
    let mut members = gateway.supervisor.members().await;
    let asked = Service::ALL.map(|service| gateway.operator.execute::<Status>(service, &Command::Status));
    let mut wrong = Vec::new();
    let rows = Service::ALL.into_iter().zip(join_all(asked).await).map(|(service, answer)| {
        let member = members.iter().position(|member| member.name == service.name());
        let status = answer.map_err(|error| wrong.push(error.about(service))).ok();
        wrong.extend(
            status.iter().filter_map(|status| Some(format!("{service}: {}", status.broker.as_ref()?))),
        );
        Row { service, member: member.map(|at| members.swap_remove(at)), status }
    });
    let rows = rows.collect();
    let restarted = restarted.and_then(|name| Service::from_name(&name));
    pages::show(&Ops { page: &page, tabs: tabs(&page, "/ops"), rows, wrong, restarted })
}

/// The tabs of the operators' pages; `here` is the link of the current one.
pub fn tabs(page: &Page, here: &str) -> [Tab; 3] {
    [("/ops", "ops-title"), ("/ops/reconciliation", "reconciliation-title"), ("/ops/parked", "parked-title")]
        .map(|(link, key)| Tab::new(link, page.t(key), link == here))
}

/// The confirmation page of a restart.
pub async fn ask_restart(
    page: Page,
    session: Session,
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    session.require(Role::Operator)?;
    let service = Service::from_name(&name).ok_or_else(Problem::not_found)?;
    // A service that does not answer can still be restarted; that may be the reason for it.
    let status = gateway.operator.execute::<Status>(service, &Command::Status).await;
    let waits = match status {
        Ok(status) => page.t1("ops-restart-waits", "count", status.outbox),
        Err(_) => page.t("ops-restart-silent"),
    };
    pages::show(&Confirm {
        page: &page,
        title: page.t1("ops-restart-title", "service", service),
        paragraphs: vec![page.t("ops-restart-what"), waits],
        action: format!("/ops/services/{service}/restart"),
        button: page.t1("ops-restart-do", "service", service),
        back: "/ops".to_owned(),
    })
}

/// A form that consists of a button only.
#[derive(Deserialize)]
pub struct ButtonForm {}

pub async fn restart(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    form: PageForm<ButtonForm>,
) -> Result<Response, Problem> {
    form.session.require(Role::Operator)?;
    replace(&gateway, &name).await?;
    Ok(Redirect::to(&format!("/ops?restarted={name}")).into_response())
}

async fn replace(gateway: &Gateway, name: &str) -> Result<(), Problem> {
    match gateway.supervisor.restart(name).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Problem::not_found()),
        Err(error) => Err(Problem::unavailable(error)),
    }
}

/// The JSON API of the same.
pub fn api() -> Router<Arc<Gateway>> {
    ApiRouter::new("ops", "/ops")
        .get(
            "/services",
            |State(gateway): State<Arc<Gateway>>| async move { ApiJson(gateway.supervisor.members().await) },
            Operation::new("The running services")
                .role(Role::Operator)
                .answers::<Vec<Member>>(StatusCode::OK),
        )
        .post(
            "/services/{name}/restart",
            |State(gateway): State<Arc<Gateway>>, ApiPath(name): ApiPath<String>| async move {
                replace(&gateway, &name).await.map(|()| StatusCode::NO_CONTENT)
            },
            Operation::new("Replace a service by a new process; answers when that is ready")
                .role(Role::Operator)
                .answers_nothing()
                .problems(&[ProblemKind::NotFound, ProblemKind::Unavailable]),
        )
        .into_router()
}
