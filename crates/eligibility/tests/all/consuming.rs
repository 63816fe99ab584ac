//! Facts of other services that change a case.

use axum::http::StatusCode;
use chrono::TimeDelta;
use events::{ApplicantReplied, Contact, ContactChanged, Language, Person};
use serde_json::{Value, json};
use testkit::{samples, until};

use crate::stage::{HILDEN, Stage, worker};

#[tokio::test]
async fn what_is_withdrawn_waits_for_nobody_and_an_application_waits_for_its_call() {
    let stage = Stage::without_call().await;
    let id = samples::new_application();
    stage.publish(id, samples::submitted_by(HILDEN)).await;
    // The application reaches the broker before its call does.
    stage.all_is_published().await;
    stage.publish_call(samples::call()).await;
    until("eligibility answers", || stage.published(id), |facts| !facts.is_empty()).await;

    stage.publish(id, samples::application_withdrawn()).await;
    let worker = worker();
    let queue = || async { stage.open(&worker, "/eligibility", "de").await.into_text() };
    until("the queue is empty", queue, |queue| queue.contains("Kein Antrag wartet")).await;
    let order = json!({"decision": "eligible", "reason": "Der Kreis wirkt mit."});
    let (status, problem) = stage.decide(id, None, &order).await;
    assert_eq!((status, &problem["detail"]), (StatusCode::CONFLICT, &json!("withdrawn by the applicant")));
    assert_eq!(stage.kinds(id).await, ["eligibility-referred"]);
    let list = stage.open(&worker, "/eligibility/api/cases?state=withdrawn", "de").await.into_text();
    assert!(list.contains(&id.to_string()));
    stage.end().await;
}

#[tokio::test]
async fn a_reply_stands_on_the_case_and_marks_it_in_the_list_and_contacts_are_as_they_are_now() {
    let stage = Stage::new().await;
    let hilden = stage.submit(samples::submitted_by(HILDEN)).await;
    let worker = worker();
    let api = format!("/eligibility/api/cases/{hilden}");
    let list = stage.open(&worker, "/eligibility", "de").await.into_text();
    assert!(!list.contains("Antwort der Kommune"), "{list}");
    let person = || Person { id: "h-1".to_owned(), name: "Erika <Muster>".to_owned() };
    let reply =
        |text: &str, replied_at| ApplicantReplied { text: text.to_owned(), replied_by: person(), replied_at };
    stage.publish(hilden, reply("Die Erklärung des Kreises folgt.", samples::noon())).await;
    stage.publish(hilden, reply("Hier ist sie: <i>ja</i>", samples::noon() + TimeDelta::minutes(5))).await;
    let contact = Contact {
        name: "Erika Muster".to_owned(),
        email: "neu@hilden.example".to_owned(),
        phone: String::new(),
        language: Language::De,
    };
    let changed = ContactChanged {
        contact,
        previous_email: "alt@hilden.example".to_owned(),
        changed_by: person(),
        changed_at: samples::noon(),
    };
    stage.publish(hilden, changed).await;
    let look = || async { stage.open(&worker, &api, "de").await.into_text() };
    let view = until("all facts are consumed", look, |text| text.contains("neu@hilden.example")).await;
    let view: Value = serde_json::from_str(&view).unwrap();
    assert_eq!(view["replies"][0]["text"], "Die Erklärung des Kreises folgt.");
    assert_eq!((&view["replies"][1]["by"], &view["replies"][2]), (&json!("Erika <Muster>"), &Value::Null));

    let page = stage.open(&worker, &format!("/eligibility/cases/{hilden}"), "de").await.into_text();
    assert!(
        page.contains("Hier ist sie: &#60;i&#62;ja&#60;/i&#62;") && page.contains("neu@hilden.example"),
        "{page}"
    );
    let (reply_at, decision_at) = (page.find("Antworten der Kommune"), page.find("Ist der Antrag zulässig?"));
    assert!(reply_at < decision_at, "above the decision");
    let list = stage.open(&worker, "/eligibility", "de").await.into_text();
    assert!(list.contains("Antwort der Kommune vom 23.11.2026"), "{list}");

    // A reply that comes after the decision is kept, and marked as unknown to those who decided.
    let order = json!({"decision": "eligible", "reason": "Die Erklärung liegt vor."});
    assert_eq!(stage.decide(hilden, None, &order).await.0, StatusCode::OK);
    stage.publish(hilden, reply("Noch etwas", samples::noon() + TimeDelta::hours(1))).await;
    until("it is consumed", look, |text| text.contains("Noch etwas")).await;
    let page = stage.open(&worker, &format!("/eligibility/cases/{hilden}"), "de").await.into_text();
    assert_eq!(page.matches("nach der Entscheidung").count(), 2, "{page}");
    stage.end().await;
}
