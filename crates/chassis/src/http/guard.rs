//! What keeps one request from harming the others: limits of size, time and number, and its own task.
//!
//! The layers of tower end with the response. Here the place is taken before the body is read and kept until the work
//! ends, also when the client has gone or been told that it takes too long.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use tracing::Instrument;

use crate::problem::{Problem, ProblemKind};
use crate::process::App;

/// Work is abandoned after this multiple of the time that its client waits.
const LONGEST: u32 = 3;

#[derive(Clone)]
pub(super) struct Guard {
    process: App,
    places: Arc<Semaphore>,
}

impl Guard {
    pub(super) fn new(process: &App) -> Self {
        Self { process: process.clone(), places: Arc::new(Semaphore::new(process.http().max_in_flight)) }
    }
}

pub(super) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let limits = guard.process.http();
    let time = Duration::from_secs(limits.request_seconds);
    let Ok(place) = guard.places.clone().try_acquire_owned() else {
        metrics::counter!("http_requests_shed_total").increment(1);
        return Problem::new(ProblemKind::Overloaded).into_response();
    };
    // The whole body is read before the work begins: a client that goes away while sending has changed nothing, and
    // one that sends slowly holds no transaction.
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(time, read(body, limits.body_limit)).await {
        Ok(Ok(body)) => body,
        Ok(Err(problem)) => return problem.into_response(),
        Err(_) => return Problem::new(ProblemKind::Slow).into_response(),
    };
    let what = format!("{} {}", parts.method, parts.uri.path());
    let request = Request::from_parts(parts, Body::from(body));
    // In a task of its own, so that the work is finished (and the place kept) when the client goes away. Work that
    // takes much longer than clients wait hangs on a connection that died without a sign.
    let work = async move {
        let response = tokio::time::timeout(time * LONGEST, next.run(request)).await;
        drop(place);
        response.unwrap_or_else(|_| Problem::new(ProblemKind::TimedOut).into_response())
    };
    let task = guard.process.spawn_request(what, work.in_current_span());
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
