//! A client of the JSON API of a running set.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::body::{Body, Bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{Method, Request, StatusCode};
use chassis::settings::SessionKeys;
use chassis::{Clock, Role, Session};
use chrono::TimeDelta;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::folder;

/// The API of a running set. It can sign tokens for any person.
#[derive(Clone)]
pub struct Api {
    base: String,
    keys: SessionKeys,
    clock: Clock,
    client: Client<HttpConnector, Body>,
}

impl Api {
    /// The running set whose data is in `data`.
    pub fn of_running(data: &Path) -> Result<Self> {
        let running = folder::running(data)?;
        let secret = folder::secrets(data)?.session;
        let keys = toml::from_str(&format!("secret = {secret:?}\nsecure = false"))?;
        Ok(Self::new(running.url, keys, Clock::system()))
    }

    /// The set at the URL `base`, with its session keys and clock.
    pub fn new(base: impl Into<String>, keys: SessionKeys, clock: Clock) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { base: base.into(), keys, clock, client }
    }

    /// A token for a person with one role, valid for twelve hours.
    pub fn token(&self, person: &str, role: Role, ags: Option<&str>) -> String {
        self.keys.sign(&Session {
            person: person.to_owned(),
            name: person.to_owned(),
            email: None,
            roles: vec![role],
            ags: ags.map(str::to_owned),
            expires: self.clock.now() + TimeDelta::hours(12),
        })
    }

    /// Sends one request. `Err` only without an answer; any status is `Ok`.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value)> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(AUTHORIZATION, format!("Bearer {token}"));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = match body {
            Some(value) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Bytes::from(serde_json::to_vec(value)?)
            }
            None => Bytes::new(),
        };
        let (status, bytes) = self.send(request.body(body)?).await?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// Beyond the person's budget it waits, as it is told, and sends the request again.
    async fn send(&self, request: Request<Bytes>) -> Result<(StatusCode, Vec<u8>)> {
        let path = request.uri().path();
        loop {
            let response = self.client.request(request.clone().map(Body::from)).await;
            let response = response.with_context(|| format!("no answer from {path}"))?;
            let status = response.status();
            if status != StatusCode::TOO_MANY_REQUESTS {
                return Ok((status, response.into_body().collect().await?.to_bytes().to_vec()));
            }
            let after =
                response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
            pause(Duration::from_secs(after.unwrap_or(1))).await;
        }
    }

    /// GET of a file. `Err` unless the status is a success.
    pub async fn bytes(&self, path: &str, token: &str) -> Result<Vec<u8>> {
        let request = Request::builder()
            .uri(format!("{}{path}", self.base))
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .body(Bytes::new())?;
        let (status, bytes) = self.send(request).await?;
        if !status.is_success() {
            bail!("GET {path}: {status}");
        }
        Ok(bytes)
    }

    /// GET. `Err` unless the status is a success.
    pub async fn get(&self, path: &str, token: &str) -> Result<Value> {
        let (status, value) = self.call(Method::GET, path, token, None, None).await?;
        if !status.is_success() {
            bail!("GET {path}: {status} {value}");
        }
        Ok(value)
    }
}

#[expect(clippy::disallowed_methods, reason = "the pause that the answer has asked for")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// `bescheid restart`: replaces one service of the set in `data`.
pub async fn restart(data: PathBuf, service: String) -> Result<()> {
    let api = Api::of_running(&data)?;
    let token = api.token("operator", Role::Operator, None);
    let path = format!("/ops/api/services/{service}/restart");
    let (status, answer) = api.call(Method::POST, &path, &token, None, None).await?;
    match status {
        status if status.is_success() => println!("{service} is a new process now, and ready."),
        StatusCode::NOT_FOUND => bail!("there is no service {service:?}"),
        status => bail!("{service} was not replaced: {status} {answer}"),
    }
    Ok(())
}

/// Runs a command to its end, and prints its error.
pub fn main(command: impl Future<Output = Result<()>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = runtime.context("cannot start").and_then(|runtime| runtime.block_on(command));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bescheid: {error:#}");
            ExitCode::FAILURE
        }
    }
}
