//! The outermost layer: request id, trace, log line, metrics, security headers, and problems as pages for people.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use crate::problem::Problem;
use crate::process::App;
use crate::telemetry::Trace;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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

pub(super) async fn observe(State(process): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let trace = traceparent(request.headers());
    request.extensions_mut().insert(process.clone());
    request.extensions_mut().insert(trace);
    let method = request.method().clone();
    let path = match request.extensions().get::<MatchedPath>() {
        Some(matched) => matched.as_str().to_owned(),
        None => "unmatched".to_owned(),
    };
    let span = tracing::info_span!(
        "request",
        %method,
        path = request.uri().path(),
        request_id = id.to_str().unwrap_or_default(),
        trace_id = trace.id(),
    );
    // Kept only where a page may have to be drawn.
    let (parts, body) = request.into_parts();
    let reader = wants_page(&parts).then(|| parts.clone());
    let request = Request::from_parts(parts, body);

    let mut response = next.run(request).instrument(span.clone()).await;
    let problem = response.extensions().get::<Problem>();
    if let (Some(problem), Some(reader), Some(page)) = (problem, reader, process.problem_page()) {
        let mut drawn = (page.0)(&process, &reader, problem);
        *drawn.status_mut() = problem.kind.status();
        if let Some(retry) = response.headers().get(header::RETRY_AFTER) {
            drawn.headers_mut().insert(header::RETRY_AFTER, retry.clone());
        }
        drawn.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response = drawn;
    }
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    for (name, value) in SECURITY {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if process.keys().secure() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(year);
    }
    let status = response.status().as_u16();
    let took = started.elapsed();
    span.in_scope(|| tracing::info!(status, millis = took.as_millis(), "answered"));
    let labels = [("path", path), ("method", method.to_string()), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels[..2]).record(took.as_secs_f64());
    response
}

/// The caller's id where it is harmless in a log, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let harmless = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=64).contains(&bytes.len())
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
    };
    headers.get(REQUEST_ID).filter(harmless).cloned().unwrap_or_else(|| {
        HeaderValue::from_str(&Uuid::now_v7().to_string()).expect("a UUID is printable ASCII")
    })
}

fn traceparent(headers: &HeaderMap) -> Trace {
    let given = headers
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<Trace>().ok());
    given.map_or_else(Trace::begin, Trace::next_span)
}

/// Everything below `<prefix>/api/` speaks JSON, also about sessions.
pub(crate) fn is_api(path: &str) -> bool {
    path.split('/').any(|segment| segment == "api")
}

fn wants_page(parts: &Parts) -> bool {
    let html = |value: &HeaderValue| value.to_str().is_ok_and(|accept| accept.contains("text/html"));
    !is_api(parts.uri.path()) && parts.headers.get(header::ACCEPT).is_some_and(html)
}
