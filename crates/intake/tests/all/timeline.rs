use axum::http::StatusCode;
use events::{
    AnyFact, ApplicationWaitlisted, AwardGranted, Cents, Decider, EligibilityReferred, Finding,
    IneligibilityConfirmed, NoticeBecameFinal, NoticeId, NoticeIssued, NoticeKind, Outcome, Recommendation,
    ReviewCompleted, Rule,
};
use serde_json::{Value, json};
use testkit::{samples, until};
use uuid::Uuid;

use crate::stage::{Stage, call, solingen};

fn finding(outcome: Outcome) -> Finding {
    Finding {
        rule: Rule::ImmigrationOffice,
        ags: None,
        outcome,
        clause: "§ 1 Nr. 4 ZustAVO NRW".into(),
        value: "keine eigene Ausländerbehörde".into(),
        source: "Register".into(),
        remedy: Some("Erklärung des Kreises Mettmann".into()),
        english: None,
    }
}

fn referred() -> EligibilityReferred {
    let findings = vec![finding(Outcome::Met), finding(Outcome::PersonMustDecide)];
    EligibilityReferred { findings, rule_version: 1, register_day: samples::noon().date_naive() }
}

fn granted() -> AwardGranted {
    AwardGranted {
        call: call().id(),
        amount: Cents::euros(1),
        budget_year: 2027,
        reasons_for_less: None,
        proposed_by: samples::person("worker"),
        approved_by: samples::person("worker"),
    }
}

fn waitlisted() -> ApplicationWaitlisted {
    let amount = Cents::euros(1);
    ApplicationWaitlisted {
        amount,
        budget_year: 2027,
        left: Cents::ZERO,
        proposed_by: samples::person("worker"),
        approved_by: samples::person("worker"),
    }
}

fn issued() -> NoticeIssued {
    NoticeIssued {
        notice: NoticeId(Uuid::nil()),
        kind: NoticeKind::Award,
        sha256: "00".into(),
        issued_at: samples::noon(),
    }
}

fn reviewed() -> ReviewCompleted {
    ReviewCompleted {
        reviews: Vec::new(),
        weighted: 7_000,
        recommendation: Recommendation::Fund,
        split: false,
    }
}

async fn view(stage: &Stage, id: events::ApplicationId) -> Value {
    stage.get(&solingen(), &format!("/applications/{id}")).await.json()
}

fn entries(view: &Value) -> usize {
    view["timeline"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_the_others_say_is_on_the_timeline() {
    let stage = Stage::new().await;
    let id = stage.submit(&solingen(), "k").await;
    stage.clock.advance(chrono::TimeDelta::seconds(1));

    stage
        .publish_all(
            id,
            [
                samples::email_sent("application-submitted").into(),
                samples::email_bounced("notice-issued").into(),
            ],
        )
        .await;
    stage.publish_all(id, [AnyFact::from(referred()), samples::eligibility_confirmed().into()]).await;
    until("eligible", || view(&stage, id), |view| view["status"] == "eligible" && entries(view) == 5).await;
    // The decision of the award service overtakes that of the reviewers.
    stage.publish_all(id, [AnyFact::from(waitlisted()), granted().into(), issued().into()]).await;
    until("decided", || view(&stage, id), |view| view["status"] == "decided" && entries(view) == 8).await;
    stage.publish(id, reviewed()).await;
    let last = NoticeBecameFinal { notice: NoticeId(Uuid::nil()), final_on: samples::noon().date_naive() };
    stage.publish(id, last).await;
    let seen =
        until("final", || view(&stage, id), |view| view["status"] == "final" && entries(view) == 10).await;

    let what = |entry: &Value| entry["what"].as_str().unwrap().to_owned();
    let mut all: Vec<String> = seen["timeline"].as_array().unwrap().iter().map(what).collect();
    assert_eq!(all[0], "submitted");
    let place = |what: &str| all.iter().position(|one| one == what).unwrap();
    assert!(place("decided") < place("notice_issued"), "said at one moment: {all:?}");
    all.sort();
    assert_eq!(
        all,
        [
            "decided",
            "eligible",
            "email_bounced",
            "email_sent",
            "notice_final",
            "notice_issued",
            "referred",
            "reviewed",
            "submitted",
            "waitlisted",
        ]
    );
    let referred =
        seen["timeline"].as_array().unwrap().iter().find(|entry| entry["what"] == "referred").unwrap();
    assert_eq!(referred["points"].as_array().unwrap().len(), 1, "only what is open");
    assert_eq!(referred["points"][0]["remedy"], "Erklärung des Kreises Mettmann");

    let withdrawal = format!("/applications/{id}/withdrawal");
    let answer = stage.post(&solingen(), &withdrawal, json!({})).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withdrawn_stays_withdrawn_whatever_is_on_its_way() {
    let stage = Stage::new().await;
    let id = stage.submit(&solingen(), "k").await;
    let withdrawal = format!("/applications/{id}/withdrawal");
    stage.post(&solingen(), &withdrawal, json!({})).await;
    let refused = IneligibilityConfirmed {
        findings: Vec::new(),
        decided_by: Decider::Person {
            person: samples::person("worker"),
            reason: "Keine Erklärung des Kreises".into(),
        },
        rule_version: 1,
    };
    stage.publish_all(id, [samples::eligibility_confirmed().into(), refused.into()]).await;
    stage.publish(id, granted()).await;
    let seen = until("all is noted", || view(&stage, id), |view| entries(view) == 5).await;
    assert_eq!(seen["status"], "withdrawn");
    let reason =
        seen["timeline"].as_array().unwrap().iter().find(|entry| entry["what"] == "ineligible").unwrap();
    assert_eq!(reason["reason"], "Keine Erklärung des Kreises");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_about_an_application_that_never_was_is_parked() {
    let stage = Stage::new().await;
    stage.publish(samples::new_application(), samples::eligibility_confirmed()).await;
    let parked = || async {
        sqlx::query_scalar::<_, String>("select reason from bus.waiting where status = 'parked'")
            .fetch_optional(&stage.db)
            .await
            .unwrap()
    };
    let reason = testkit::until_some("it is parked", parked).await;
    assert!(reason.contains("was never submitted here"), "{reason}");
    stage.stop().await;
}
