//! What an applicant waits for: the answer to a submission through the front door, and the receipt by email.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use axum::http::Method;
use bescheid::client::Api;
use bus::control::Operator;
use chassis::{Clock, Role};
use chrono::{DateTime, Utc};
use serde_json::json;
use testkit::until;
use tests::serve_gateway;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::options::Options;
use super::recorder::Consumed;
use super::servers::Servers;
use super::system::System;
use super::table::{Table, quantile, spread};

/// Applications a second.
const RATE: u64 = 20;

pub async fn measure(
    servers: &Servers,
    consumed: Consumed,
    options: &Options,
    table: &mut Table,
) -> Result<()> {
    let mut nats = servers.another_broker("portal_").await?;
    let system = System::open(servers, &nats.url(), "portal_", servers.mailbox.port(), consumed).await?;
    let process = testkit::process("bescheid", Clock::system());
    let operator = Operator::connect(&bus::Settings::open(nats.url())).await?;
    let (api, gateway) = serve_gateway(&process, system.addresses().clone(), &operator, &servers.mailbox);
    let mut rounds = Vec::new();
    for round in 0..=options.rounds {
        let times = run(servers, &system, &api, round, RATE * options.seconds).await?;
        // In the first round connections, caches and plans are cold.
        if round > 0 {
            let of = |share, times: &[f64]| quantile(times.iter().copied(), share);
            let (answers, receipts) = times;
            let figures = [of(0.5, &answers), of(0.99, &answers), of(0.5, &receipts), of(0.99, &receipts)];
            let [p50, p99, receipt, receipt_p99] = figures;
            println!(
                "round {round}: submission {p50:.1} ms, p99 {p99:.1} ms; receipt {receipt:.1} ms, p99 {receipt_p99:.1} ms"
            );
            rounds.push(figures);
        }
    }
    let each = |figure: usize| rounds.iter().map(|round| round[figure]).collect::<Vec<_>>();
    let p99 = format!("p99 {} ms", spread(&each(1), 1));
    table.at_most("5  submission through the front door at 20/s, p50", p99, &each(0), 5.0, "ms");
    table.at_most("5  from there to the receipt, p50", String::new(), &each(2), 20.0, "ms");
    table.at_most("5  the same, p99", String::new(), &each(3), 60.0, "ms");
    gateway.stop().await;
    system.close().await;
    nats.stop().await
}

/// Submits at a steady rate. Returns, in milliseconds, how long each answer took, and each receipt: from the request
/// until the mail server has accepted it.
async fn run(
    servers: &Servers,
    system: &System,
    api: &Api,
    round: usize,
    count: u64,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let address = |number: u64| format!("applicant-{round}-{number}@example.org");
    let token = api.token("applicant-solingen", Role::Applicant, Some("05122000"));
    let mut every = interval(Duration::from_micros(1_000_000 / RATE));
    every.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut submissions = JoinSet::new();
    for number in 0..count {
        every.tick().await;
        let mut form = system.form().clone();
        form.contact.email = address(number);
        let body = json!({ "call": system.call.key, "application": form });
        let (api, token) = (api.clone(), token.clone());
        submissions.spawn(async move {
            let (sent, begun, key) = (Clock::system().now(), Instant::now(), Uuid::now_v7().to_string());
            let path = "/apply/api/applications";
            let (status, answer) = api.call(Method::POST, path, &token, Some(&key), Some(&body)).await?;
            ensure!(status.is_success(), "{status} {answer}");
            anyhow::Ok((number, sent, begun.elapsed().as_secs_f64() * 1e3))
        });
    }
    let mut sent: HashMap<String, DateTime<Utc>> = HashMap::new();
    let mut answers = Vec::new();
    while let Some(submission) = submissions.join_next().await {
        let (number, at, took) = submission??;
        sent.insert(address(number), at);
        answers.push(took);
    }
    // The first email to each address is the receipt.
    let arrived = async || {
        let mut waiting = sent.clone();
        let messages = servers.mailbox.messages();
        let receipts = messages.iter().filter_map(|message| {
            let took = message.received_at - waiting.remove(message.to.first()?)?;
            Some(took.num_microseconds().unwrap_or_default() as f64 / 1e3)
        });
        receipts.collect::<Vec<_>>()
    };
    let receipts = until("every receipt arrives", arrived, |receipts| receipts.len() == sent.len()).await;
    Ok((answers, receipts))
}
