use std::collections::{HashMap, HashSet};

use bescheid::load::{self, Options};
use chassis::Role;
use events::Service;
use testkit::until;
use tests::Set;
use tokio::task::JoinHandle;

/// Applications on their way while something is killed.
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
    // One victim after the other, each when the journeys have moved on since the last.
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

    // Received, eligible, reviewed, decided: each once, but for those that the service itself
    // counts as perhaps sent twice (the process died between the final dot and the stored 250).
    until("all emails", || count(&set), |found| found.values().sum::<usize>() >= 4 * JOURNEYS).await;
    let counted = ambiguous(&set).await;
    let mut doubled = 0;
    for ((to, id), times) in count(&set).await {
        assert!(times == 1 || (times == 2 && counted.contains(&to)), "{to} got {id} {times} times");
        doubled += times - 1;
    }
    let found = count(&set).await;
    assert_eq!(found.len(), 4 * JOURNEYS, "four emails for each application");
    println!("{JOURNEYS} journeys, 7 kills, {} emails, {doubled} sent twice and counted", found.len());
    set.finish().await;
}

/// Recipients of emails that the service counts as perhaps sent twice.
async fn ambiguous(set: &Set) -> HashSet<String> {
    let token = set.api.token("operator", Role::Operator, None);
    let mut found = HashSet::new();
    let mut before = i64::MAX;
    loop {
        let page =
            set.api.get(&format!("/mail/api/deliveries?before={before}"), &token).await.expect("deliveries");
        for delivery in page["deliveries"].as_array().expect("a list") {
            if delivery["ambiguous"].as_i64().is_some_and(|times| times > 0) || delivery["ambiguous"] == true
            {
                found.insert(delivery["recipient"].as_str().expect("a recipient").to_owned());
            }
        }
        match page["next"].as_i64() {
            Some(next) => before = next,
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

/// Waits until that many emails have arrived, or all journeys are over.
async fn moved_on(set: &Set, driving: &JoinHandle<anyhow::Result<()>>, emails: usize) -> usize {
    let arrived = || async { (count(set).await.values().sum::<usize>(), driving.is_finished()) };
    let (arrived, _) = until("the journeys move on", arrived, |(seen, over)| *seen >= emails || *over).await;
    arrived
}
