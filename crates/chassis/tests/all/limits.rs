//! Nobody's connections, bodies or requests take what the others need.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get as on_get, post as on_post};
use chassis::http::ProblemPage;
use chassis::settings::{Http, PersonLimits, Rate};
use chassis::{App, Clock, Role, TestClock};
use testkit::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::client::{Answer, get, now, person, post, start_with};

async fn connect(process: &App) -> TcpStream {
    TcpStream::connect(process.address()).await.expect("it listens")
}

/// What comes until the other side closes the connection.
async fn until_closed(mut socket: TcpStream) -> String {
    let mut read = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(30), socket.read_to_end(&mut read));
    // A reset is an end, too.
    let _ = ended.await.expect("the connection is closed");
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test]
async fn silent_connections_and_headers_that_never_end_are_closed() {
    let process =
        testkit::process_with("sample", Clock::system(), Http { header_seconds: 1, ..Http::default() });
    let running = start_with(process, Router::new().route("/", on_get(async || "fine")));
    let silent = connect(&running.process).await;
    let mut half = connect(&running.process).await;
    half.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let (mut read, mut write) = connect(&running.process).await.into_split();
    // A byte of a header at a time, each sooner than the limit.
    let dribble = tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_millis(100));
        while write.write_all(b"x").await.is_ok() {
            every.tick().await;
        }
    });
    let mut used = connect(&running.process).await;
    used.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();

    until_closed(silent).await;
    until_closed(half).await;
    assert!(until_closed(used).await.ends_with("fine"), "it is answered, and closed when it is silent again");
    let mut answer = Vec::new();
    let _ = read.read_to_end(&mut answer).await;
    dribble.await.unwrap();
}

#[tokio::test]
async fn beyond_the_places_connections_are_closed_until_one_is_free() {
    let process =
        testkit::process_with("sample", Clock::system(), Http { max_connections: 2, ..Http::default() });
    let running = start_with(process, Router::new());
    let (first, second) = (connect(&running.process).await, connect(&running.process).await);
    assert_eq!(until_closed(connect(&running.process).await).await, "");
    drop(first);
    let livez = async || {
        let mut socket = connect(&running.process).await;
        // It may be closed already.
        let _ = socket.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        until_closed(socket).await
    };
    until("a place is free", livez, |answer| answer.ends_with("alive\n")).await;
    drop(second);
}

#[tokio::test]
async fn a_body_that_comes_slowly_holds_no_place() {
    let process =
        testkit::process_with("sample", Clock::system(), Http { max_in_flight: 1, ..Http::default() });
    let running = start_with(process, Router::new().route("/", on_post(async |_: Bytes| "read")));
    let mut slow = Vec::new();
    for _ in 0..3 {
        let mut socket = connect(&running.process).await;
        socket.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nha").await.unwrap();
        slow.push(socket);
    }
    assert_eq!(post(&running.url, &[], "quick").await.text(), "read");
    for mut socket in slow {
        socket.write_all(b"lf").await.unwrap();
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
    }
}

fn process(limits: PersonLimits) -> App {
    let process = testkit::process_with(
        "sample",
        TestClock::at(now()).clock(),
        Http { person: limits, ..Http::default() },
    );
    process.show_problems_with(ProblemPage::new(|_, problem| {
        let typed = problem.typed.iter().flat_map(|fields| fields.iter());
        typed.map(|(name, value)| format!("{name}={value};")).collect::<String>().into_response()
    }));
    process
}

fn bearer(process: &App, id: &str) -> String {
    format!("Bearer {}", process.keys().sign(&person(id, &[Role::Applicant])))
}

#[tokio::test]
async fn a_person_beyond_the_budget_is_told_when_to_come_again_and_loses_nothing() {
    let process =
        process(PersonLimits { requests: Rate { per_second: 0.01, burst: 3.0 }, ..PersonLimits::default() });
    let (anna, bela) = (bearer(&process, "anna"), bearer(&process, "bela"));
    let routes = Router::new().route("/", on_get(async || "fine").post(async || "taken"));
    let running = start_with(process, routes);
    let get = async |who: &str| get(&running.url, &[("authorization", who)]).await;
    for _ in 0..3 {
        assert_eq!(get(&anna).await.status, StatusCode::OK);
    }
    let refused = get(&anna).await;
    assert_eq!((refused.status, refused.problem()), (StatusCode::TOO_MANY_REQUESTS, "too-many".to_owned()));
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((90..=100).contains(&seconds), "{seconds}");
    assert!(refused.text().contains(&format!("{seconds} s")), "{}", refused.text());

    let form = [
        ("authorization", anna.as_str()),
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
    ];
    let page = post(&running.url, &form, "title=Elterncaf%C3%A9").await;
    assert_eq!((page.status, page.text()), (StatusCode::TOO_MANY_REQUESTS, "title=Elterncafé;"));
    assert!(!page.header("retry-after").is_empty());

    assert_eq!(get(&bela).await.status, StatusCode::OK);
    assert_eq!(get("").await.status, StatusCode::OK, "nobody is signed in");
    assert_eq!(get("Bearer forged").await.status, StatusCode::OK);
}

#[tokio::test]
async fn large_bodies_use_up_a_budget_of_their_own() {
    let process =
        process(PersonLimits { bytes: Rate { per_second: 1.0, burst: 1_000.0 }, ..PersonLimits::default() });
    let anna = bearer(&process, "anna");
    let running = start_with(process, Router::new().route("/", on_post(async |_: Bytes| "read")));
    let post = async |size| post(&running.url, &[("authorization", &anna)], vec![b'x'; size]).await;
    assert_eq!(post(900).await.text(), "read");
    assert_eq!(post(900).await.text(), "read");
    assert_eq!(post(1).await.problem(), "too-many");
}

#[tokio::test]
async fn one_person_takes_only_some_of_the_places() {
    let process = process(PersonLimits { max_in_flight: 2, ..PersonLimits::default() });
    let (anna, bela) = (bearer(&process, "anna"), bearer(&process, "bela"));
    let (arrived, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (here, gate) = (arrived.clone(), go.clone());
    let routes = Router::new().route("/", on_get(async || "fine")).route(
        "/wait",
        on_get(async move || {
            here.notify_one();
            gate.notified().await;
            "done"
        }),
    );
    let running = start_with(process, routes);
    let wait = || {
        let (url, anna) = (format!("{}/wait", running.url), anna.clone());
        tokio::spawn(async move { get(&url, &[("authorization", &anna)]).await })
    };
    let first = wait();
    arrived.notified().await;
    let second = wait();
    arrived.notified().await;
    let fine = async |who: &str| -> Answer { get(&running.url, &[("authorization", who)]).await };
    assert_eq!(fine(&anna).await.problem(), "too-many");
    assert_eq!(fine(&bela).await.text(), "fine");
    // A client that goes away gives nothing back: its work goes on.
    first.abort();
    assert_eq!(fine(&anna).await.problem(), "too-many");
    go.notify_one();
    go.notify_one();
    let free = async || fine(&anna).await.status;
    until("the places are free", free, |status| *status == StatusCode::OK).await;
    drop(second.await);
}
