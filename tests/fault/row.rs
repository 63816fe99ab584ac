//! One row of the fault table: journeys under way, something breaks, it heals, the books are checked.

use std::fmt::Write as _;
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tests::{Allowed, Checks, Cluster, ClusterPlan, Course, Drive};

/// Where each row writes its line, for the table at the end of `tests/run --faults`.
const TABLE: &str = "BESCHEID_FAULT_TABLE";

/// A row.
pub struct Row {
    /// Its number in the fault table.
    pub number: &'static str,
    /// What breaks.
    pub name: &'static str,
    /// The processes.
    pub plan: ClusterPlan,
    /// Applications on their way.
    pub applications: usize,
    /// Submissions a second.
    pub rate: f64,
    /// Where each of them goes.
    pub course: fn(usize) -> Course,
    /// What may be left over.
    pub allowed: Allowed,
}

impl Row {
    /// A row of the usual size.
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

    /// Journeys on, `inject` (which also heals), wait until it is quiet, read the books, print a line.
    pub async fn run(self, inject: impl AsyncFnOnce(&Cluster, &Drive)) -> Checks {
        // For whoever looks for the reason of a failure.
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

/// `by_hand`: emails that a person has sent again, because twice nobody knew whether they had arrived.
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
        // A string takes everything.
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

/// Written when it goes away, so that a row that panics has its line, too.
pub struct Line {
    number: &'static str,
    name: &'static str,
    text: String,
}

impl Line {
    /// A row begins.
    pub fn begin(number: &'static str, name: &'static str) -> Self {
        Self { number, name, text: "FAILED: see the test's output".to_owned() }
    }

    /// It has come to its end; its columns.
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
    // One write: rows that run at the same time do not mix.
    if let Err(error) = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes())) {
        eprintln!("the table of faults: {error}");
    }
}

/// A fault that lasts this long.
pub async fn lasting(time: Duration) {
    tokio::time::sleep_until(tokio::time::Instant::now() + time).await;
}

/// A row that cannot run here: says why, in the table, too.
pub fn left_out(number: &str, name: &str, why: &str) {
    let line = format!("{number:<4} {name:<66} not run here: {why}");
    println!("{line}");
    note(&line);
}
