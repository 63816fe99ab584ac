//! Consuming the facts of other services, over a real broker.

use bus::control::{Command, Operator, Which};
use chassis::Role;
use events::Service;
use review::file::Stage as FileStage;
use testkit::{samples, session, until, until_some};

use crate::stage::{Stage, reviewer, sheet};

#[tokio::test]
async fn a_file_opens_in_whatever_order_its_facts_arrive() {
    let stage = Stage::new().await;
    let id = samples::new_application();
    // The confirmation arrives first, the rules last.
    stage.publish(id, samples::eligibility_confirmed()).await;
    stage.publish(id, samples::application_submitted()).await;
    let announced = until_some("the file", || stage.read(id)).await;
    assert_eq!(announced.stage, FileStage::Announced);
    stage.publish_call(samples::call()).await;
    let open = |seen: &Option<review::file::File>| {
        seen.as_ref()
            .is_some_and(|file| matches!(file.stage, FileStage::Open(terms) if terms.reviews_needed == 2))
    };
    until("the file opens", || stage.read(id), open).await;
    stage.end().await;
}

#[tokio::test]
async fn a_withdrawal_closes_the_file_also_before_it_opened() {
    let stage = Stage::new().await;
    stage.publish_call(samples::call()).await;
    let id = samples::new_application();
    let withdrawn = samples::application_withdrawn();
    stage.publish(id, samples::application_submitted()).await;
    stage.publish(id, withdrawn.clone()).await;
    stage.publish(id, samples::eligibility_confirmed()).await;
    let other = samples::new_application();
    stage.publish(other, samples::application_submitted()).await;
    stage.publish(other, samples::eligibility_confirmed()).await;
    let open = |seen: &Option<review::file::File>| {
        seen.as_ref().is_some_and(|file| file.stage != FileStage::Announced)
    };
    until("the other file opens", || stage.read(other), open).await;
    assert_eq!(stage.read(id).await.unwrap().stage, FileStage::Withdrawn(None));

    // Taken, then withdrawn: the reviewer is free for the next file.
    let anna = reviewer("anna");
    let taken = stage.post(&anna, "/next", None).await;
    assert_eq!(taken.json()["id"], other.to_string());
    stage.publish(other, withdrawn).await;
    let closed = |seen: &Option<review::file::File>| {
        seen.as_ref().is_some_and(|file| matches!(file.stage, FileStage::Withdrawn(Some(_))))
    };
    until("the withdrawal is consumed", || stage.read(other), closed).await;
    let sent = stage.post(&anna, &format!("/files/{other}/review"), sheet(3, "fund")).await;
    assert_eq!(sent.status, 409, "{sent:?}");
    let manager = testkit::session("dora", &[chassis::Role::CaseWorker]);
    let seen = stage.get(&manager, &format!("/files/{other}")).await.json();
    assert_eq!(
        (&seen["criteria"][1]["key"], &seen["needed"]),
        (&"partners".into(), &2.into()),
        "as reviewed"
    );
    let third = stage.open_file().await;
    let next = stage.post(&anna, "/next", None).await;
    assert_eq!(next.json()["id"], third.to_string());
    stage.end().await;
}

#[tokio::test]
async fn rules_by_which_nothing_can_be_scored_are_parked() {
    let stage = Stage::new().await;
    let mut call = samples::call();
    call.criteria[0].weight = 61;
    stage.publish_call(call).await;
    let parked = || async {
        let reasons =
            sqlx::query_scalar::<_, String>("select reason from bus.waiting where status = 'parked'");
        reasons.fetch_all(&stage.db).await.unwrap()
    };
    let parked = until("it is parked", parked, |parked| !parked.is_empty()).await;
    assert_eq!(parked[0], "criteria.1.weight: the weights add up to 101, expected 100");
    stage.stop().await;
}

/// The confirmation, whose publisher's clock is behind, has an earlier time than the application that it waits for:
/// redriven, both take effect.
#[tokio::test]
async fn a_redriven_application_does_not_wait_for_what_waits_for_it() {
    let stage = Stage::new().await;
    stage.publish_call(samples::call()).await;
    let pool = &stage.db;
    sqlx::query("alter table files add constraint broken check (false)").execute(pool).await.unwrap();
    let id = samples::new_application();
    stage.publish(id, samples::eligibility_confirmed()).await;
    stage.publish(id, samples::application_submitted()).await;
    let waits = || async { bus::Waiting::count(pool).await.unwrap() };
    until("one is parked, one held", waits, |waits| (waits.parked, waits.held) == (1, 1)).await;
    sqlx::query("alter table files drop constraint broken").execute(pool).await.unwrap();
    let which = Which { source: Service::Intake, key: id.uuid(), version: 1 };
    let operator = Operator::connect(stage.nats()).await.unwrap();
    let order = Command::Redrive { which, person: "operator-1".into() };
    operator.execute::<String>(Service::Review, &order).await.unwrap();
    let open = |seen: &Option<review::file::File>| {
        seen.as_ref().is_some_and(|file| file.stage != FileStage::Announced)
    };
    until("it opens", || stage.read(id), open).await;
    stage.end().await;
}

#[tokio::test]
async fn what_became_of_an_email_is_on_the_file() {
    let stage = Stage::new().await;
    let id = stage.open_file().await;
    stage.publish(id, samples::email_sent("application-submitted")).await;
    stage.publish(id, samples::email_bounced("eligibility-confirmed")).await;
    let clerk = session("clerk", &[Role::CaseWorker]);
    let path = format!("/review/files/{id}");
    let page = || stage.open(&clerk, &path, "en");
    until("both emails are shown", page, |page| page.text().contains("550 no such user")).await;
    let page = page().await.into_text();
    assert!(page.contains("Receipt") && page.contains("Not deliverable"), "{page}");
    stage.end().await;
}
