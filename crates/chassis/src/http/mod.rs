//! The HTTP server of a process: the layers around a service's routes, and the process's own pages
//! (`/livez`, `/readyz`, `/metrics`).

mod guard;
mod health;
mod observe;

use std::fmt;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::State;
use axum::http::request::Parts;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::get;
use axum::serve::ListenerExt;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

pub use health::Health;
pub(crate) use observe::is_api;

use crate::problem::{Problem, ProblemKind};
use crate::process::{App, timer};
use crate::start::StartError;

/// Shows a problem to a person, given the request it answers.
#[derive(Clone)]
pub struct ProblemPage(Arc<Draw>);

type Draw = dyn Fn(&App, &Parts, &Problem) -> Response + Send + Sync;

impl ProblemPage {
    /// A page drawn by `draw`, which sets body and content type; the status is set here.
    pub fn new(draw: impl Fn(&App, &Parts, &Problem) -> Response + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }
}

impl fmt::Debug for ProblemPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProblemPage")
    }
}

/// Serves `routes` until the process has drained: the last line of every service's `run`.
///
/// Around each route: request id, trace, metrics, security headers; body limit, time-out, a limit of requests at
/// once; and a task of its own, so that a client that goes away does not cancel what it began.
///
/// # Errors
/// A background task that ended unexpectedly; a drain beyond its limit; a broken socket.
///
/// # Panics
/// Called twice for one process.
pub async fn serve(process: App, routes: Router) -> Result<(), StartError> {
    let listener = process.begin_serving().expect("a process serves once");
    let listener = tokio::net::TcpListener::from_std(listener).map_err(StartError::Serve)?;
    // Without it small answers wait for the peer's delayed acknowledgement.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
    });
    let app = app(&process, routes);
    let (draining, linger) = (process.draining(), process.http().linger);
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        draining.cancelled().await;
        timer(std::time::Duration::from_secs(linger)).await;
    });
    tracing::info!("{} listens on {}", process.name(), process.url());
    process.shut_down(server.into_future()).await
}

fn app(process: &App, routes: Router) -> Router {
    let own = Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics))
        .with_state(process.clone());
    routes
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::new(ProblemKind::Method))
        .layer(from_fn_with_state(guard::Guard::new(process), guard::guard))
        .layer(from_fn_with_state(process.clone(), observe::observe))
        .merge(own)
}

async fn metrics(State(process): State<App>) -> String {
    process.metrics().run_upkeep();
    process.metrics().render()
}

/// The one recorder of this operating system process: the `metrics` macros know only one.
pub(crate) fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
    let install = || {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .expect("the list of buckets is not empty")
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed; /metrics stays empty");
        }
        handle
    };
    RECORDER.get_or_init(install).clone()
}
