use axum::http::{Method, StatusCode};
use events::{
    AnyFact, ApplicationWaitlisted, AwardGranted, Cents, Decider, EligibilityConfirmed, EligibilityReferred,
    EmailBounced, EmailSent, EventId, Finding, IneligibilityConfirmed, NoticeBecameFinal, NoticeId,
    NoticeIssued, NoticeKind, Outcome, Person, Recommendation, ReviewCompleted, Rule, Service,
};
use serde_json::{Value, json};
use testkit::until;
use uuid::Uuid;

use super::world::{World, begin, now, solingen};

fn person() -> Person {
    Person { id: "cw-1".into(), name: "Jana Kurz".into() }
}

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
    EligibilityReferred { findings, rule_version: 1, register_day: now().date_naive() }
}

pub(super) fn confirmed() -> EligibilityConfirmed {
    EligibilityConfirmed {
        findings: Vec::new(),
        decided_by: Decider::Rules,
        rule_version: 1,
        register_day: now().date_naive(),
    }
}

fn granted() -> AwardGranted {
    AwardGranted {
        call: crate::samples::call().id(),
        amount: Cents::euros(1),
        budget_year: 2027,
        reasons_for_less: None,
        proposed_by: person(),
        approved_by: person(),
    }
}

fn waitlisted() -> ApplicationWaitlisted {
    let amount = Cents::euros(1);
    ApplicationWaitlisted {
        amount,
        budget_year: 2027,
        left: Cents::ZERO,
        proposed_by: person(),
        approved_by: person(),
    }
}

fn issued() -> NoticeIssued {
    NoticeIssued {
        notice: NoticeId(Uuid::nil()),
        kind: NoticeKind::Award,
        sha256: "00".into(),
        issued_at: now(),
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

fn sent() -> EmailSent {
    EmailSent {
        about: EventId(Uuid::nil()),
        template: "application-submitted".into(),
        recipient: "integration@solingen.example".into(),
        message_id: "<1@bescheid>".into(),
        sent_at: now(),
        attempts: 1,
        ambiguous: false,
    }
}

fn bounced() -> EmailBounced {
    EmailBounced {
        about: EventId(Uuid::nil()),
        template: "notice-issued".into(),
        recipient: "integration@solingen.example".into(),
        reason: "550 no such user".into(),
        bounced_at: now(),
    }
}

async fn view<B>(world: &World<B>, id: events::ApplicationId) -> Value {
    world.api(Method::GET, &format!("/applications/{id}"), &solingen(), None, None).await.json()
}

fn entries(view: &Value) -> usize {
    view["timeline"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_the_others_say_is_on_the_timeline() {
    let world = begin().await;
    let id = world.submit(&solingen(), "k").await;
    world.clock.advance(chrono::TimeDelta::seconds(1));
    let eligibility = world.other(Service::Eligibility).await;
    let review = world.other(Service::Review).await;
    let award = world.other(Service::Award).await;
    let notification = world.other(Service::Notification).await;

    notification.say(id, [sent().into(), bounced().into()]).await;
    eligibility.say(id, [AnyFact::from(referred()), confirmed().into()]).await;
    until("eligible", || view(&world, id), |view| view["status"] == "eligible" && entries(view) == 5).await;
    // The deciders' word overtakes the reviewers'.
    award.say(id, [AnyFact::from(waitlisted()), granted().into(), issued().into()]).await;
    until("decided", || view(&world, id), |view| view["status"] == "decided" && entries(view) == 8).await;
    review.say(id, [reviewed().into()]).await;
    let last = NoticeBecameFinal { notice: NoticeId(Uuid::nil()), final_on: now().date_naive() };
    award.say(id, [last.into()]).await;
    let seen =
        until("final", || view(&world, id), |view| view["status"] == "final" && entries(view) == 10).await;

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
    let answer = world.api(Method::POST, &withdrawal, &solingen(), None, Some(json!({}))).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    for other in [eligibility, review, award, notification] {
        other.end().await;
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withdrawn_stays_withdrawn_whatever_is_on_its_way() {
    let world = begin().await;
    let id = world.submit(&solingen(), "k").await;
    let withdrawal = format!("/applications/{id}/withdrawal");
    world.api(Method::POST, &withdrawal, &solingen(), None, Some(json!({}))).await;
    let eligibility = world.other(Service::Eligibility).await;
    let award = world.other(Service::Award).await;
    let refused = IneligibilityConfirmed {
        findings: Vec::new(),
        decided_by: Decider::Person { person: person(), reason: "Keine Erklärung des Kreises".into() },
        rule_version: 1,
    };
    eligibility.say(id, [confirmed().into(), refused.into()]).await;
    award.say(id, [granted().into()]).await;
    let seen = until("all is noted", || view(&world, id), |view| entries(view) == 5).await;
    assert_eq!(seen["status"], "withdrawn");
    let reason =
        seen["timeline"].as_array().unwrap().iter().find(|entry| entry["what"] == "ineligible").unwrap();
    assert_eq!(reason["reason"], "Keine Erklärung des Kreises");
    eligibility.end().await;
    award.end().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_about_an_application_that_never_was_is_parked() {
    let world = begin().await;
    let eligibility = world.other(Service::Eligibility).await;
    eligibility.say(events::ApplicationId(Uuid::now_v7()), [confirmed().into()]).await;
    let parked = || async {
        sqlx::query_scalar::<_, String>("select reason from bus.waiting where status = 'parked'")
            .fetch_optional(&world.db)
            .await
            .unwrap()
    };
    let reason = testkit::until_some("it is parked", parked).await;
    assert!(reason.contains("was never submitted here"), "{reason}");
    eligibility.end().await;
}
