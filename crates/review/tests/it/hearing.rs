//! Facts of other services, over the real broker.

use bus::control::{Command, Which};
use events::{ApplicationId, ApplicationWithdrawn, EmailBounced, EmailSent, EventId, Person, Service};
use review::file::Stage as FileStage;
use testkit::{until, until_some};
use uuid::Uuid;

use crate::stage::{Stage, confirmed, published, sheet, submitted};

#[tokio::test]
async fn a_file_opens_in_whatever_order_its_facts_arrive() {
    let stage = Stage::new().await;
    let (intake, eligibility) =
        (stage.service(Service::Intake).await, stage.service(Service::Eligibility).await);
    let id = ApplicationId(Uuid::now_v7());
    // The confirmation comes first, the rules last.
    eligibility.say(id, confirmed()).await;
    intake.say(id, submitted()).await;
    let announced = until_some("the file", || stage.read(id)).await;
    assert_eq!(announced.stage, FileStage::Announced);
    let (call_id, rules) = published();
    intake.say(call_id, rules).await;
    let open = |seen: &Option<review::file::File>| {
        seen.as_ref().is_some_and(|file| matches!(file.stage, FileStage::Open(terms) if terms.needed == 2))
    };
    until("the file opens", || stage.read(id), open).await;
    stage.end().await;
}

#[tokio::test]
async fn a_withdrawal_closes_the_file_also_before_it_opened() {
    let stage = Stage::new().await;
    let (intake, eligibility) =
        (stage.service(Service::Intake).await, stage.service(Service::Eligibility).await);
    let (call_id, rules) = published();
    intake.say(call_id, rules).await;
    let id = ApplicationId(Uuid::now_v7());
    let withdrawn = ApplicationWithdrawn {
        withdrawn_at: stage.clock.now(),
        withdrawn_by: Person { id: "applicant".into(), name: "Erika".into() },
        reason: None,
    };
    intake.say(id, submitted()).await;
    intake.say(id, withdrawn.clone()).await;
    eligibility.say(id, confirmed()).await;
    let other = ApplicationId(Uuid::now_v7());
    intake.say(other, submitted()).await;
    eligibility.say(other, confirmed()).await;
    let open = |seen: &Option<review::file::File>| {
        seen.as_ref().is_some_and(|file| file.stage != FileStage::Announced)
    };
    until("the other file opens", || stage.read(other), open).await;
    assert_eq!(stage.read(id).await.unwrap().stage, FileStage::Withdrawn);

    // Taken, then withdrawn: the reviewer's hands are free for the next one.
    let anna = stage.reviewer("anna");
    let taken = stage.api(&anna, axum::http::Method::POST, "/next", None).await;
    assert_eq!(taken.json()["id"], other.to_string());
    intake.say(other, withdrawn).await;
    let closed = |seen: &Option<review::file::File>| {
        seen.as_ref().is_some_and(|file| file.stage == FileStage::Withdrawn)
    };
    until("the withdrawal is heard", || stage.read(other), closed).await;
    let sent = stage
        .api(&anna, axum::http::Method::POST, &format!("/files/{other}/review"), Some(sheet(3, "fund")))
        .await;
    assert_eq!(sent.status, 409, "{sent:?}");
    let third = stage.open_file().await;
    let next = stage.api(&anna, axum::http::Method::POST, "/next", None).await;
    assert_eq!(next.json()["id"], third.to_string());
    stage.end().await;
}

#[tokio::test]
async fn rules_by_which_nothing_can_be_scored_are_parked() {
    let stage = Stage::new().await;
    let intake = stage.service(Service::Intake).await;
    let (call_id, mut rules) = published();
    rules.call.criteria[0].weight = 61;
    intake.say(call_id, rules).await;
    let parked = || async {
        let reasons =
            sqlx::query_scalar::<_, String>("select reason from bus.waiting where status = 'parked'");
        reasons.fetch_all(&stage.db.pool).await.unwrap()
    };
    let parked = until("it is parked", parked, |parked| !parked.is_empty()).await;
    assert_eq!(parked[0], "the weights of the criteria add up to 101, not to 100");
}

/// The confirmation, said a moment before by a clock that goes behind, is held behind the application: redriven, both
/// take effect, although the earlier one waits for the later one.
#[tokio::test]
async fn a_redriven_application_does_not_wait_for_what_waits_for_it() {
    let stage = Stage::new().await;
    let (intake, eligibility) =
        (stage.service(Service::Intake).await, stage.service(Service::Eligibility).await);
    let (call_id, rules) = published();
    intake.say(call_id, rules).await;
    let pool = &stage.db.pool;
    sqlx::query("alter table files add constraint broken check (false)").execute(pool).await.unwrap();
    let id = ApplicationId(Uuid::now_v7());
    eligibility.say(id, confirmed()).await;
    intake.say(id, submitted()).await;
    let waits = || async { bus::Waiting::count(pool).await.unwrap() };
    until("one is parked, one held", waits, |waits| (waits.parked, waits.held) == (1, 1)).await;
    sqlx::query("alter table files drop constraint broken").execute(pool).await.unwrap();
    let which = Which { source: Service::Intake, key: id.uuid(), version: 1 };
    let order = Command::Redrive { which, person: "operator-1".into() };
    stage.operator().await.execute::<String>(Service::Review, &order).await.unwrap();
    let open = |seen: &Option<review::file::File>| {
        seen.as_ref().is_some_and(|file| file.stage != FileStage::Announced)
    };
    until("it opens", || stage.read(id), open).await;
    stage.end().await;
}

#[tokio::test]
async fn what_became_of_an_email_is_on_the_file() {
    let stage = Stage::new().await;
    let notification = stage.service(Service::Notification).await;
    let id = stage.open_file().await;
    let about = EventId(Uuid::now_v7());
    let sent = EmailSent {
        about,
        template: "application-submitted".into(),
        recipient: "erika@example.org".into(),
        message_id: "<1@example.org>".into(),
        sent_at: stage.clock.now(),
        attempts: 1,
        ambiguous: false,
    };
    let bounced = EmailBounced {
        about,
        template: "eligibility-confirmed".into(),
        recipient: "erika@example.org".into(),
        reason: "550 no such user".into(),
        bounced_at: stage.clock.now(),
    };
    notification.say(id, sent).await;
    notification.say(id, bounced).await;
    let clerk = stage.session("clerk", &[chassis::Role::CaseWorker]);
    let path = format!("/review/files/{id}");
    let page = || stage.open(&clerk, &path, "en");
    until("both emails are shown", page, |page| page.body.contains("550 no such user")).await;
    let page = page().await.body;
    assert!(page.contains("Receipt") && page.contains("Not deliverable"), "{page}");
    stage.end().await;
}
