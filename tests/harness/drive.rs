//! Journeys under a fault: many applications by the JSON API at a steady rate, each with the same key
//! until it is answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use bescheid::client::Api;
use bescheid::journey::{Journey, pause};
use chassis::Role;
use events::{MunicipalityKind, municipalities};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use crate::{Applicant, CALL, form};

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
    journey: Journey,
    /// What was answered with 2xx.
    accepted: Mutex<BTreeMap<Uuid, Course>>,
    submitted: watch::Sender<usize>,
    ended: watch::Sender<usize>,
    stop: watch::Sender<bool>,
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
            journey: Journey::new(api.clone(), PATIENCE, patience),
            accepted: Mutex::default(),
            submitted: watch::Sender::new(0),
            ended: watch::Sender::new(0),
            stop: watch::Sender::new(false),
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
                running.spawn(all.clone().drive(number, course(number)));
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
        self.shared.journey.repeated()
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
    async fn drive(self: Arc<Self>, number: usize, course: Course) -> Result<()> {
        let walked = self.walk(number, course).await;
        walked.with_context(|| format!("application {number} ({course:?})"))
    }

    async fn walk(&self, number: usize, course: Course) -> Result<()> {
        let applicant = applicant(number, course);
        let journey = &self.journey;
        let token = journey.api.token(&format!("applicant-{number}"), Role::Applicant, Some(&applicant));
        let mut form = form(Applicant { ags: "", email: "" });
        form.title = format!("Vorhaben {number}");
        form.contact.email = email(number);
        let id = journey.submit(&token, CALL, &form).await?;
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).insert(id, course);
        self.submitted.send_modify(|count| *count += 1);
        match course {
            Course::Withdrawn => {
                if number.is_multiple_of(2) {
                    journey.until_status(id, &["eligible", "reviewed"]).await?;
                }
                journey.withdraw(&token, id).await?;
            }
            Course::Ineligible => journey.decide_eligibility(id, "ineligible").await?,
            // The reviewers' hands do the first part.
            Course::Granted => {
                journey.propose(id, &json!({ "kind": "grant" })).await?;
                journey.approve(id).await?;
            }
        }
        journey.until_status(id, &[course.end()]).await?;
        self.ended.send_modify(|count| *count += 1);
        Ok(())
    }

    /// A reviewer: the next file, a review, again.
    async fn review(self: Arc<Self>, person: String) -> Result<()> {
        loop {
            if self.journey.review_next(&person, 7, "fund").await?.is_none() {
                pause(Duration::from_millis(250)).await;
            }
        }
    }
}

/// Where the emails about the application of that number go.
pub fn email(number: usize) -> String {
    format!("driven-{number}@example.org")
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
