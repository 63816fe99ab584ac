//! Journeys under a fault: many applications by the JSON API at a steady rate, each with the same key
//! until it is answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::http::{Method, StatusCode};
use bescheid::client::Api;
use chassis::Role;
use events::{MunicipalityKind, municipalities};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};
use uuid::Uuid;

use crate::{Applicant, form};

/// How long one request is repeated, and one step of a journey usually awaited.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where a journey goes. A notice takes most of a second to typeset in a debug build, so few are granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// Submitted, found eligible by the rules, taken back by the applicant.
    Withdrawn,
    /// Referred, and decided by a person.
    Ineligible,
    /// Two reviews, proposal, approval, notice.
    Granted,
}

impl Course {
    /// The course of the application of that number: of twelve, two are granted.
    pub fn of(number: usize) -> Self {
        match number % 6 {
            2 => Self::Granted,
            1 | 4 => Self::Ineligible,
            _ => Self::Withdrawn,
        }
    }

    /// What the applicant sees in the end.
    pub fn end(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Ineligible => "ineligible",
            Self::Granted => "decided",
        }
    }

    /// The emails that an applicant surely gets.
    pub fn emails(self) -> &'static [&'static str] {
        match self {
            // A withdrawal may be faster than the news of the formal check.
            Self::Withdrawn => &["application-submitted", "application-withdrawn"],
            Self::Ineligible => &["application-submitted", "eligibility-referred", "ineligibility-confirmed"],
            Self::Granted => {
                &["application-submitted", "eligibility-confirmed", "review-completed", "notice-issued"]
            }
        }
    }
}

/// Applications on their way.
pub struct Drive {
    shared: Arc<Shared>,
    driving: JoinHandle<Result<()>>,
    reviewers: JoinSet<Result<()>>,
}

struct Shared {
    api: Api,
    patience: Duration,
    /// What was answered with 2xx.
    accepted: Mutex<BTreeMap<Uuid, Course>>,
    submitted: watch::Sender<usize>,
    ended: watch::Sender<usize>,
    stop: watch::Sender<bool>,
    /// Requests that had to be made again.
    repeated: AtomicUsize,
}

impl Drive {
    /// Submits `applications` at `rate` a second, and walks each through its course.
    pub fn start(
        api: &Api,
        applications: usize,
        rate: f64,
        course: impl Fn(usize) -> Course + Send + 'static,
    ) -> Self {
        Self::start_patiently(api, applications, rate, course, PATIENCE)
    }

    /// The same; each step of a journey is awaited for `patience`.
    pub fn start_patiently(
        api: &Api,
        applications: usize,
        rate: f64,
        course: impl Fn(usize) -> Course + Send + 'static,
        patience: Duration,
    ) -> Self {
        // Each has reviewers of its own: one person at two desks would be given the same file at both.
        static DRIVES: AtomicUsize = AtomicUsize::new(1);
        let drive = DRIVES.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::new(Shared {
            api: api.clone(),
            patience,
            accepted: Mutex::default(),
            submitted: watch::Sender::new(0),
            ended: watch::Sender::new(0),
            stop: watch::Sender::new(false),
            repeated: AtomicUsize::new(0),
        });
        let mut reviewers = JoinSet::new();
        for number in 1..=3 {
            reviewers.spawn(shared.clone().review(format!("reviewer-{drive}-{number}")));
        }
        let all = shared.clone();
        let driving = tokio::spawn(async move {
            let mut every = interval(Duration::from_secs_f64(1.0 / rate));
            every.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut running = JoinSet::new();
            for number in 0..applications {
                every.tick().await;
                if *all.stop.borrow() {
                    break;
                }
                running.spawn(all.clone().journey(number, course(number)));
            }
            while let Some(journey) = running.join_next().await {
                journey??;
            }
            Ok(())
        });
        Self { shared, driving, reviewers }
    }

    /// Waits until that many are submitted.
    pub async fn until_submitted(&self, count: usize) {
        wait(&self.shared.submitted, count, "submissions").await;
    }

    /// Waits until that many have come to their end.
    pub async fn until_ended(&self, count: usize) {
        wait(&self.shared.ended, count, "journeys at their end").await;
    }

    /// Submissions answered with 2xx by now.
    pub fn submitted(&self) -> usize {
        *self.shared.submitted.borrow()
    }

    /// Requests that had to be made again, because they were not answered, or with 5xx.
    pub fn repeated(&self) -> usize {
        self.shared.repeated.load(Ordering::SeqCst)
    }

    /// An application that the test itself has submitted.
    pub fn accept(&self, id: Uuid, course: Course) {
        self.shared.accepted.lock().unwrap_or_else(PoisonError::into_inner).insert(id, course);
    }

    /// No more are submitted; those on their way go on.
    pub fn stop(&self) {
        self.shared.stop.send_replace(true);
    }

    /// Waits until all have come to their end; returns what was accepted.
    pub async fn finish(mut self) -> Result<BTreeMap<Uuid, Course>> {
        tokio::select! {
            driven = &mut self.driving => driven??,
            // They end by a mistake only.
            Some(reviewer) = self.reviewers.join_next() => reviewer??,
        }
        let accepted = self.shared.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(accepted.clone())
    }
}

async fn wait(counter: &watch::Sender<usize>, count: usize, what: &str) {
    let mut counter = counter.subscribe();
    let reached = tokio::time::timeout(PATIENCE, counter.wait_for(|seen| *seen >= count)).await;
    assert!(reached.is_ok(), "waited in vain for {count} {what}");
}

impl Shared {
    async fn journey(self: Arc<Self>, number: usize, course: Course) -> Result<()> {
        let walked = self.walk(number, course).await;
        walked.with_context(|| format!("application {number} ({course:?})"))
    }

    async fn walk(&self, number: usize, course: Course) -> Result<()> {
        let applicant = applicant(number, course);
        let token = self.api.token(&format!("applicant-{number}"), Role::Applicant, Some(&applicant));
        let mut form = form(Applicant { ags: "", email: "" });
        form.title = format!("Vorhaben {number}");
        form.contact.email = format!("rig-{number}@example.org");
        let body = json!({ "call": "komm-in-2027", "application": form });
        let answer = self.act("/apply/api/applications", &token, &body).await?;
        let id: Uuid = answer["id"].as_str().context("an id")?.parse()?;
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).insert(id, course);
        self.submitted.send_modify(|count| *count += 1);
        match course {
            Course::Withdrawn => self.withdraw(number, id, &token).await?,
            Course::Ineligible => self.turn_down(id).await?,
            Course::Granted => self.grant(id).await?,
        }
        self.until_status(id, &[course.end()]).await?;
        self.ended.send_modify(|count| *count += 1);
        Ok(())
    }

    async fn withdraw(&self, number: usize, id: Uuid, token: &str) -> Result<()> {
        if number.is_multiple_of(2) {
            self.until_status(id, &["eligible", "reviewed"]).await?;
        }
        let path = format!("/apply/api/applications/{id}/withdrawal");
        self.act(&path, token, &json!({ "reason": "Kein Bedarf" })).await.map(drop)
    }

    async fn turn_down(&self, id: Uuid) -> Result<()> {
        let token = self.api.token("case-worker-1", Role::CaseWorker, None);
        let path = format!("/eligibility/api/cases/{id}");
        self.until(&path, &token, |case| case["state"] == "referred").await?;
        let body =
            json!({ "decision": "ineligible", "reason": "Nach Rücksprache mit dem Kreis so entschieden." });
        self.act(&format!("{path}/decision"), &token, &body).await.map(drop)
    }

    /// The reviewers' hands do the first part.
    async fn grant(&self, id: Uuid) -> Result<()> {
        let worker = self.api.token("case-worker-2", Role::CaseWorker, None);
        let path = format!("/award/api/cases/{id}");
        self.until(&path, &worker, |case| case["state"] == "ready").await?;
        self.act(&format!("{path}/proposal"), &worker, &json!({ "kind": "grant" })).await?;
        let approver = self.api.token("approver-1", Role::Approver, None);
        self.act(&format!("{path}/approval"), &approver, &json!({})).await.map(drop)
    }

    /// A reviewer: the next file, a review, again.
    async fn review(self: Arc<Self>, person: String) -> Result<()> {
        let token = self.api.token(&person, Role::Reviewer, None);
        loop {
            let (status, file) = self.ask("/review/api/next", &token, &json!({})).await?;
            if status != StatusCode::OK {
                pause(Duration::from_millis(250)).await;
                continue;
            }
            let criteria = file["criteria"].as_array().with_context(|| format!("no criteria in {file}"))?;
            let scores: Vec<Value> =
                criteria.iter().map(|one| json!({ "criterion": one["key"], "points": 7 })).collect();
            let body = json!({ "scores": scores, "recommendation": "fund", "comment": "Gut begründet." });
            let path = format!("/review/api/files/{}/review", file["id"].as_str().context("an id")?);
            match self.ask(&path, &token, &body).await? {
                (status, _) if status.is_success() => {}
                // Taken back by its applicant in between.
                (StatusCode::CONFLICT, answer) if answer.to_string().contains("withdrawn") => {}
                (status, answer) => bail!("POST {path}: {status} {answer}"),
            }
        }
    }

    async fn until_status(&self, id: Uuid, wanted: &[&str]) -> Result<()> {
        let token = self.api.token("operator", Role::Operator, None);
        let path = format!("/apply/api/applications/{id}");
        self.until(&path, &token, |seen| seen["status"].as_str().is_some_and(|is| wanted.contains(&is))).await
    }

    async fn until(&self, path: &str, token: &str, condition: impl Fn(&Value) -> bool) -> Result<()> {
        let began = Instant::now();
        loop {
            let last = match self.api.call(Method::GET, path, token, None, None).await {
                Ok((status, answer)) if status.is_success() && condition(&answer) => return Ok(()),
                Ok((status, answer)) => format!("{status} {answer}"),
                Err(error) => format!("{error:#}"),
            };
            if began.elapsed() > self.patience {
                bail!("waited in vain at {path}: {last}");
            }
            pause(Duration::from_millis(150)).await;
        }
    }

    /// A write that must succeed.
    async fn act(&self, path: &str, token: &str, body: &Value) -> Result<Value> {
        match self.ask(path, token, body).await? {
            (status, answer) if status.is_success() => Ok(answer),
            (status, answer) => bail!("POST {path}: {status} {answer}"),
        }
    }

    /// A write: the same request with the same key until it is answered.
    async fn ask(&self, path: &str, token: &str, body: &Value) -> Result<(StatusCode, Value)> {
        let key = Uuid::new_v4().to_string();
        let began = Instant::now();
        loop {
            let last = match self.api.call(Method::POST, path, token, Some(&key), Some(body)).await {
                Ok((status, answer)) if !status.is_server_error() => return Ok((status, answer)),
                Ok((status, answer)) => format!("{status} {answer}"),
                Err(error) => format!("{error:#}"),
            };
            if began.elapsed() > PATIENCE {
                bail!("POST {path}: {last}");
            }
            self.repeated.fetch_add(1, Ordering::SeqCst);
            pause(Duration::from_millis(150)).await;
        }
    }
}

/// Key of the municipality that applies: one with an office, or one where a person must decide.
fn applicant(number: usize, course: Course) -> String {
    if course == Course::Ineligible {
        return Applicant::HILDEN.ags.to_owned();
    }
    let towns: Vec<_> =
        municipalities().filter(|one| one.kind == MunicipalityKind::IndependentCity).collect();
    towns[number % towns.len()].ags.as_str().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "the interval between two attempts of a person's program")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
