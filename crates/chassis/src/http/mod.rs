//! The HTTP server of a process: the layers around a service's routes, and the process's own pages
//! (`/livez`, `/readyz`, `/metrics`).

mod guard;
mod observe;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde::Serialize;

pub use crate::health::{CheckReport, Health};
pub use crate::problem::ProblemPage;

use crate::error::StartError;
use crate::problem::{Problem, ProblemKind};
use crate::process::{App, timer};

/// Serves `routes` until the process has drained. Every service's `run` ends with it.
///
/// Each route gets a request id, trace, metrics and security headers; limits of body size, time and concurrent
/// requests; and a task of its own, so that a client that disconnects does not cancel what it began.
///
/// # Errors
/// A background task has ended unexpectedly, the drain has taken longer than its limit, or the socket is broken.
///
/// # Panics
/// If it is called twice for one process.
pub async fn serve(process: App, routes: Router) -> Result<(), StartError> {
    let listener = process.begin_serving().expect("a process serves once");
    let listener = tokio::net::TcpListener::from_std(listener).map_err(StartError::Serve)?;
    // Without TCP_NODELAY small answers wait for the delayed acknowledgement of the peer.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
    });
    let app = app(&process, routes);
    let (draining, linger) = (process.draining(), process.http().not_ready_seconds);
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        draining.cancelled().await;
        timer(Duration::from_secs(linger)).await;
    });
    tracing::info!("{} listens on {}", process.name(), process.url());
    process.shut_down(server.into_future()).await
}

fn app(process: &App, routes: Router) -> Router {
    let own = Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(process.clone());
    let routes = routes
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::new(ProblemKind::Method));
    guard::guarded(process, routes).layer(from_fn_with_state(process.clone(), observe::observe)).merge(own)
}

async fn metrics(State(process): State<App>) -> String {
    process.metrics().run_upkeep();
    process.metrics().render()
}

#[derive(Serialize)]
struct Readiness {
    service: &'static str,
    ready: bool,
    draining: bool,
    checks: BTreeMap<&'static str, CheckReport>,
}

async fn readyz(State(process): State<App>) -> (StatusCode, Json<Readiness>) {
    let draining = process.draining().is_cancelled();
    let checks = process.health().report().await;
    let ready = !draining && checks.values().all(|check| check.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { service: process.name(), ready, draining, checks }))
}
