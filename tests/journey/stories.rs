use axum::http::StatusCode;
use chassis::Role;
use chrono::TimeDelta;
use events::{Cents, FinancingPlan, JointProject, Participant, Service};
use serde_json::json;
use testkit::samples::ags;
use testkit::until_some;
use tests::{Applicant, InProcess, Plan, demonstration_call, form};

/// Two tests for each story: as usual, and with every delivery doubled.
macro_rules! stories {
    ($($story:ident: $plan:expr;)+) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn once() {
                super::$story(super::InProcess::with($plan).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn with_every_delivery_doubled() {
                super::$story(super::InProcess::with(super::Plan { doubled: true, ..$plan }).await).await;
            }
        }
    )+};
}

stories! {
    funded: super::Plan::default();
    joint_project_funded: super::Plan::default();
    decided_by_a_person_as_ineligible: super::Plan::default();
    decided_by_a_person_as_eligible: super::Plan::default();
    bounced_and_corrected: super::Plan::default();
    referred_and_replied: super::Plan::default();
    declined: super::Plan::default();
    tied_after_the_review: super::Plan::default();
    withdrawn_midway: super::Plan::default();
    waitlisted_and_granted_later: super::small_budget();
}

/// Enough for one project of 48,000.00 €, not for two.
fn small_budget() -> Plan {
    let mut call = demonstration_call();
    call.budget[0].amount = Cents::euros(60_000);
    Plan { call, ..Plan::default() }
}

async fn funded(system: InProcess) {
    let who = Applicant::SOLINGEN;
    let id = system.submit(who, &form(who)).await;
    system.until_status(who, &id, "eligible").await;
    system.review_twice("fund").await;
    system.until_status(who, &id, "reviewed").await;
    system.propose(&id, json!({ "kind": "grant", "amount_cents": 4_800_000 })).await;
    assert_eq!(system.approve(&id).await, "granted");
    system.until_status(who, &id, "decided").await;

    let subjects = system.emails(who.email, 4).await;
    let pdf = system.notice_pdf(who, &id).await;
    assert!(pdf.starts_with(b"%PDF-"), "the notice is a PDF");
    system.until_quiet().await;
    assert_eq!(system.subjects(who.email), subjects, "one email for each status, and no more");
    assert_eq!(committed(&system).await, 4_800_000);
    system.finish().await;
}

async fn joint_project_funded(system: InProcess) {
    let who = Applicant::ESSEN;
    let mut project = form(who);
    project.financing = FinancingPlan {
        grant: Cents::euros(60_000),
        own_share: Cents::euros(20_000),
        third_parties: Cents::ZERO,
        total: Cents::euros(80_000),
    };
    // Bochum, Dortmund, Duisburg, Mülheim, Oberhausen; Essen leads.
    let partners = ["05911000", "05913000", "05112000", "05117000", "05119000"];
    project.joint = Some(JointProject {
        lead_share: Cents::euros(10_000),
        participants: partners.map(|key| Participant { ags: ags(key), share: Cents::euros(10_000) }).to_vec(),
    });
    let id = system.submit(who, &project).await;
    system.until_status(who, &id, "eligible").await;
    system.review_twice("fund").await;
    // A grant of less than was applied for needs reasons.
    let proposal = json!({ "kind": "grant", "amount_cents": 5_000_000, "reasons": "Die Reisekosten sind nicht notwendig." });
    system.propose(&id, proposal).await;
    assert_eq!(system.approve(&id).await, "granted");
    system.until_status(who, &id, "decided").await;
    system.emails(who.email, 4).await;
    assert!(system.notice_pdf(who, &id).await.starts_with(b"%PDF-"));
    assert_eq!(committed(&system).await, 5_000_000);
    system.finish().await;
}

/// A review is left out when its author declares bias later, and an approver from the applicant's town is refused.
async fn tied_after_the_review(system: InProcess) {
    let who = Applicant::SOLINGEN;
    let id = system.submit(who, &form(who)).await;
    system.review_twice("fund").await;
    let both = system.until_case(&id, "ready").await["weighted"].as_i64().expect("points");
    let reviewer = system.api.token("reviewer-1", Role::Reviewer, None);
    let bias = json!({ "reason": "Ich habe dort bis 2025 gearbeitet." });
    let (status, answer) = system.post(&reviewer, &format!("/review/api/files/{id}/abstain"), bias).await;
    assert!(status.is_success(), "{status} {answer}");
    let left = until_some("the review is left out", || async {
        let case = system.until_case(&id, "ready").await;
        (case["set_aside"] == json!(["reviewer-1"])).then(|| case["weighted"].as_i64().expect("points"))
    })
    .await;
    assert!(left < both, "only the lower one counts: {left} of {both}");
    system.propose(&id, json!({ "kind": "grant" })).await;
    let of_solingen = system.api.token("approver-2", Role::Approver, Some(who.ags));
    let (status, answer) =
        system.post(&of_solingen, &format!("/award/api/cases/{id}/approval"), json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    let page = system.api.bytes(&format!("/award/cases/{id}"), &of_solingen).await.expect("the page");
    assert!(!String::from_utf8_lossy(&page).contains("/approval"), "no button for them");
    assert_eq!(system.approve(&id).await, "granted");
    system.until_status(who, &id, "decided").await;
    system.finish().await;
}

async fn decided_by_a_person_as_ineligible(system: InProcess) {
    let who = Applicant::HILDEN;
    let id = system.submit(who, &form(who)).await;
    system.until_status(who, &id, "referred").await;
    system.decide_eligibility(&id, "ineligible").await;
    system.until_status(who, &id, "ineligible").await;
    // Emails: received, referred, decided.
    system.emails(who.email, 3).await;
    system.until_quiet().await;
    assert_eq!(system.subjects(who.email).len(), 3);
    system.finish().await;
}

async fn decided_by_a_person_as_eligible(system: InProcess) {
    let who = Applicant::HILDEN;
    let id = system.submit(who, &form(who)).await;
    system.until_status(who, &id, "referred").await;
    system.decide_eligibility(&id, "eligible").await;
    system.until_status(who, &id, "eligible").await;
    system.review_twice("fund").await;
    system.until_status(who, &id, "reviewed").await;
    // Emails: received, referred, eligible, reviewed.
    system.emails(who.email, 4).await;
    system.finish().await;
}

async fn bounced_and_corrected(system: InProcess) {
    let who = Applicant::SOLINGEN;
    let right = "integration@solingen.example.org";
    system.mailbox.inject_for(who.email, local::Fault::Permanent550AtRcpt, 100);
    let id = system.submit(who, &form(who)).await;
    system.until_status(who, &id, "eligible").await;
    system.until_timeline(who, &id, "email_bounced", 2).await;
    system.correct_contact(who, &id, right).await;
    // The corrected address gets the receipt and the latest status again, and every later email.
    system.emails(right, 2).await;
    system.review_twice("fund").await;
    system.until_status(who, &id, "reviewed").await;
    system.emails(right, 3).await;
    system.until_quiet().await;
    assert_eq!(system.subjects(right).len(), 3, "each once");
    assert_eq!(system.subjects(who.email).len(), 0);
    system.finish().await;
}

async fn referred_and_replied(system: InProcess) {
    let who = Applicant::HILDEN;
    let id = system.submit(who, &form(who)).await;
    system.until_status(who, &id, "referred").await;
    system.reply(who, &id, "Die Erklärung des Kreises folgt am Montag.").await;
    let case = system.until_reply(&id).await;
    assert_eq!(case["replies"][0]["text"], "Die Erklärung des Kreises folgt am Montag.");
    assert_eq!(case["replies"].as_array().map(Vec::len), Some(1));
    system.decide_eligibility(&id, "eligible").await;
    system.until_status(who, &id, "eligible").await;
    system.emails(who.email, 3).await;
    system.finish().await;
}

async fn declined(system: InProcess) {
    let who = Applicant::SOLINGEN;
    let id = system.submit(who, &form(who)).await;
    system.review_twice("decline").await;
    system
        .propose(
            &id,
            json!({ "kind": "reject", "reasons": "Das Vorhaben ist im Vergleich weniger wirksam." }),
        )
        .await;
    assert_eq!(system.approve(&id).await, "rejected");
    system.until_status(who, &id, "decided").await;
    system.emails(who.email, 4).await;
    assert!(system.notice_pdf(who, &id).await.starts_with(b"%PDF-"), "a rejection is a notice, too");
    assert_eq!(committed(&system).await, 0);
    system.finish().await;
}

async fn withdrawn_midway(system: InProcess) {
    let who = Applicant::SOLINGEN;
    let id = system.submit(who, &form(who)).await;
    system.until_status(who, &id, "eligible").await;
    system.review_next("reviewer-1", 8, "fund").await;
    system.withdraw(who, &id).await;
    system.until_status(who, &id, "withdrawn").await;
    system.until_case(&id, "withdrawn").await;
    // Emails: received, eligible, withdrawn.
    system.emails(who.email, 3).await;
    system.until_quiet().await;
    assert_eq!(system.subjects(who.email).len(), 3);
    assert_eq!(committed(&system).await, 0);
    system.finish().await;
}

async fn waitlisted_and_granted_later(system: InProcess) {
    let (first, second) = (Applicant::SOLINGEN, Applicant::ESSEN);
    let granted = system.submit(first, &form(first)).await;
    system.review_twice("fund").await;
    system.propose(&granted, json!({ "kind": "grant", "amount_cents": 4_800_000 })).await;
    assert_eq!(system.approve(&granted).await, "granted");

    system.clock.advance(TimeDelta::minutes(5));
    let waiting = system.submit(second, &form(second)).await;
    system.review_twice("fund").await;
    system.propose(&waiting, json!({ "kind": "grant", "amount_cents": 4_800_000 })).await;
    assert_eq!(system.approve(&waiting).await, "waitlisted", "12,000 € are left");
    system.until_status(second, &waiting, "waitlisted").await;
    assert_eq!(committed(&system).await, 4_800_000, "nothing is committed for the waiting list");
    // Emails: received, eligible, reviewed, waitlisted.
    system.emails(second.email, 4).await;
    system.finish().await;
}

/// The committed part of the call's budget, in cents.
async fn committed(system: &InProcess) -> i64 {
    sqlx::query_scalar("select coalesce(sum(committed_cents), 0)::bigint from budgets")
        .fetch_one(system.database(Service::Award))
        .await
        .expect("the budget")
}
