//! Processes are killed at the named steps ([`Step`]) of publishing, consuming and emailing: rows 1 to 6 and 39.

use axum::http::Method;
use bescheid::client::Api;
use bus::step::Step;
use chassis::Role;
use events::Service;
use local::Signal;
use serde_json::json;
use testkit::{until, until_within};
use tests::{Applicant, Checks, Cluster, ClusterPlan, Course, RECOVERY_DEADLINE, Replica, form};
use uuid::Uuid;

use crate::row::Row;

/// Whether only notification reaches this step.
fn is_of_mail(step: Step) -> bool {
    step.name().starts_with("mail-")
}

/// The services that reach a step.
fn services(step: Step) -> Vec<Service> {
    Service::ALL
        .into_iter()
        .filter(|service| !is_of_mail(step) || *service == Service::Notification)
        .collect()
}

/// The steps that a service reaches.
fn steps(service: Service) -> impl Iterator<Item = Step> {
    let all = Step::ALL.iter().copied();
    all.filter(move |step| services(*step).contains(&service))
}

/// Runs a row in which each service that reaches this step is killed there, once.
async fn killed_at(number: &'static str, name: &'static str, step: Step) -> Checks {
    let services = services(step);
    let arm = |service: &Service| (*service, vec![format!("{}=kill@2", step.name())]);
    let plan = ClusterPlan { steps: services.iter().map(arm).collect(), ..ClusterPlan::default() };
    let row = Row { plan, ..Row::new(number, name) };
    let checks = row
        .run(async |cluster, _| {
            let kills = || async { kills(cluster, &services) };
            let all = |kills: &Vec<usize>| kills.iter().all(|kills| *kills == 1);
            until_within(RECOVERY_DEADLINE, "each service has died once", kills, all).await;
        })
        .await;
    assert_eq!(checks.kills, services.len());
    checks
}

fn kills(cluster: &Cluster, services: &[Service]) -> Vec<usize> {
    services.iter().map(|service| cluster.first(*service).kills()).collect()
}

/// Nothing is lost or doubled when each service is killed at each step that it reaches, one after the other. This is
/// the short form of rows 1 to 6 and 39, which `tests/run` runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_1_to_6_and_39_each_service_dies_at_each_step() {
    // Nothing is armed in the first start, so that the cluster gets ready.
    let armed = |service| {
        let steps = steps(service).map(|step| format!("{}=kill@1", step.name()));
        (service, std::iter::once(String::new()).chain(steps).collect())
    };
    let plan = ClusterPlan { steps: Service::ALL.into_iter().map(armed).collect(), ..ClusterPlan::default() };
    let name = "kill -9 at each step of each service, in turn";
    let row = Row { plan, applications: 400, rate: 2.0, ..Row::new("1-39", name) };
    let expected: Vec<usize> = Service::ALL.map(|service| 1 + steps(service).count()).into();
    row.run(async |cluster, drive| {
        drive.until_submitted(2).await;
        cluster.all.iter().for_each(|replica| replica.signal(Signal::KILL));
        let seen = || async { kills(cluster, &Service::ALL) };
        until_within(RECOVERY_DEADLINE, "each service has died at each step", seen, |kills| {
            *kills == expected
        })
        .await;
        drive.stop();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_1_killed_before_the_commit() {
    killed_at("1", "kill -9 before the commit of a unit of work", Step::Written).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_2_killed_after_the_commit() {
    killed_at("2", "kill -9 after the commit, before the answer", Step::Committed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_3_killed_before_publishing() {
    killed_at("3", "kill -9 with pointers taken, before publishing", Step::RelayTaken).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_4_killed_when_published() {
    killed_at("4", "kill -9 published, before the outbox commits", Step::RelayPublished).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_4_killed_when_the_outbox_has_committed() {
    killed_at("4", "kill -9 when the outbox has committed", Step::RelayCommitted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_5_killed_in_the_handler() {
    let checks = killed_at("5", "kill -9 in the handler, before its commit", Step::Handled).await;
    assert!(checks.redeliveries > 0, "what was not acknowledged comes again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_6_killed_before_the_acknowledgement() {
    let checks = killed_at("6", "kill -9 committed, before the acknowledgement", Step::Consumed).await;
    assert!(checks.redeliveries > 0, "what was not acknowledged comes again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_6_killed_with_the_acknowledgement_on_its_way() {
    killed_at("6", "kill -9 with the acknowledgement on its way", Step::Acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_39_killed_with_emails_claimed() {
    let checks = killed_at("39", "notification kill -9 with emails claimed", Step::MailClaimed).await;
    assert_eq!(checks.ambiguous, 0, "nothing of it was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_39_killed_before_the_final_dot() {
    killed_at("39", "notification kill -9 before the final dot", Step::MailStarted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_39_killed_when_the_server_has_answered() {
    let checks =
        killed_at("39", "notification kill -9 after the 250, before its commit", Step::MailAnswered).await;
    assert!(checks.ambiguous > 0, "it knows that it does not know");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_39_killed_when_it_is_noted() {
    killed_at("39", "notification kill -9 when it is stored that it was sent", Step::MailNoted).await;
}

/// A client calls intake directly, since the gateway would repeat the request until intake runs again.
async fn client_of_intake(number: &'static str, name: &'static str, step: Step, stored_before: i64) {
    let steps = vec![format!("{}=kill@1", step.name())];
    let plan = ClusterPlan { steps: [(Service::Intake, steps)].into(), ..ClusterPlan::default() };
    let row = Row { plan, applications: 0, ..Row::new(number, name) };
    row.run(async |cluster, drive| {
        let intake = cluster.first(Service::Intake);
        let api = direct(intake);
        let token = api.token("solingen", Role::Applicant, Some(Applicant::SOLINGEN.ags));
        let body = json!({ "call": "komm-in-2027", "application": form(Applicant::SOLINGEN) });
        let key = Uuid::new_v4().to_string();
        let post = || api.call(Method::POST, "/apply/api/applications", &token, Some(&key), Some(&body));
        let first = post().await;
        assert!(first.is_err(), "the process died over it, yet: {first:?}");
        let stored = count(cluster).await;
        assert_eq!(stored, stored_before, "applications stored when the client had no answer");
        cluster.until_ready().await;
        let (status, answer) =
            until("an answer", || async { post().await.ok() }, Option::is_some).await.expect("one");
        assert!(status.is_success(), "{status} {answer}");
        let (_, again) = post().await.expect("an answer");
        assert_eq!(again, answer, "the same key, the same answer");
        assert_eq!(count(cluster).await, 1);
        let id = answer["id"].as_str().expect("an id");
        drive.accept(id.parse().expect("an id"), Course::Withdrawn);
        let path = format!("/apply/api/applications/{id}/withdrawal");
        let body = json!({ "reason": "Kein Bedarf" });
        let (status, answer) = api
            .call(Method::POST, &path, &token, Some(&Uuid::new_v4().to_string()), Some(&body))
            .await
            .expect("an answer");
        assert!(status.is_success(), "{status} {answer}");
    })
    .await;
}

async fn count(cluster: &Cluster) -> i64 {
    let count = sqlx::query_scalar("select count(*) from applications");
    count.fetch_one(cluster.database(Service::Intake)).await.expect("a count")
}

/// A client of one replica, without the gateway.
pub fn direct(replica: &Replica) -> Api {
    Api::new(format!("http://{}", replica.listen), tests::keys(), chassis::Clock::system())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_1_a_client_without_an_answer_finds_nothing_stored() {
    client_of_intake("1", "the same, as a client of intake sees it", Step::Written, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by tests/run --faults"]
async fn row_2_a_client_without_an_answer_gets_the_same_one_with_its_key() {
    client_of_intake("2", "the same, as a client of intake sees it", Step::Committed, 1).await;
}
