use axum::http::StatusCode;
use chassis::Role;
use chrono::TimeDelta;
use events::{Cents, FinancingPlan, JointProject, Participant, Service};
use serde_json::json;
use testkit::samples::ags;
use testkit::until_some;
use tests::{Applicant, Plan, World, demonstration_call, form};

/// Tells a story twice: as usual, and with every delivery doubled.
macro_rules! stories {
    ($($story:ident: $plan:expr;)+) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn once() {
                super::$story(super::World::with($plan).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn with_every_delivery_doubled() {
                super::$story(super::World::with(super::Plan { doubled: true, ..$plan }).await).await;
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
    Plan { call: Some(call), ..Plan::default() }
}

async fn funded(world: World) {
    let who = Applicant::SOLINGEN;
    let id = world.submit(who, &form(who)).await;
    world.until_status(who, &id, "eligible").await;
    world.review_twice("fund").await;
    world.until_status(who, &id, "reviewed").await;
    world.propose(&id, json!({ "kind": "grant", "amount_cents": 4_800_000 })).await;
    assert_eq!(world.approve(&id).await, "granted");
    world.until_status(who, &id, "decided").await;

    let subjects = world.emails(who.email, 4).await;
    let pdf = world.notice_pdf(who, &id).await;
    assert!(pdf.starts_with(b"%PDF-"), "the notice is a PDF");
    world.until_quiet().await;
    assert_eq!(world.subjects(who.email), subjects, "one email for each status, and no more");
    assert_eq!(committed(&world).await, 4_800_000);
    world.finish().await;
}

async fn joint_project_funded(world: World) {
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
    let id = world.submit(who, &project).await;
    world.until_status(who, &id, "eligible").await;
    world.review_twice("fund").await;
    // Less than applied for: the reasons are compulsory.
    let proposal = json!({ "kind": "grant", "amount_cents": 5_000_000, "reasons": "Die Reisekosten sind nicht notwendig." });
    world.propose(&id, proposal).await;
    assert_eq!(world.approve(&id).await, "granted");
    world.until_status(who, &id, "decided").await;
    world.emails(who.email, 4).await;
    assert!(world.notice_pdf(who, &id).await.starts_with(b"%PDF-"));
    assert_eq!(committed(&world).await, 5_000_000);
    world.finish().await;
}

/// A reviewer declares bias after the last review: it is left out. An approver of the town is refused.
async fn tied_after_the_review(world: World) {
    let who = Applicant::SOLINGEN;
    let id = world.submit(who, &form(who)).await;
    world.review_twice("fund").await;
    let both = world.until_case(&id, "ready").await["weighted"].as_i64().expect("points");
    let reviewer = world.api.token("reviewer-1", Role::Reviewer, None);
    let bias = json!({ "reason": "Ich habe dort bis 2025 gearbeitet." });
    let (status, answer) = world.post(&reviewer, &format!("/review/api/files/{id}/abstain"), bias).await;
    assert!(status.is_success(), "{status} {answer}");
    let left = until_some("the review is left out", || async {
        let case = world.until_case(&id, "ready").await;
        (case["set_aside"] == json!(["reviewer-1"])).then(|| case["weighted"].as_i64().expect("points"))
    })
    .await;
    assert!(left < both, "only the lower one counts: {left} of {both}");
    world.propose(&id, json!({ "kind": "grant" })).await;
    let of_solingen = world.api.token("approver-2", Role::Approver, Some(who.ags));
    let (status, answer) =
        world.post(&of_solingen, &format!("/award/api/cases/{id}/approval"), json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    let page = world.api.bytes(&format!("/award/cases/{id}"), &of_solingen).await.expect("the page");
    assert!(!String::from_utf8_lossy(&page).contains("/approval"), "no button for them");
    assert_eq!(world.approve(&id).await, "granted");
    world.until_status(who, &id, "decided").await;
    world.finish().await;
}

async fn decided_by_a_person_as_ineligible(world: World) {
    let who = Applicant::HILDEN;
    let id = world.submit(who, &form(who)).await;
    world.until_status(who, &id, "referred").await;
    world.decide_eligibility(&id, "ineligible").await;
    world.until_status(who, &id, "ineligible").await;
    // Received, referred, decided.
    world.emails(who.email, 3).await;
    world.until_quiet().await;
    assert_eq!(world.subjects(who.email).len(), 3);
    world.finish().await;
}

async fn decided_by_a_person_as_eligible(world: World) {
    let who = Applicant::HILDEN;
    let id = world.submit(who, &form(who)).await;
    world.until_status(who, &id, "referred").await;
    world.decide_eligibility(&id, "eligible").await;
    world.until_status(who, &id, "eligible").await;
    world.review_twice("fund").await;
    world.until_status(who, &id, "reviewed").await;
    // Received, referred, eligible, reviewed.
    world.emails(who.email, 4).await;
    world.finish().await;
}

async fn bounced_and_corrected(world: World) {
    let who = Applicant::SOLINGEN;
    let right = "integration@solingen.example.org";
    world.mailbox.inject_for(who.email, local::Fault::Permanent550AtRcpt, 100);
    let id = world.submit(who, &form(who)).await;
    world.until_status(who, &id, "eligible").await;
    world.until_timeline(who, &id, "email_bounced", 2).await;
    world.correct_contact(who, &id, right).await;
    // The receipt and the newest news; from then on everything.
    world.emails(right, 2).await;
    world.review_twice("fund").await;
    world.until_status(who, &id, "reviewed").await;
    world.emails(right, 3).await;
    world.until_quiet().await;
    assert_eq!(world.subjects(right).len(), 3, "each once");
    assert_eq!(world.subjects(who.email).len(), 0);
    world.finish().await;
}

async fn referred_and_replied(world: World) {
    let who = Applicant::HILDEN;
    let id = world.submit(who, &form(who)).await;
    world.until_status(who, &id, "referred").await;
    world.reply(who, &id, "Die Erklärung des Kreises folgt am Montag.").await;
    let case = world.until_reply(&id).await;
    assert_eq!(case["replies"][0]["text"], "Die Erklärung des Kreises folgt am Montag.");
    assert_eq!(case["replies"].as_array().map(Vec::len), Some(1));
    world.decide_eligibility(&id, "eligible").await;
    world.until_status(who, &id, "eligible").await;
    world.emails(who.email, 3).await;
    world.finish().await;
}

async fn declined(world: World) {
    let who = Applicant::SOLINGEN;
    let id = world.submit(who, &form(who)).await;
    world.review_twice("decline").await;
    world
        .propose(
            &id,
            json!({ "kind": "reject", "reasons": "Das Vorhaben ist im Vergleich weniger wirksam." }),
        )
        .await;
    assert_eq!(world.approve(&id).await, "rejected");
    world.until_status(who, &id, "decided").await;
    world.emails(who.email, 4).await;
    assert!(world.notice_pdf(who, &id).await.starts_with(b"%PDF-"), "a rejection is a notice, too");
    assert_eq!(committed(&world).await, 0);
    world.finish().await;
}

async fn withdrawn_midway(world: World) {
    let who = Applicant::SOLINGEN;
    let id = world.submit(who, &form(who)).await;
    world.until_status(who, &id, "eligible").await;
    world.review_next("reviewer-1", 8, "fund").await;
    world.withdraw(who, &id).await;
    world.until_status(who, &id, "withdrawn").await;
    world.until_case(&id, "withdrawn").await;
    // Received, eligible, withdrawn.
    world.emails(who.email, 3).await;
    world.until_quiet().await;
    assert_eq!(world.subjects(who.email).len(), 3);
    assert_eq!(committed(&world).await, 0);
    world.finish().await;
}

async fn waitlisted_and_granted_later(world: World) {
    let (first, second) = (Applicant::SOLINGEN, Applicant::ESSEN);
    let granted = world.submit(first, &form(first)).await;
    world.review_twice("fund").await;
    world.propose(&granted, json!({ "kind": "grant", "amount_cents": 4_800_000 })).await;
    assert_eq!(world.approve(&granted).await, "granted");

    world.clock.advance(TimeDelta::minutes(5));
    let waiting = world.submit(second, &form(second)).await;
    world.review_twice("fund").await;
    world.propose(&waiting, json!({ "kind": "grant", "amount_cents": 4_800_000 })).await;
    assert_eq!(world.approve(&waiting).await, "waitlisted", "12,000 € are left");
    world.until_status(second, &waiting, "waitlisted").await;
    assert_eq!(committed(&world).await, 4_800_000, "nothing is committed for the waiting list");
    // Received, eligible, reviewed, waitlisted.
    world.emails(second.email, 4).await;
    world.finish().await;
}

/// What the budget of the call has committed, in cents.
async fn committed(world: &World) -> i64 {
    sqlx::query_scalar("select coalesce(sum(committed_cents), 0)::bigint from budgets")
        .fetch_one(world.database(Service::Award))
        .await
        .expect("the budget")
}
