use std::collections::HashMap;

use bescheid::load::{self, Options};
use chassis::Role;
use events::Service;
use serde_json::Value;
use testkit::until;
use tests::{Set, program};
use tokio::process::Command;
use tokio::task::JoinHandle;

/// Number of applications under way while processes are killed.
const JOURNEYS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_journeys_outlive_kill_9_of_each_service_of_the_broker_and_of_postgres() {
    let set = Set::start().await;
    let options = Options {
        applications: JOURNEYS,
        rate: 5.0,
        hands: 2,
        call: "komm-in-2027".to_owned(),
        data: set.data.clone(),
    };
    let driving = tokio::spawn(load::run(options));
    // Kills one process after the other, each once eight more emails have arrived.
    let mut emails = 0;
    for service in Service::ALL {
        emails = moved_on(&set, &driving, emails + 8).await;
        set.kill_service(service.name()).await;
    }
    emails = moved_on(&set, &driving, emails + 8).await;
    set.kill_by_file("nats.pid");
    moved_on(&set, &driving, emails + 8).await;
    set.kill_by_file("postmaster.pid");
    driving.await.expect("no panic").expect("all journeys end");

    // Each application gets four emails: received, eligible, reviewed, decided. Each arrives once, except those that
    // notification itself counts as ambiguous (it was killed between the final dot and storing the 250). Such an
    // email is settled only after its deadline, so wait until every email is sent.
    let settled =
        |seen: &Vec<Value>| seen.len() == 4 * JOURNEYS && seen.iter().all(|one| one["state"] == "sent");
    let deliveries = until("every email is sent", || deliveries(&set), settled).await;
    let found = count(&set).await;
    assert_eq!(found.len(), 4 * JOURNEYS, "four emails for each application");
    let mut doubled = 0;
    for ((to, id), times) in found {
        let delivery = deliveries.iter().find(|one| one["message_id"] == id.as_str()).expect("its delivery");
        let most = if delivery["ambiguous"] == true { 2 } else { 1 };
        assert!(times <= most, "{to} got {id} {times} times: {delivery}");
        doubled += times - 1;
    }
    // The services' own reconciliation, as `bescheid verify` prints it, must find the same.
    let books = || async {
        let verify = Command::new(program()).args(["verify", "--data"]).arg(&set.data).output().await;
        let verify = verify.expect("bescheid verify");
        assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stderr));
        String::from_utf8_lossy(&verify.stdout).into_owned()
    };
    until("the books balance", books, |said| said.contains("lost 0, doubled 0")).await;
    println!("{JOURNEYS} journeys, 7 kills, {} emails, {doubled} sent twice and counted", deliveries.len());
    set.finish().await;
}

/// The deliveries of this run, as notification reports them.
async fn deliveries(set: &Set) -> Vec<Value> {
    let token = set.api.token("operator", Role::Operator, None);
    let mut found = Vec::new();
    let mut before = String::new();
    loop {
        let path = format!("/mail/api/deliveries{before}");
        let Ok(page) = set.api.get(&path, &token).await else { return Vec::new() };
        let rows = page["deliveries"].as_array().expect("a list");
        let ours = |one: &&Value| one["recipient"].as_str().is_some_and(|to| to.starts_with("load-"));
        found.extend(rows.iter().filter(ours).cloned());
        match page["next"].as_str() {
            Some(next) => before = format!("?before={next}"),
            None => return found,
        }
    }
}

/// How often each email has arrived, by recipient and Message-ID.
async fn count(set: &Set) -> HashMap<(String, String), usize> {
    let mut found = HashMap::new();
    let messages = set.api.get("/mailbox/api/messages", "").await.expect("the mailbox");
    for message in messages.as_array().expect("a list") {
        let to = message["to"][0].as_str().expect("a recipient").to_owned();
        if to.starts_with("load-") {
            let id = message["message_id"].as_str().expect("a Message-ID").to_owned();
            *found.entry((to, id)).or_insert(0) += 1;
        }
    }
    found
}

/// Waits until this many emails have arrived, or all journeys have ended; returns the number of emails.
async fn moved_on(set: &Set, driving: &JoinHandle<anyhow::Result<()>>, emails: usize) -> usize {
    let arrived = || async { (count(set).await.values().sum::<usize>(), driving.is_finished()) };
    let (arrived, _) = until("the journeys move on", arrived, |(seen, over)| *seen >= emails || *over).await;
    arrived
}
