//! A plain HTTP client on a real socket, and a process to talk to.

use axum::body::Bytes;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::{Router, body::Body};
use chassis::{App, Clock, Role, Session, Shutdown, StartError, TestClock};
use chrono::{DateTime, TimeDelta, Utc};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinHandle;

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The id of the problem, where the answer is one.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let document = self.json();
        assert_eq!(document["status"], self.status.as_u16());
        document["type"].as_str().unwrap().strip_prefix("urn:bescheid:problem:").unwrap().to_owned()
    }
}

pub async fn send(request: Request<Body>) -> Answer {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

pub fn request(method: &str, url: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

pub async fn get(url: &str, headers: &[(&str, &str)]) -> Answer {
    send(request("GET", url, headers, Body::empty())).await
}

pub async fn post(url: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    send(request("POST", url, headers, body)).await
}

pub struct Running {
    pub process: App,
    pub url: String,
    pub shutdown: Shutdown,
    pub end: JoinHandle<Result<(), StartError>>,
}

pub fn start(routes: Router) -> Running {
    start_with(testkit::process("sample", TestClock::at(now()).clock()), routes)
}

pub fn start_with(process: App, routes: Router) -> Running {
    let (url, shutdown) = (process.url(), process.shutdown());
    let end = tokio::spawn(chassis::http::serve(process.clone(), routes));
    Running { process, url, shutdown, end }
}

pub fn now() -> DateTime<Utc> {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

pub fn system() -> App {
    testkit::process("sample", Clock::system())
}

pub fn person(id: &str, roles: &[Role]) -> Session {
    Session {
        person: id.to_owned(),
        name: format!("Person {id}"),
        email: None,
        roles: roles.to_vec(),
        ags: Some("05122000".to_owned()),
        expires: now() + TimeDelta::hours(8),
    }
}
