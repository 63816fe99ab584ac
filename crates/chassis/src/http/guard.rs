//! What keeps one request from harming the others: limits of size, time and number, and its own task.

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::error_handling::HandleErrorLayer;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{BoxError, Router};
use http_body_util::BodyExt;
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::timeout::error::Elapsed;
use tracing::Instrument;

use crate::app::App;
use crate::problem::{Problem, ProblemKind};
use crate::session::{Fields, Session, typed};

/// Work is abandoned after this multiple of the time that its client waits: it hangs on a connection that died without
/// a sign.
const LONGEST: u32 = 3;

/// `routes` behind the limits. From the outside to the inside: the task, the body (whoever sends it slowly holds no
/// place), the person's budget, the number of requests at once (a request keeps its place until its work ends, also when its
/// client has gone), the time.
pub(super) fn guarded(app: &App, routes: Router) -> Router {
    let limits = app.http();
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(app.clone(), own_task))
        .layer(from_fn_with_state(app.clone(), whole_body))
        .layer(from_fn_with_state(app.clone(), within_budget))
        .layer(HandleErrorLayer::new(refused))
        .load_shed()
        .layer(GlobalConcurrencyLimitLayer::new(limits.max_in_flight))
        .timeout(LONGEST * Duration::from_secs(limits.request_seconds));
    routes.layer(layers)
}

/// Why a layer has no answer of its own.
async fn refused(error: BoxError) -> Problem {
    if error.is::<Elapsed>() {
        return Problem::new(ProblemKind::TimedOut);
    }
    metrics::counter!("http_requests_shed_total").increment(1);
    Problem::new(ProblemKind::Overloaded)
}

/// In a task of its own, so that the work is finished when the client goes away.
async fn own_task(State(app): State<App>, request: Request, next: Next) -> Response {
    let what = format!("{} {}", request.method(), request.uri().path());
    let time = Duration::from_secs(app.http().request_seconds);
    let task = app.spawn_request(what, next.run(request).in_current_span());
    match tokio::time::timeout(time, task).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => Problem::internal(error).into_response(),
        Err(_) => {
            tracing::warn!("no answer in time; the work goes on");
            Problem::new(ProblemKind::TimedOut)
                .detail("the work may still complete: look before repeating it")
                .into_response()
        }
    }
}

/// The whole body is read before the work begins: a client that goes away while sending has changed nothing, and one
/// that sends slowly holds no transaction.
async fn whole_body(State(app): State<App>, request: Request, next: Next) -> Response {
    let limits = app.http();
    let (parts, body) = request.into_parts();
    // A little less than the request as a whole may take: its client is told that it sends too slowly.
    let time = Duration::from_secs(limits.request_seconds).mul_f64(0.9);
    match tokio::time::timeout(time, read(body, limits.body_limit)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => Problem::new(ProblemKind::Slow).into_response(),
    }
}

/// The whole body. What exceeds the limit is read and discarded, up to 64 times the limit: a browser shows our answer
/// only once it has sent everything.
async fn read(mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Problem::new(ProblemKind::Malformed).detail(error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length <= limit {
            kept.extend_from_slice(&data);
        } else if length > limit.saturating_mul(64) {
            break;
        }
    }
    if length > limit {
        return Err(Problem::new(ProblemKind::TooLarge).detail(format!("at most {limit} bytes are taken")));
    }
    Ok(kept.into())
}

/// Refuses a request of a person whose budget is used up; what was typed is shown again. Whoever works on it holds the
/// place until the work ends.
async fn within_budget(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(session) = Session::seen(&app, request.headers()) else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    // It is here already: the layer outside has read it.
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Problem::internal(error).into_response(),
    };
    match app.budgets().begin(&session.person, body.len(), Instant::now()) {
        Ok(_place) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(wait) => too_many(wait, typed(&parts.headers, &body)),
    }
}

fn too_many(wait: Duration, typed: Option<Fields>) -> Response {
    metrics::counter!("http_requests_over_budget_total").increment(1);
    let seconds = wait.as_secs_f64().ceil().max(1.0);
    let detail = format!("too many requests of one person; try again in {seconds} s");
    let problem = Problem { typed: typed.map(Box::new), ..Problem::new(ProblemKind::TooMany).detail(detail) };
    let mut response = problem.into_response();
    let after = HeaderValue::from_str(&seconds.to_string()).expect("a number is printable ASCII");
    response.headers_mut().insert(header::RETRY_AFTER, after);
    response
}
