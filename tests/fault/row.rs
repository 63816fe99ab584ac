//! One row of the fault table: a fault begins and ends while applications are under way, then the checks run.

use std::fmt::Write as _;
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tests::{Allowed, Checks, Cluster, ClusterPlan, Course, Drive};

/// Names the file to which each row appends its line, for the table that `tests/run --faults` prints.
const TABLE: &str = "BESCHEID_FAULT_TABLE";

pub struct Row {
    /// Its number in the fault table.
    pub number: &'static str,
    /// What breaks, as printed in the table.
    pub name: &'static str,
    pub plan: ClusterPlan,
    /// Number of applications.
    pub applications: usize,
    /// Submissions per second.
    pub rate: f64,
    /// How the application with this number ends.
    pub course: fn(usize) -> Course,
    /// What the checks tolerate.
    pub allowed: Allowed,
}

impl Row {
    /// A row with the usual processes and load.
    pub fn new(number: &'static str, name: &'static str) -> Self {
        Self {
            number,
            name,
            plan: ClusterPlan::default(),
            applications: 12,
            rate: 3.0,
            course: Course::of,
            allowed: Allowed::default(),
        }
    }

    /// Starts the journeys, runs `inject` (which also ends the fault), waits until nothing is under way, runs the
    /// checks and prints the line.
    pub async fn run(self, inject: impl AsyncFnOnce(&Cluster, &Drive)) -> Checks {
        // To debug a failing test.
        if std::env::var_os("RUST_LOG").is_some() {
            drop(chassis::telemetry::install(&chassis::settings::Log::default()));
        }
        let began = Instant::now();
        let mut line =
            Line { number: self.number, name: self.name, text: "FAILED: see the test's output".to_owned() };
        let cluster = Cluster::start(self.plan.clone()).await;
        let drive = Drive::start(&cluster.api, self.applications, self.rate, self.course);
        let injected = AssertUnwindSafe(inject(&cluster, &drive)).catch_unwind().await;
        if let Err(panic) = injected {
            eprintln!("{:?}\n{}", cluster.under_way(0).await, ends_of_logs(&cluster));
            std::panic::resume_unwind(panic);
        }
        let accepted = match drive.finish().await {
            Ok(accepted) => accepted,
            Err(error) => panic!("{error:#}\n{:?}\n{}", cluster.under_way(0).await, ends_of_logs(&cluster)),
        };
        let quiet = async {
            cluster.until_quiet(self.allowed.waiting).await;
            let by_hand = cluster.send_doubted_again().await;
            if by_hand > 0 {
                cluster.until_quiet(self.allowed.waiting).await;
            }
            by_hand
        };
        let by_hand = match AssertUnwindSafe(quiet).catch_unwind().await {
            Ok(by_hand) => by_hand,
            Err(panic) => {
                eprintln!("{}", ends_of_logs(&cluster));
                std::panic::resume_unwind(panic);
            }
        };
        let checks = Checks::read(&cluster, &accepted, self.allowed).await;
        line.done(&columns(&checks, began.elapsed().as_secs(), by_hand));
        assert!(checks.is_sound(), "{checks:#?}\n{}", ends_of_logs(&cluster));
        drop(line);
        cluster.finish().await;
        checks
    }
}

/// `by_hand`: number of emails that a person has resent, since it was unknown twice whether they had arrived.
fn columns(checks: &Checks, seconds: u64, by_hand: usize) -> String {
    format!(
        "{:>6} {:>6} {:>6} {:>6} {:>6} {:>5} {:>7} {:>6}{}{}",
        checks.applications,
        checks.kills,
        checks.redeliveries,
        checks.emails,
        checks.ambiguous,
        checks.lost.len(),
        checks.doubled.len(),
        seconds,
        if by_hand > 0 { format!("  {by_hand} sent again by hand") } else { String::new() },
        if checks.is_sound() { "" } else { "  FAILED" }
    )
}

fn ends_of_logs(cluster: &Cluster) -> String {
    let mut text = format!("--- broker:\n{}\n", cluster.broker_log());
    for replica in &cluster.all {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "--- {}, started {} times:\n{}",
            replica.service,
            replica.starts(),
            replica.log_end()
        );
    }
    text
}

/// A line of the table, written when it is dropped, so that a row that panics has one, too.
pub struct Line {
    number: &'static str,
    name: &'static str,
    text: String,
}

impl Line {
    /// A line that reports a failure unless [`Line::done`] is called.
    pub fn begin(number: &'static str, name: &'static str) -> Self {
        Self { number, name, text: "FAILED: see the test's output".to_owned() }
    }

    /// Sets the columns of a row that has reached its end.
    pub fn done(&mut self, columns: &str) {
        columns.clone_into(&mut self.text);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let line = format!("{:<4} {:<66} {}", self.number, self.name, self.text);
        println!("{line}");
        note(&line);
    }
}

/// Adds a line to the table.
fn note(line: &str) {
    let Some(path) = std::env::var_os(TABLE) else { return };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    // One write, so that the lines of rows that run at the same time do not mix.
    if let Err(error) = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes())) {
        eprintln!("the table of faults: {error}");
    }
}

/// Lets a fault last this long.
pub async fn lasting(time: Duration) {
    tokio::time::sleep_until(tokio::time::Instant::now() + time).await;
}

/// Reports, also in the table, why a row cannot run here.
pub fn left_out(number: &str, name: &str, why: &str) {
    let line = format!("{number:<4} {name:<66} not run here: {why}");
    println!("{line}");
    note(&line);
}
