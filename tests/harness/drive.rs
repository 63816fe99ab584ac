//! Submits many applications through the JSON API at a steady rate, while a test injects faults. Requests that fail
//! are repeated with the same idempotency key until they are answered.

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

/// How long one request is repeated, and how long one step of a journey usually may take.
const STEP_DEADLINE: Duration = Duration::from_secs(120);

/// How an application ends. In a debug build a notice takes most of a second to typeset, so few are granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// Submitted, found eligible by the rules, withdrawn by the applicant.
    Withdrawn,
    /// Referred to a person, who decides that it is not eligible.
    Ineligible,
    /// Two reviews, proposal, approval, notice.
    Granted,
}

impl Course {
    /// The course of the application with this number: of twelve, two are granted.
    pub fn of(number: usize) -> Self {
        match number % 6 {
            2 => Self::Granted,
            1 | 4 => Self::Ineligible,
            _ => Self::Withdrawn,
        }
    }

    /// The last status that the applicant sees.
    pub fn end(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Ineligible => "ineligible",
            Self::Granted => "decided",
        }
    }

    /// The templates of the emails that an applicant gets in any case.
    pub fn emails(self) -> &'static [&'static str] {
        match self {
            // A withdrawal may come before the result of the eligibility check.
            Self::Withdrawn => &["application-submitted", "application-withdrawn"],
            Self::Ineligible => &["application-submitted", "eligibility-referred", "ineligibility-confirmed"],
            Self::Granted => {
                &["application-submitted", "eligibility-confirmed", "review-completed", "notice-issued"]
            }
        }
    }
}

/// Applications under way, and the persons who work on them.
pub struct Drive {
    shared: Arc<Shared>,
    driving: JoinHandle<Result<()>>,
    reviewers: JoinSet<Result<()>>,
}

struct Shared {
    journey: Journey,
    /// Submissions that were answered with 2xx.
    accepted: Mutex<BTreeMap<Uuid, Course>>,
    submitted: watch::Sender<usize>,
    ended: watch::Sender<usize>,
    stop: watch::Sender<bool>,
}

impl Drive {
    /// Submits `applications` at `rate` per second, and takes each through its course.
    pub fn start(
        api: &Api,
        applications: usize,
        rate: f64,
        course: impl Fn(usize) -> Course + Send + 'static,
    ) -> Self {
        Self::start_with_deadline(api, applications, rate, course, STEP_DEADLINE)
    }

    /// The same; each step of a journey may take `deadline`.
    pub fn start_with_deadline(
        api: &Api,
        applications: usize,
        rate: f64,
        course: impl Fn(usize) -> Course + Send + 'static,
        deadline: Duration,
    ) -> Self {
        // Each drive has reviewers of its own: the same person in two drives would be given the same file twice.
        static DRIVES: AtomicUsize = AtomicUsize::new(1);
        let drive = DRIVES.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::new(Shared {
            journey: Journey::new(api.clone(), STEP_DEADLINE, deadline),
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

    pub async fn until_submitted(&self, count: usize) {
        wait(&self.shared.submitted, count, "submissions").await;
    }

    pub async fn until_ended(&self, count: usize) {
        wait(&self.shared.ended, count, "finished journeys").await;
    }

    /// Number of submissions that were answered with 2xx so far.
    pub fn submitted(&self) -> usize {
        *self.shared.submitted.borrow()
    }

    /// Number of requests that were repeated after no answer or a 5xx.
    pub fn repeated(&self) -> usize {
        self.shared.journey.repeated()
    }

    /// Adds an application that the test itself has submitted.
    pub fn accept(&self, id: Uuid, course: Course) {
        self.shared.accepted.lock().unwrap_or_else(PoisonError::into_inner).insert(id, course);
    }

    /// Submits no more; applications under way go on.
    pub fn stop(&self) {
        self.shared.stop.send_replace(true);
    }

    /// Waits until all journeys are finished; returns the accepted applications.
    pub async fn finish(mut self) -> Result<BTreeMap<Uuid, Course>> {
        tokio::select! {
            driven = &mut self.driving => driven??,
            // Reviewers end only with an error.
            Some(reviewer) = self.reviewers.join_next() => reviewer??,
        }
        let accepted = self.shared.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(accepted.clone())
    }
}

async fn wait(counter: &watch::Sender<usize>, count: usize, what: &str) {
    let mut counter = counter.subscribe();
    let reached = tokio::time::timeout(STEP_DEADLINE, counter.wait_for(|seen| *seen >= count)).await;
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
            // The reviewers of the drive do the first part.
            Course::Granted => {
                journey.propose(id, &json!({ "kind": "grant" })).await?;
                journey.approve(id).await?;
            }
        }
        journey.until_status(id, &[course.end()]).await?;
        self.ended.send_modify(|count| *count += 1);
        Ok(())
    }

    /// A reviewer, who takes the next file and reviews it, again and again.
    async fn review(self: Arc<Self>, person: String) -> Result<()> {
        loop {
            if self.journey.review_next(&person, 7, "fund").await?.is_none() {
                pause(Duration::from_millis(250)).await;
            }
        }
    }
}

/// The address for emails about the application with this number.
pub fn email(number: usize) -> String {
    format!("driven-{number}@example.org")
}

/// Key of the municipality that applies: one with an immigration office, or one where a person must decide.
fn applicant(number: usize, course: Course) -> String {
    if course == Course::Ineligible {
        return Applicant::HILDEN.ags.to_owned();
    }
    let towns: Vec<_> =
        municipalities().filter(|one| one.kind == MunicipalityKind::IndependentCity).collect();
    towns[number % towns.len()].ags.as_str().to_owned()
}
