//! The outermost layer: request id, trace, log line, metrics, security headers, and problems as pages for people.
//!
//! Id and trace are put into the request's headers, so that the gateway, which forwards requests with their headers,
//! forwards them as well.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use crate::app::App;
use crate::problem::{Problem, wants_page};
use crate::telemetry::Trace;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

const SECURITY: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

pub(super) async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let trace = trace(request.headers());
    let headers = request.headers_mut();
    headers.insert(REQUEST_ID, id.clone());
    headers.insert(TRACEPARENT, printable(&trace.to_string()));
    request.extensions_mut().insert(app.clone());
    request.extensions_mut().insert(trace);
    // At the level of errors, so that no filter removes the ids from the lines that it lets through.
    let span = tracing::error_span!(
        "request",
        method = %request.method(),
        path = request.uri().path(),
        request_id = id.to_str().unwrap_or_default(),
        trace_id = trace.id(),
    );
    let mut response = answer(&app, request, next).instrument(span).await;
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    for (name, value) in SECURITY {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // Only what says so itself may be kept by a browser or a proxy: almost everything here is about somebody.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if app.keys().secure() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(year);
    }
    response
}

async fn answer(app: &App, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = method(request.method());
    let path = match request.extensions().get::<MatchedPath>() {
        Some(matched) => matched.as_str().to_owned(),
        None => "unmatched".to_owned(),
    };
    // Copied only for requests whose problems are shown as pages.
    let (parts, body) = request.into_parts();
    let reader = wants_page(&parts).then(|| parts.clone());
    let request = Request::from_parts(parts, body);

    let mut response = next.run(request).await;
    let problem = response.extensions().get::<Problem>();
    if let (Some(problem), Some(reader), Some(page)) = (problem, reader, app.problem_page()) {
        let mut drawn = page.draw(&reader, problem);
        *drawn.status_mut() = problem.kind.status();
        if let Some(retry) = response.headers().get(header::RETRY_AFTER) {
            drawn.headers_mut().insert(header::RETRY_AFTER, retry.clone());
        }
        response = drawn;
    }
    let status = response.status().as_u16();
    let took = started.elapsed();
    tracing::info!(status, millis = took.as_millis(), "answered");
    let labels = [("path", path), ("method", method), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels[..2]).record(took.as_secs_f64());
    response
}

/// The method as a label of a metric. A client may invent others, and each label is kept for ever.
fn method(method: &Method) -> String {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    let name = method.as_str();
    if known.contains(&name) { name } else { "other" }.to_owned()
}

/// The client's id if it is short and harmless in a log, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let harmless = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=64).contains(&bytes.len())
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
    };
    let given = headers.get(REQUEST_ID).filter(harmless).cloned();
    given.unwrap_or_else(|| printable(&Uuid::now_v7().to_string()))
}

fn printable(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("an id is printable ASCII")
}

fn trace(headers: &HeaderMap) -> Trace {
    let given = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
    given.and_then(|text| text.parse::<Trace>().ok()).map_or_else(Trace::begin, Trace::next_span)
}
