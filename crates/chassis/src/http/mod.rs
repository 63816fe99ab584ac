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
    let listener = app.begin_serving().expect("a process serves once");
    let listener = tokio::net::TcpListener::from_std(listener).map_err(StartError::Serve)?;
    // Without TCP_NODELAY small answers wait for the delayed acknowledgement of the peer.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
    });
    let router = router(&app, routes);
    let (draining, linger) = (app.draining(), app.http().not_ready_seconds);
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        draining.cancelled().await;
        timer(Duration::from_secs(linger)).await;
    });
    tracing::info!("{} listens on {}", app.name(), app.url());
    app.shut_down(server.into_future()).await
}

fn router(app: &App, routes: Router) -> Router {
    let own = Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(app.clone());
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
