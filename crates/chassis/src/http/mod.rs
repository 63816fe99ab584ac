//! The HTTP server of a process: the layers around a service's routes, and the process's own pages
//! (`/livez`, `/readyz`, `/metrics`).

mod connections;
mod guard;
mod observe;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

pub use crate::health::{CheckReport, Health};
pub use crate::problem::ProblemPage;

use crate::app::{App, timer};
use crate::error::StartError;
use crate::problem::{Problem, ProblemKind};

/// Serves `routes` until the process has drained.
///
/// Each route gets a request id, trace, metrics and security headers; limits of body size, time and concurrent
/// requests; and a task of its own, so that a client that disconnects does not cancel what it began.
///
/// # Errors
/// A background task has ended unexpectedly, the drain has taken longer than its limit, or the socket is broken.
///
/// # Panics
/// If it is called twice for one process.
pub async fn serve(app: App, routes: Router) -> Result<(), StartError> {
    let own = Router::new().route("/readyz", get(readyz)).route("/metrics", get(metrics));
    serve_with(app, routes, own).await
}

/// As [`serve`], where everybody can reach the process: `/readyz` does not say what is wrong, and there is no `/metrics`.
///
/// # Errors
/// As [`serve`].
///
/// # Panics
/// As [`serve`].
pub async fn serve_front_door(app: App, routes: Router) -> Result<(), StartError> {
    let own = Router::new().route("/readyz", get(async |state| readyz(state).await.0));
    serve_with(app, routes, own).await
}

async fn serve_with(app: App, routes: Router, own: Router<App>) -> Result<(), StartError> {
    let listener = app.begin_serving().expect("a process serves once");
    let listener = tokio::net::TcpListener::from_std(listener).map_err(StartError::Serve)?;
    let router = router(&app, routes, own);
    let (draining, linger) = (app.draining(), app.http().not_ready_seconds);
    let limits = app.http().clone();
    let server = async move {
        let drained = async {
            draining.cancelled().await;
            timer(Duration::from_secs(linger)).await;
        };
        connections::serve(listener, router, &limits, drained).await
    };
    tracing::info!("{} listens on {}", app.name(), app.url());
    app.shut_down(server).await
}

fn router(app: &App, routes: Router, own: Router<App>) -> Router {
    let own = own.route("/livez", get(async || "alive\n")).with_state(app.clone());
    let routes = routes
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::new(ProblemKind::Method));
    guard::guarded(app, routes).layer(from_fn_with_state(app.clone(), observe::observe)).merge(own)
}

async fn metrics(State(app): State<App>) -> String {
    app.metrics().run_upkeep();
    app.metrics().render()
}

#[derive(Serialize)]
struct Readiness {
    service: &'static str,
    ready: bool,
    draining: bool,
    checks: BTreeMap<&'static str, CheckReport>,
}

async fn readyz(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let draining = app.draining().is_cancelled();
    let checks = app.health().report().await;
    let ready = !draining && checks.values().all(|check| check.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { service: app.name(), ready, draining, checks }))
}
