//! `bescheid load`: takes applications through the whole journey by the API. Applicants submit at a given rate;
//! reviewers, case workers and approvers clear their queues as fast as they can.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use axum::http::{Method, StatusCode};
use chassis::Role;
use events::{Application, Cents, FinancingPlan, MunicipalityKind, municipalities};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use uuid::Uuid;

use crate::client::Api;
use crate::folder::DATA;
use crate::journey::{Journey, pause};

#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Applications to submit.
    #[arg(long, default_value_t = 200)]
    pub applications: usize,
    /// Submissions a second.
    #[arg(long, default_value_t = 20.0)]
    pub rate: f64,
    /// Programs that act for each kind of person at the same time.
    #[arg(long, default_value_t = 4)]
    pub hands: usize,
    /// Key of the call to apply to.
    #[arg(long, default_value = "komm-in-2027")]
    pub call: String,
    /// Folder of the running set.
    #[arg(long, default_value = DATA)]
    pub data: PathBuf,
}

/// When an application was submitted and decided.
#[derive(Clone, Copy)]
struct Times {
    submitted: Instant,
    decided: Option<Instant>,
}

struct Driver {
    journey: Journey,
    form: Application,
    options: Options,
    times: Mutex<HashMap<Uuid, Times>>,
    submit_times: Mutex<Vec<Duration>>,
    done: AtomicBool,
}

/// Runs the load and prints throughput and latencies.
pub async fn run(options: Options) -> Result<()> {
    if options.applications == 0 || options.rate <= 0.0 || options.hands == 0 {
        bail!("--applications, --rate and --hands must be greater than zero");
    }
    let driver = Arc::new(Driver {
        journey: Journey::new(Api::of_running(&options.data)?, STEP_DEADLINE, STEP_DEADLINE),
        form: form()?,
        options,
        times: Mutex::default(),
        submit_times: Mutex::default(),
        done: AtomicBool::new(false),
    });
    let began = Instant::now();
    let mut hands = JoinSet::new();
    for hand in 0..driver.options.hands {
        hands.spawn(driver.clone().review(format!("load-reviewer-{hand}")));
        // Each file needs reviews by two persons.
        hands.spawn(driver.clone().review(format!("load-second-reviewer-{hand}")));
        hands.spawn(driver.clone().propose(format!("load-case-worker-{hand}")));
        hands.spawn(driver.clone().approve(format!("load-approver-{hand}")));
    }
    driver.clone().submit_all().await?;
    let submitted = began.elapsed();
    driver.until_all_decided(&mut hands).await?;
    let decided = began.elapsed();
    driver.done.store(true, Ordering::SeqCst);
    while let Some(hand) = hands.join_next().await {
        hand??;
    }
    driver.print(submitted, decided).await;
    Ok(())
}

impl Driver {
    async fn submit_all(self: Arc<Self>) -> Result<()> {
        let applicants: Vec<&str> = municipalities()
            .filter(|one| one.kind == MunicipalityKind::IndependentCity)
            .map(|one| one.ags.as_str())
            .collect();
        let mut every = interval(Duration::from_secs_f64(1.0 / self.options.rate));
        every.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut running = JoinSet::new();
        for number in 0..self.options.applications {
            every.tick().await;
            let ags = applicants[number % applicants.len()].to_owned();
            running.spawn(self.clone().submit(number, ags));
        }
        while let Some(submission) = running.join_next().await {
            submission??;
        }
        Ok(())
    }

    async fn submit(self: Arc<Self>, number: usize, ags: String) -> Result<()> {
        let token = self.journey.api.token(&format!("load-applicant-{ags}"), Role::Applicant, Some(&ags));
        let mut form = self.form.clone();
        form.title = format!("Lasttest {number}: {}", form.title);
        form.contact.email = format!("load-{number}@example.org");
        let began = Instant::now();
        let id = self.journey.submit(&token, &self.options.call, &form).await?;
        self.submit_times.lock().await.push(began.elapsed());
        self.times.lock().await.insert(id, Times { submitted: began, decided: None });
        Ok(())
    }

    /// A reviewer takes and reviews files.
    async fn review(self: Arc<Self>, person: String) -> Result<()> {
        while !self.done.load(Ordering::SeqCst) {
            if self.journey.review_next(&person, 4, "fund").await?.is_none() {
                pause(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    }

    /// A case worker proposes for every case that is ready.
    async fn propose(self: Arc<Self>, person: String) -> Result<()> {
        let token = self.journey.api.token(&person, Role::CaseWorker, None);
        let amount = json!({ "kind": "grant", "amount_cents": AMOUNT.0 });
        self.clear("ready", "proposal", &token, &amount, |_| {}).await
    }

    /// An approver approves every proposal.
    async fn approve(self: Arc<Self>, person: String) -> Result<()> {
        let token = self.journey.api.token(&person, Role::Approver, None);
        let mut decided = Vec::new();
        let nothing = json!({});
        let note = |id| decided.push((id, Instant::now()));
        let result = self.clear("proposed", "approval", &token, &nothing, note).await;
        let mut times = self.times.lock().await;
        for (id, at) in decided {
            if let Some(one) = times.get_mut(&id) {
                one.decided = Some(at);
            }
        }
        result
    }

    async fn clear(
        &self,
        state: &str,
        verb: &str,
        token: &str,
        body: &Value,
        mut note: impl FnMut(Uuid),
    ) -> Result<()> {
        while !self.done.load(Ordering::SeqCst) {
            let (status, list) = self
                .journey
                .ask(Method::GET, &format!("/award/api/cases?state={state}&limit=200"), token, None)
                .await?;
            let cases = list["cases"].as_array().map(Vec::as_slice).unwrap_or_default();
            // Only cases of this run.
            let mine: Vec<Uuid> = {
                let times = self.times.lock().await;
                let ids = cases.iter().filter_map(|case| case["application"].as_str()?.parse().ok());
                ids.filter(|id| times.contains_key(id)).collect()
            };
            if !status.is_success() || mine.is_empty() {
                pause(Duration::from_millis(20)).await;
                continue;
            }
            for id in mine {
                let path = format!("/award/api/cases/{id}/{verb}");
                let (status, answer) = self.journey.ask(Method::POST, &path, token, Some(body)).await?;
                match status {
                    status if status.is_success() => note(id),
                    // Another worker was faster.
                    StatusCode::CONFLICT => {}
                    status => bail!("POST {path}: {status} {answer}"),
                }
            }
        }
        Ok(())
    }

    /// Waits until the applicant's status of each application of this run says that it is decided.
    async fn until_all_decided(&self, hands: &mut JoinSet<Result<()>>) -> Result<()> {
        let token = self.journey.api.token("load-operator", Role::Operator, None);
        let mut open: VecDeque<Uuid> = self.times.lock().await.keys().copied().collect();
        let mut last_progress = Instant::now();
        while !open.is_empty() {
            if let Some(ended) = hands.try_join_next() {
                ended??;
            }
            let mut waits = false;
            for _ in 0..open.len().min(POLLS_PER_ROUND) {
                let Some(id) = open.pop_front() else { break };
                let path = format!("/apply/api/applications/{id}");
                let (_, seen) = self.journey.ask(Method::GET, &path, &token, None).await?;
                if matches!(seen["status"].as_str(), Some("decided" | "waitlisted" | "final")) {
                    last_progress = Instant::now();
                } else if last_progress.elapsed() > STALL_LIMIT {
                    bail!("{} applications do not move any more, e.g. {id}: {seen}", open.len() + 1);
                } else {
                    // To the end of the queue: they are not decided in the order in which we poll.
                    open.push_back(id);
                    waits = true;
                }
            }
            if waits {
                pause(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    async fn print(&self, submitted: Duration, decided: Duration) {
        let count = self.options.applications;
        let times = self.times.lock().await;
        let whole: Vec<Duration> =
            times.values().filter_map(|one| Some(one.decided?.duration_since(one.submitted))).collect();
        println!(
            "{count} applications submitted in {:.1} s, all decided after {:.1} s",
            submitted.as_secs_f64(),
            decided.as_secs_f64()
        );
        println!("throughput   {:8.1} applications/s", count as f64 / decided.as_secs_f64());
        print_row("submit", self.submit_times.lock().await.clone());
        print_row("submit to decision", whole);
    }
}

/// How long a request may be repeated, and a state be waited for.
const STEP_DEADLINE: Duration = Duration::from_secs(90);

/// Without any decision for this long the run fails.
const STALL_LIMIT: Duration = Duration::from_secs(120);

/// Applications polled between two pauses.
const POLLS_PER_ROUND: usize = 8;

/// Grant per application; small, so that the budget of the demonstration lasts.
const AMOUNT: Cents = Cents::euros(2_000);

fn print_row(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| {
        let index = ((times.len() as f64 - 1.0) * share).round() as usize;
        times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    };
    println!("{what:<20} p50 {:9.1} ms   p99 {:9.1} ms   ({} measured)", at(0.50), at(0.99), times.len());
}

/// A complete form: a project of the demonstration with a smaller grant.
fn form() -> Result<Application> {
    let mut form = intake::demo::read(include_str!("../../../deploy/demo/paderborn.toml"))?.application;
    let (own_share, total) = (Cents::euros(1_000), Cents::euros(3_000));
    form.financing = FinancingPlan { grant: AMOUNT, own_share, third_parties: Cents::ZERO, total };
    Ok(form)
}
