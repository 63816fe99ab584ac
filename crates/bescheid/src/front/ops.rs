//! The operator's page: the running services, and replacing one of them.

use std::pin::Pin;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chassis::api::{ApiRouter, Doc};
use chassis::problem::{ApiJson, ApiPath};
use chassis::session::PageForm;
use chassis::{Problem, ProblemKind, Role, Session};
use pages::Page;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Front;

/// One running service.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its process, while it runs.
    pub pid: Option<u32>,
    /// Resident memory in KiB, where the system tells.
    pub resident_kib: Option<u64>,
    /// Whether it says that it is ready.
    pub ready: bool,
    /// Times it was started, the first one included.
    pub starts: u32,
}

/// Something that has to be awaited.
pub type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The running services.
pub trait Fleet: Send + Sync {
    /// Looks at each.
    fn look(&self) -> Soon<'_, Vec<Member>>;
    /// Replaces one by a new process, and returns when that is ready. False: no such service.
    fn restart<'a>(&'a self, name: &'a str) -> Soon<'a, anyhow::Result<bool>>;
}

#[derive(Template)]
#[template(path = "ops.html")]
struct Ops<'a> {
    page: &'a Page,
    members: Vec<Member>,
}

/// The page.
pub async fn show(
    page: Page,
    session: Session,
    State(front): State<Arc<Front>>,
) -> Result<Response, Problem> {
    session.require(Role::Operator)?;
    pages::show(&Ops { page: &page, members: front.fleet.look().await })
}

/// Nothing but the button.
#[derive(Deserialize)]
pub struct Pressed {}

/// The button.
pub async fn restart(
    State(front): State<Arc<Front>>,
    Path(name): Path<String>,
    form: PageForm<Pressed>,
) -> Result<Response, Problem> {
    form.session.require(Role::Operator)?;
    replace(&front, &name).await?;
    Ok(Redirect::to("/ops").into_response())
}

async fn replace(front: &Front, name: &str) -> Result<(), Problem> {
    match front.fleet.restart(name).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Problem::not_found()),
        Err(error) => Err(Problem::unavailable(error)),
    }
}

/// The same for programs.
pub fn api() -> Router<Arc<Front>> {
    ApiRouter::new("ops", "/ops")
        .get(
            "/services",
            |State(front): State<Arc<Front>>| async move { ApiJson(front.fleet.look().await) },
            Doc::new("The running services").role(Role::Operator).answers::<Vec<Member>>(StatusCode::OK),
        )
        .post(
            "/services/{name}/restart",
            |State(front): State<Arc<Front>>, ApiPath(name): ApiPath<String>| async move {
                replace(&front, &name).await.map(|()| StatusCode::NO_CONTENT)
            },
            Doc::new("Replace a service by a new process; answers when that is ready")
                .role(Role::Operator)
                .answers_nothing()
                .problems(&[ProblemKind::NotFound, ProblemKind::Unavailable]),
        )
        .into_router()
}
