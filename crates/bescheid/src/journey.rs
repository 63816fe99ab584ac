//! The journey of an application through the JSON API, with one function for each action of an applicant, reviewer, case
//! worker or approver.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::http::{Method, StatusCode};
use chassis::Role;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use crate::client::Api;

/// Takes applications through a running set. Errors contain the latest answer.
#[derive(Clone)]
pub struct Journey {
    pub api: Api,
    /// How long a request without an answer, or with 5xx, is repeated with the same idempotency key.
    pub repeat: Duration,
    /// How long to wait for a state.
    pub wait: Duration,
    repeated: Arc<AtomicUsize>,
}

impl Journey {
    pub fn new(api: Api, repeat: Duration, wait: Duration) -> Self {
        Self { api, repeat, wait, repeated: Arc::default() }
    }

    /// How many requests were repeated, by this one and its clones.
    pub fn repeated(&self) -> usize {
        self.repeated.load(Ordering::SeqCst)
    }

    /// Sends one request, and repeats it until the status is below 500.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value)> {
        let key = Uuid::new_v4().to_string();
        let began = Instant::now();
        loop {
            let last = match self.api.call(method.clone(), path, token, Some(&key), body).await {
                Ok((status, answer)) if !status.is_server_error() => return Ok((status, answer)),
                Ok((status, answer)) => format!("{status} {answer}"),
                Err(error) => format!("{error:#}"),
            };
            if began.elapsed() >= self.repeat {
                bail!("{method} {path}: {last}");
            }
            self.repeated.fetch_add(1, Ordering::SeqCst);
            pause(Duration::from_millis(150)).await;
        }
    }

    /// POST. `Err` unless the status is a success.
    pub async fn act(&self, path: &str, token: &str, body: &Value) -> Result<Value> {
        match self.ask(Method::POST, path, token, Some(body)).await? {
            (status, answer) if status.is_success() => Ok(answer),
            (status, answer) => bail!("POST {path}: {status} {answer}"),
        }
    }

    /// Polls `path` until `condition` holds for the answer, which it returns.
    pub async fn until(&self, path: &str, token: &str, condition: impl Fn(&Value) -> bool) -> Result<Value> {
        let began = Instant::now();
        let mut interval = Duration::from_millis(10);
        loop {
            let last = match self.api.get(path, token).await {
                Ok(answer) if condition(&answer) => return Ok(answer),
                Ok(answer) => answer.to_string(),
                Err(error) => format!("{error:#}"),
            };
            if began.elapsed() > self.wait {
                bail!("waited in vain at {path}: {last}");
            }
            pause(interval).await;
            interval = (interval * 2).min(Duration::from_millis(160));
        }
    }

    /// An applicant submits a form; returns the application's id.
    pub async fn submit(&self, applicant: &str, call: &str, form: &impl Serialize) -> Result<Uuid> {
        let body = json!({ "call": call, "application": form });
        let answer = self.act("/apply/api/applications", applicant, &body).await?;
        answer["id"].as_str().and_then(|id| id.parse().ok()).with_context(|| format!("no id in {answer}"))
    }

    pub async fn withdraw(&self, applicant: &str, id: impl Display) -> Result<()> {
        let path = format!("/apply/api/applications/{id}/withdrawal");
        self.act(&path, applicant, &json!({ "reason": "Kein Bedarf" })).await.map(drop)
    }

    /// Waits until the applicant's status is one of these.
    pub async fn until_status(&self, id: impl Display, wanted: &[&str]) -> Result<()> {
        let token = self.api.token("operator", Role::Operator, None);
        let is_wanted = |seen: &Value| seen["status"].as_str().is_some_and(|is| wanted.contains(&is));
        self.until(&format!("/apply/api/applications/{id}"), &token, is_wanted).await.map(drop)
    }

    /// Waits until the eligibility is referred to a person; then a case worker decides it.
    pub async fn decide_eligibility(&self, id: impl Display, decision: &str) -> Result<()> {
        let token = self.api.token("case-worker-1", Role::CaseWorker, None);
        let path = format!("/eligibility/api/cases/{id}");
        self.until(&path, &token, |case| case["state"] == "referred").await?;
        let body =
            json!({ "decision": decision, "reason": "Nach Rücksprache mit dem Kreis so entschieden." });
        self.act(&format!("{path}/decision"), &token, &body).await.map(drop)
    }

    /// A reviewer takes the next file and gives a review. Returns the application; `None` if nothing waits for this person,
    /// or if the application was withdrawn meanwhile.
    pub async fn review_next(
        &self,
        reviewer: &str,
        points: u8,
        recommendation: &str,
    ) -> Result<Option<Uuid>> {
        let token = self.api.token(reviewer, Role::Reviewer, None);
        let (status, file) = self.ask(Method::POST, "/review/api/next", &token, Some(&json!({}))).await?;
        if status != StatusCode::OK {
            return Ok(None);
        }
        let criteria = file["criteria"].as_array().with_context(|| format!("no criteria in {file}"))?;
        let scores: Vec<Value> =
            criteria.iter().map(|one| json!({ "criterion": one["key"], "points": points })).collect();
        let body = json!({ "scores": scores, "recommendation": recommendation, "comment": "Gut begründet und machbar." });
        let id: Uuid = file["id"].as_str().context("an id")?.parse()?;
        let path = format!("/review/api/files/{id}/review");
        match self.ask(Method::POST, &path, &token, Some(&body)).await? {
            (status, _) if status.is_success() => Ok(Some(id)),
            (StatusCode::CONFLICT, answer) if answer.to_string().contains("withdrawn") => Ok(None),
            (status, answer) => bail!("POST {path}: {status} {answer}"),
        }
    }

    /// Waits for a state of award's case.
    pub async fn until_case(&self, id: impl Display, state: &str) -> Result<Value> {
        let token = self.api.token("case-worker-1", Role::CaseWorker, None);
        self.until(&format!("/award/api/cases/{id}"), &token, |case| case["state"] == state).await
    }

    /// Waits until the case is ready; then a case worker proposes.
    pub async fn propose(&self, id: impl Display, proposal: &Value) -> Result<()> {
        self.until_case(&id, "ready").await?;
        let token = self.api.token("case-worker-2", Role::CaseWorker, None);
        self.act(&format!("/award/api/cases/{id}/proposal"), &token, proposal).await.map(drop)
    }

    /// An approver approves the proposal; returns the resulting state of the case.
    pub async fn approve(&self, id: impl Display) -> Result<String> {
        let token = self.api.token("approver-1", Role::Approver, None);
        let case = self.act(&format!("/award/api/cases/{id}/approval"), &token, &json!({})).await?;
        case["state"].as_str().map(str::to_owned).with_context(|| format!("no state in {case}"))
    }
}

#[expect(clippy::disallowed_methods, reason = "the interval between two looks, or two attempts")]
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
