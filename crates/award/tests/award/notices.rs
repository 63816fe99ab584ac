//! The notice and its clocks, through the running service.

use std::fmt::Write as _;

use chrono::TimeDelta;
use events::{Cents, Contact, ContactChanged, Language, Person};
use serde_json::json;
use sha2::{Digest, Sha256};
use testkit::until;

use crate::stage::{Stage, applicant, approver, grant, worker};

const SOLINGEN: &str = "05122000";

#[tokio::test]
async fn the_first_look_of_the_applicant_starts_the_clock() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    assert_eq!(stage.decided(id, grant()).await, "granted");
    let (about, pdf) = (format!("/notices/{id}"), format!("/award/notices/{id}/pdf"));
    let solingen = applicant(&stage, SOLINGEN);

    // The page, and those who decide, leave the clock alone.
    let page = stage.open(&solingen, &format!("/award/notices/{id}"), "de").await;
    assert!(
        page.text().contains("Ihr Bescheid liegt bereit") && page.text().contains("25.04.2027"),
        "{page:?}"
    );
    assert_eq!(stage.open(&approver(&stage), &pdf, "de").await.status, 200);
    let offered = stage.get(&solingen, &about).await.json();
    assert_eq!((&offered["standing"], &offered["until"]), (&json!("offered"), &json!("2027-04-25")));
    assert!(offered["retrieved_at"].is_null());

    stage.clock.advance(TimeDelta::hours(30));
    let file = stage.open(&solingen, &pdf, "de").await;
    assert!(file.bytes.starts_with(b"%PDF"));
    let sha256 = Sha256::digest(&file.bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let retrieved = stage.get(&solingen, &about).await.json();
    assert_eq!(retrieved["sha256"], sha256.as_str());
    assert_eq!(retrieved["retrieved_at"], "2027-04-16T16:00:00Z");
    // Opened on a Friday, notified on Saturday; the month ends on Whit Monday.
    let open = json!({ "notified_on": "2027-04-17", "until": "2027-05-18" });
    assert_eq!(json!({ "notified_on": retrieved["notified_on"], "until": retrieved["until"] }), open);
    stage.clock.advance(TimeDelta::hours(30));
    stage.open(&solingen, &pdf, "de").await;
    assert_eq!(stage.get(&solingen, &about).await.json(), retrieved, "only the first time counts");

    stage.clock.set("2027-05-18T21:59:00Z".parse().unwrap());
    assert_eq!(stage.said(id).await.len(), 2);
    stage.clock.set("2027-05-18T22:00:00Z".parse().unwrap());
    let said = || stage.said(id);
    until("the notice becomes final", said, |said| {
        said.last().is_some_and(|last| last == "notice-became-final")
    })
    .await;
    stage.end().await;
}

#[tokio::test]
async fn a_notice_that_nobody_opens_goes_by_post() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    let reasons =
        json!({ "kind": "reject", "reasons": "Das Projekt hat begonnen.\nDie Finanzierung ist offen." });
    assert_eq!(stage.decided(id, reasons).await, "rejected");
    assert_eq!(stage.said(id).await, ["award-rejected", "notice-issued"]);
    let entries = format!("/notices/{id}/entries");
    let record = |entry: &str, on: &str| json!({ "entry": entry, "on": on });
    let posted = |on: &str| record("posted", on);
    let worker = worker(&stage);

    let early = stage.post(&worker, &entries, posted("2027-04-15")).await;
    assert_eq!(early.problem(), (409, "conflict".into()));
    stage.clock.set("2027-04-26T08:00:00Z".parse().unwrap());
    let page = stage.open(&applicant(&stage, SOLINGEN), &format!("/award/notices/{id}"), "en").await;
    assert!(page.text().contains("You will get the notice by post"), "{page:?}");
    let future = stage.post(&worker, &entries, posted("2027-04-27")).await;
    assert_eq!(
        (future.problem(), &future.json()["errors"][0]["pointer"]),
        ((422, "invalid".into()), &json!("/on"))
    );
    let good = stage.post(&worker, &entries, posted("2027-04-26")).await.json();
    assert_eq!((&good["notified_on"], &good["until"]), (&json!("2027-04-30"), &json!("2027-05-31")));
    assert_eq!(stage.post(&worker, &entries, posted("2027-04-26")).await.problem().0, 409);

    // The recipient waives the remedy: final at once.
    let waived = stage.post(&worker, &entries, record("waived", "2027-04-26")).await.json();
    assert_eq!((&waived["standing"], &waived["on"]), (&json!("final"), &json!("2027-04-26")));
    let said = || stage.said(id);
    until("the notice becomes final", said, |said| said.len() == 3).await;
    stage.end().await;
}

#[tokio::test]
async fn a_notice_is_for_its_recipient_and_those_who_decide() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    for path in [format!("/award/notices/{id}"), format!("/award/notices/{id}/pdf")] {
        let early = stage.open(&applicant(&stage, SOLINGEN), &path, "de").await;
        assert_eq!(early.status, 404, "there is none yet");
    }
    stage.decided(id, grant()).await;
    let essen = applicant(&stage, "05113000");
    let reviewer = stage.session("reviewer", &[chassis::Role::Reviewer]);
    for stranger in [essen, reviewer] {
        for path in [format!("/award/notices/{id}"), format!("/award/notices/{id}/pdf")] {
            assert_eq!(stage.open(&stranger, &path, "de").await.status, 404);
        }
        assert_eq!(
            stage.get(&stranger, &format!("/notices/{id}")).await.problem(),
            (404, "not-found".into())
        );
    }
    stage.end().await;
}

#[tokio::test]
async fn later_notices_name_the_corrected_contact() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    let contact = Contact {
        name: "Serap Demir".to_owned(),
        email: "neu@solingen.example".to_owned(),
        phone: String::new(),
        language: Language::De,
    };
    let changed_by = Person { id: "p-1".to_owned(), name: "Serap Demir".to_owned() };
    let changed_at = "2027-04-15T10:00:00Z".parse().unwrap();
    let previous_email = "alt@solingen.example".to_owned();
    stage.intake.say(id, ContactChanged { contact, previous_email, changed_by, changed_at }).await;
    let named = async || {
        let query = "select submitted #>> '{application,contact,name}' from cases where application = $1";
        sqlx::query_scalar::<_, String>(query).bind(id.uuid()).fetch_one(&stage.db.pool).await.unwrap()
    };
    until("the contact is corrected", named, |name| name == "Serap Demir").await;
    // Nothing else of the case has changed: what was seen before can be decided.
    assert_eq!(stage.decided(id, grant()).await, "granted");
    stage.end().await;
}
