//! What every service gets from the HTTP server, on a real socket.

use std::sync::Arc;
use std::time::Duration;

use crate::client::{get, post, request, send, start, start_with, system};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse};
use axum::routing::{get as on_get, post as on_post};
use chassis::http::ProblemPage;
use chassis::problem::{ApiJson, ApiPath, ApiQuery};
use chassis::settings::Http;
use chassis::telemetry::Trace;
use chassis::{App, Clock, Problem, ProblemKind, StartError};
use serde::{Deserialize, Serialize};
use testkit::Logs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, oneshot};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn an_answer_carries_ids_and_security_headers() {
    let routes = Router::new().route("/hello", on_get(async |trace: Trace| trace.to_string()));
    let running = start(routes);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let answer =
        get(&format!("{}/hello", running.url), &[("traceparent", trace), ("x-request-id", "abc-1")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text().starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{}", answer.text());
    assert_ne!(answer.text(), trace, "a span of its own");
    assert_eq!(answer.header("x-request-id"), "abc-1");
    assert!(answer.header("content-security-policy").contains("default-src 'self'"));
    assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("strict-transport-security"), "", "not on plain http");
    assert_eq!(answer.header("cache-control"), "no-store", "where nothing else is said");

    let other = get(
        &format!("{}/hello", running.url),
        &[("x-request-id", "evil id\u{7f}".trim_end_matches('\u{7f}'))],
    )
    .await;
    assert_eq!(other.header("x-request-id").len(), 36, "an id that does not belong in a log is replaced");
}

#[tokio::test]
async fn every_line_about_a_request_carries_the_ids_of_its_answer() {
    let logs = Logs::capture("warn");
    let routes = Router::new()
        .route("/hello", on_get(async |headers: HeaderMap| passed_on(&headers)))
        .route("/broken", on_get(async || Problem::internal("broken on purpose")))
        .route("/panic", on_get(async || -> &'static str { panic!("on purpose") }));
    let process = system();
    process.show_problems_with(ProblemPage::new(|_, _| {
        tracing::warn!("draws a page");
        Html("sorry").into_response()
    }));
    let running = start_with(process, routes);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let html = [("accept", "text/html"), ("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"))];
    for (path, lines) in [("/hello", 1), ("/broken", 2), ("/panic", 2)] {
        let answer = get(&format!("{}{path}", running.url), &html).await;
        let lines_of_it = logs.lines_with("request_id", answer.header("x-request-id"));
        assert_eq!(lines_of_it.len(), lines, "{lines_of_it:?}");
        assert!(lines_of_it.iter().all(|line| line["span"]["trace_id"] == trace), "{lines_of_it:?}");
    }
    let answer = get(&format!("{}/hello", running.url), &[]).await;
    let (id, traceparent) =
        answer.text().split_once(' ').map(|(id, trace)| (id.to_owned(), trace.to_owned())).unwrap();
    assert_eq!(answer.header("x-request-id"), id, "what is passed on is what is answered");
    let trace = traceparent.parse::<Trace>().unwrap().id();
    assert_eq!(logs.lines_with("trace_id", &trace).len(), 1, "and what is logged");
}

fn passed_on(headers: &HeaderMap) -> String {
    tracing::warn!("says hello");
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    format!("{} {}", header("x-request-id"), header("traceparent"))
}

#[tokio::test]
async fn what_does_not_exist_is_a_problem_and_a_page_for_people() {
    let process = system();
    process.show_problems_with(ProblemPage::new(|parts, problem| {
        Html(format!("<h1>{} {}</h1>", problem.kind.id(), parts.uri.path())).into_response()
    }));
    let routes = Router::new().route("/only-get", on_get(async || "x"));
    let running = start_with(process, routes);
    assert_eq!(get(&format!("{}/nowhere", running.url), &[]).await.problem(), "not-found");
    assert_eq!(post(&format!("{}/only-get", running.url), &[], "").await.problem(), "method");

    let html = [("accept", "text/html,application/xhtml+xml")];
    let page = get(&format!("{}/nowhere", running.url), &html).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert_eq!(page.text(), "<h1>not-found /nowhere</h1>");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(get(&format!("{}/x/api/nowhere", running.url), &html).await.problem(), "not-found");
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Share {
    city: String,
    cents: i64,
}

#[derive(Deserialize, Serialize)]
struct Shares {
    shares: Vec<Share>,
}

#[derive(Deserialize)]
struct Limit {
    limit: u8,
}

#[tokio::test]
async fn bad_bodies_paths_and_queries_say_what_is_wrong() {
    let routes = Router::new()
        .route("/shares", on_post(async |ApiJson(body): ApiJson<Shares>| ApiJson(body)))
        .route("/file/{id}", on_get(async |ApiPath(id): ApiPath<u32>| id.to_string()))
        .route("/list", on_get(async |ApiQuery(query): ApiQuery<Limit>| query.limit.to_string()));
    let running = start(routes);
    let url = format!("{}/shares", running.url);
    let good = r#"{"shares":[{"city":"Solingen","cents":1}]}"#;
    assert_eq!(post(&url, &[JSON], good).await.text(), good);
    assert_eq!(post(&url, &[], good).await.problem(), "media-type");

    let answer = post(&url, &[JSON], "{\"shares\":\n[}").await;
    assert_eq!(answer.problem(), "malformed");
    assert!(answer.json()["detail"].as_str().unwrap().contains("line 2 column 2"), "{}", answer.text());

    let answer =
        post(&url, &[JSON], r#"{"shares":[{"city":"Solingen","cents":1},{"city":"x","cents":"viel"}]}"#)
            .await;
    assert_eq!(answer.problem(), "invalid");
    assert_eq!(answer.json()["errors"][0]["pointer"], "/shares/1/cents");
    assert!(answer.json()["errors"][0]["detail"].as_str().unwrap().contains("expected i64"));

    let answer = post(&url, &[JSON], r#"{"shares":[{"city":"Solingen","cent":1}]}"#).await;
    assert_eq!(answer.problem(), "invalid");
    assert!(answer.text().contains("unknown field `cent`"), "{}", answer.text());
    assert_eq!(post(&url, &[JSON], format!("{good} x")).await.problem(), "malformed");

    assert_eq!(get(&format!("{}/file/seven", running.url), &[]).await.problem(), "not-found");
    assert_eq!(get(&format!("{}/list?limit=300", running.url), &[]).await.problem(), "malformed");
    assert_eq!(get(&format!("{}/list?limit=3", running.url), &[]).await.text(), "3");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_before_the_handler_runs() {
    let routes = Router::new().route("/", on_post(async |_: Bytes| -> () { panic!("must not run") }));
    let running = start(routes);
    let answer = post(&running.url, &[JSON], vec![b'x'; 1024 * 1024 + 1]).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too-large"));
    let answer = post(&running.url, &[JSON], vec![b'x'; 10 * 1024 * 1024]).await;
    assert_eq!(answer.problem(), "too-large");
}

#[tokio::test]
async fn a_panic_is_an_internal_problem_and_the_next_request_is_served() {
    let routes = Router::new()
        .route("/panic", on_get(async || -> &'static str { panic!("secret detail") }))
        .route("/", on_get(async || "fine"));
    let running = start(routes);
    let answer = get(&format!("{}/panic", running.url), &[]).await;
    assert_eq!(answer.problem(), "internal");
    assert!(!answer.text().contains("secret"));
    assert_eq!(get(&running.url, &[]).await.text(), "fine");
}

fn limited(http: Http) -> App {
    testkit::process_with("sample", Clock::system(), http)
}

#[tokio::test]
async fn beyond_the_places_requests_are_shed_until_one_is_free() {
    let (arrived, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (here, gate) = (arrived.clone(), go.clone());
    let routes = Router::new().route(
        "/",
        on_get(async move || {
            here.notify_one();
            gate.notified().await;
            "done"
        }),
    );
    let running = start_with(limited(Http { max_in_flight: 1, ..Http::default() }), routes);
    let url = running.url.clone();
    let first = tokio::spawn(async move { get(&url, &[]).await });
    arrived.notified().await;
    let second = get(&running.url, &[]).await;
    assert_eq!((second.status, second.problem().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "overloaded"));
    assert_eq!(second.header("retry-after"), "2");
    assert_eq!(
        get(&format!("{}/livez", running.url), &[]).await.status,
        StatusCode::OK,
        "health needs no place"
    );
    go.notify_one();
    assert_eq!(first.await.unwrap().text(), "done");
    let third = running.url.clone();
    let third = tokio::spawn(async move { get(&third, &[]).await });
    arrived.notified().await;
    go.notify_one();
    assert_eq!(third.await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn too_slow_an_answer_is_a_504_and_a_body_that_does_not_come_a_408() {
    let routes = Router::new()
        .route("/", on_get(async || std::future::pending::<&'static str>().await))
        .route("/", on_post(async |_: Bytes| "read"));
    let running =
        start_with(limited(Http { request_seconds: 1, drain_seconds: 0, ..Http::default() }), routes);
    assert_eq!(get(&running.url, &[]).await.problem(), "timed-out");

    let mut socket = tokio::net::TcpStream::connect(running.process.address()).await.unwrap();
    socket.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf").await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn what_was_begun_is_finished_when_the_client_goes_away_and_the_drain_waits_for_it() {
    let (arrived, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (finished, mut after) = oneshot::channel();
    let finished = Arc::new(std::sync::Mutex::new(Some(finished)));
    let (here, gate) = (arrived.clone(), go.clone());
    let routes = Router::new().route(
        "/",
        on_post(async move || {
            here.notify_one();
            gate.notified().await;
            finished.lock().unwrap().take().unwrap().send(()).unwrap();
        }),
    );
    let running = start(routes);
    let mut socket = tokio::net::TcpStream::connect(running.process.address()).await.unwrap();
    socket.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    arrived.notified().await;
    drop(socket);
    running.shutdown.drain();
    assert!(after.try_recv().is_err());
    go.notify_one();
    running.end.await.unwrap().unwrap();
    after.await.expect("the handler came to its end");
}

#[tokio::test]
async fn readiness_names_what_is_missing_and_metrics_count_by_route() {
    let routes = Router::new().route("/file/{id}", on_get(async || "x"));
    let running = start(routes);
    running.process.health().check("postgres", async || Ok("1 connection".to_owned()));
    let ready = get(&format!("{}/readyz", running.url), &[]).await;
    assert_eq!(ready.status, StatusCode::OK);
    assert_eq!(ready.json()["checks"]["postgres"]["detail"], "1 connection");

    running.process.health().check("nats", async || Err("no server".to_owned()));
    let unready = get(&format!("{}/readyz", running.url), &[]).await;
    assert_eq!(unready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(unready.json()["checks"]["nats"], serde_json::json!({"ok": false, "detail": "no server"}));
    assert_eq!(get(&format!("{}/livez", running.url), &[]).await.status, StatusCode::OK);

    get(&format!("{}/file/17", running.url), &[]).await;
    for number in 0..3 {
        let invented = request(&format!("INVENTED{number}"), &format!("{}/file/17", running.url), &[], "");
        assert_eq!(send(invented).await.problem(), "method");
    }
    let metrics = get(&format!("{}/metrics", running.url), &[]).await;
    let counted = r#"http_requests_total{path="/file/{id}",method="GET",status="200"} 1"#;
    assert!(metrics.text().contains(counted), "{}", metrics.text());
    assert!(metrics.text().contains("http_request_duration_seconds_bucket"));
    let invented = r#"http_requests_total{path="/file/{id}",method="other",status="405"} 3"#;
    assert!(metrics.text().contains(invented), "{}", metrics.text());
    assert!(!metrics.text().contains("INVENTED"));
}

#[tokio::test]
async fn the_front_door_says_nothing_of_the_inside() {
    let process = system();
    process.health().check("nats", async || Err("no server at 10.0.0.7".to_owned()));
    let (url, shutdown) = (process.url(), process.shutdown());
    let end = tokio::spawn(chassis::http::serve_front_door(process, Router::new()));
    let ready = get(&format!("{url}/readyz"), &[]).await;
    assert_eq!((ready.status, ready.text()), (StatusCode::SERVICE_UNAVAILABLE, ""));
    assert_eq!(get(&format!("{url}/metrics"), &[]).await.problem(), "not-found");
    assert_eq!(get(&format!("{url}/livez"), &[]).await.status, StatusCode::OK);
    shutdown.drain();
    end.await.unwrap().unwrap();
}

#[tokio::test]
async fn while_draining_it_is_not_ready_and_lets_go_of_idle_connections() {
    let process = limited(Http { not_ready_seconds: 1, ..Http::default() });
    let running = start_with(process, Router::new());
    let url = format!("{}/readyz", running.url);
    assert_eq!(get(&url, &[]).await.status, StatusCode::OK);
    let idle = tokio::net::TcpStream::connect(running.process.address()).await.unwrap();
    running.shutdown.drain();
    let draining = get(&url, &[]).await;
    assert_eq!(
        (draining.status, draining.json()["draining"].as_bool()),
        (StatusCode::SERVICE_UNAVAILABLE, Some(true))
    );
    running.end.await.unwrap().unwrap();
    drop(idle);
    assert!(
        tokio::net::TcpStream::connect(running.process.address()).await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test]
async fn background_tasks_stop_after_the_last_request() {
    let process = system();
    let (draining, stopping) = (process.draining(), process.stopping());
    process.spawn("relay", async move {
        draining.cancelled().await;
        stopping.cancelled().await;
        Ok::<_, StartError>(())
    });
    let running = start_with(process, Router::new());
    running.shutdown.drain();
    running.end.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_background_task_that_ends_early_ends_the_process_with_its_error() {
    let cases: [(&str, fn()); 2] = [("connection lost", || ()), ("it panicked", || panic!("on purpose"))];
    for (expected, then) in cases {
        let process = system();
        process.spawn("consumer", async move {
            then();
            Err("connection lost")
        });
        let running = start_with(process, Router::new());
        let error = running.end.await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), format!("background task consumer ended: {expected}"));
    }
}

#[tokio::test]
async fn a_drain_beyond_its_limit_names_what_did_not_end() {
    let process = limited(Http { drain_seconds: 1, ..Http::default() });
    process.spawn("stubborn", std::future::pending::<Result<(), StartError>>());
    let running = start_with(process, Router::new());
    running.shutdown.drain();
    let error = running.end.await.unwrap().unwrap_err();
    assert!(matches!(&error, StartError::DrainLimit { unfinished } if unfinished == "stubborn"), "{error}");
}

#[tokio::test]
async fn so_it_does_with_a_request() {
    let begun = Arc::new(Notify::new());
    let begin = begun.clone();
    let never = async move || {
        begin.notify_one();
        std::future::pending::<()>().await;
    };
    let routes = Router::new().route("/never/{id}", on_get(never));
    let running = start_with(limited(Http { drain_seconds: 1, ..Http::default() }), routes);
    // The client disconnects, but its request is finished.
    let url = format!("{}/never/17?secret", running.url);
    let client = tokio::spawn(async move { get(&url, &[]).await.status });
    begun.notified().await;
    client.abort();
    running.shutdown.drain();
    let error = running.end.await.unwrap().unwrap_err().to_string();
    assert!(error.ends_with("drain limit: GET /never/17 (1 s)"), "{error}");
}

#[test]
fn the_catalogue_of_problems_is_closed_and_its_ids_are_unique() {
    let mut ids: Vec<&str> = ProblemKind::ALL.iter().map(|kind| kind.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), ProblemKind::ALL.len());
    for kind in ProblemKind::ALL {
        assert!(kind.status().is_client_error() || kind.status().is_server_error());
    }
}

#[tokio::test]
async fn postgres_away_is_503_with_retry_after_and_other_database_errors_are_hidden() {
    let routes = Router::new()
        .route("/away", on_get(async || -> Result<(), Problem> { Err(sqlx::Error::PoolTimedOut)? }))
        .route(
            "/wrong",
            on_get(async || -> Result<(), Problem> { Err(sqlx::Error::ColumnNotFound("secret".into()))? }),
        );
    let running = start(routes);
    let away = send(request("GET", &format!("{}/away", running.url), &[], Body::empty())).await;
    assert_eq!((away.problem().as_str(), away.header("retry-after")), ("unavailable", "2"));
    let wrong = get(&format!("{}/wrong", running.url), &[]).await;
    assert_eq!(wrong.problem(), "internal");
    assert!(!wrong.text().contains("secret"));
}

#[tokio::test]
async fn the_time_limit_ends_the_wait_not_the_work() {
    let (finished, after) = oneshot::channel::<()>();
    let finished = Arc::new(std::sync::Mutex::new(Some(finished)));
    let gate = Arc::new(Notify::new());
    let go = gate.clone();
    let routes = Router::new().route(
        "/",
        on_post(async move || {
            go.notified().await;
            finished.lock().unwrap().take().unwrap().send(()).unwrap();
        }),
    );
    let running = start_with(limited(Http { request_seconds: 1, ..Http::default() }), routes);
    assert_eq!(post(&running.url, &[], "").await.problem(), "timed-out");
    gate.notify_one();
    tokio::time::timeout(Duration::from_secs(5), after).await.unwrap().unwrap();
}
