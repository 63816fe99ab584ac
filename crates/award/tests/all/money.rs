//! Budgets under concurrent approvals, and released money.

use events::{Cents, ContactChanged};
use serde_json::{Value, json};
use testkit::{samples, session, until};

use crate::stage::{Stage, approver, grant, reviews, submitted, worker};

async fn budget(stage: &Stage) -> Value {
    stage.get(&worker(), "/budgets").await.json()[0].clone()
}

/// Twenty approvals at once against money for seven.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_approvals_at_once_never_take_more_than_there_is() {
    // Seven times 60,000 €, and a remainder that is one cent short of an eighth.
    let stage = Stage::new(Cents::euros(8 * 60_000) - Cents(1)).await;
    let mut cases = Vec::new();
    for number in 0..20 {
        let id = stage.ready(number).await;
        let proposed = stage.post(&worker(), &format!("/cases/{id}/proposal"), grant()).await;
        assert_eq!(proposed.status, 200, "{proposed:?}");
        cases.push(id);
    }
    let stage = std::sync::Arc::new(stage);
    let mut approvals = tokio::task::JoinSet::new();
    for id in cases.clone() {
        let stage = stage.clone();
        approvals.spawn(async move {
            let approver = session(&format!("approver-{id}"), &[chassis::Role::Approver]);
            stage.post(&approver, &format!("/cases/{id}/approval"), json!({})).await
        });
    }
    let answers = approvals.join_all().await;
    let count = |state: &str| answers.iter().filter(|answer| answer.json()["state"] == state).count();
    assert_eq!((count("granted"), count("waitlisted")), (7, 13), "{answers:?}");

    let after = budget(&stage).await;
    assert_eq!(after["committed_cents"], 7 * 6_000_000);
    let mut published = Vec::new();
    for id in cases {
        published.push(stage.kinds(id).await);
    }
    published.sort();
    let granted = ["award-granted", "notice-issued"].map(String::from).to_vec();
    let expected = [vec![vec!["application-waitlisted".to_owned()]; 13], vec![granted; 7]].concat();
    assert_eq!(published, expected);
    std::sync::Arc::into_inner(stage).unwrap().end().await;
}

#[tokio::test]
async fn a_withdrawal_frees_money_for_the_waiting_list() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let (first, second) = (stage.ready(1).await, stage.ready(2).await);
    assert_eq!(stage.decided(first, grant()).await, "granted");
    assert_eq!(stage.decided(second, grant()).await, "waitlisted");

    let again = format!("/cases/{second}/approval");
    let still = stage.post(&approver(), &again, json!({})).await;
    assert_eq!(still.problem(), (409, "conflict".into()));
    assert!(still.json()["detail"].as_str().unwrap().contains("only 0 cents left"));
    stage.publish(first, samples::application_withdrawn()).await;
    stage.until_state(first, "withdrawn").await;
    assert_eq!(budget(&stage).await["left_cents"], 6_000_000);

    let granted = stage.post(&approver(), &again, json!({})).await;
    assert_eq!(granted.json()["state"], "granted");
    assert_eq!(stage.kinds(second).await, ["application-waitlisted", "award-granted", "notice-issued"]);
    stage.end().await;
}

/// Intake publishes in the order of each application, so it cannot be right, and trying again would not help.
#[tokio::test]
async fn a_fact_of_intake_about_an_application_that_was_never_submitted_is_parked() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let contact_changed = ContactChanged {
        contact: submitted(1).application.contact,
        previous_email: "old@example.org".into(),
        changed_by: submitted(1).submitted_by,
        changed_at: samples::noon(),
    };
    stage.publish(samples::new_application(), samples::application_withdrawn()).await;
    stage.publish(samples::new_application(), contact_changed).await;
    let waiting = async || bus::Waiting::count(&stage.db).await.expect("a count");
    until("both are parked", waiting, |waiting| waiting.parked == 2).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_withdrawal_may_overtake_the_reviews() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.announced(submitted(1)).await;
    stage.publish(id, samples::application_withdrawn()).await;
    stage.until_state(id, "withdrawn").await;
    stage.publish(id, reviews(9_000)).await;
    stage.end().await;
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_takes_money_once() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    stage.post(&worker(), &format!("/cases/{id}/proposal"), grant()).await;
    let path = format!("/cases/{id}/approval");
    let session = approver();
    let approve = |body: Value| stage.post_with_key(&session, &path, "one", body);
    let first = approve(json!({})).await;
    let second = approve(json!({})).await;
    assert_eq!((first.status, first.json()), (second.status, second.json()));
    assert_eq!(first.json()["state"], "granted");
    assert_eq!(approve(json!({ "revision": 3 })).await.problem(), (409, "conflict".into()));
    assert_eq!(stage.kinds(id).await, ["award-granted", "notice-issued"]);
    stage.end().await;
}
