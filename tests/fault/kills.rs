//! A process is killed at a named step of a fact's travel: rows 1 to 6 and 39, generated from the
//! list of all steps.

use bus::step::Step;
use events::Service;
use testkit::until_within;
use tests::{Ledger, RigPlan};

use crate::row::Row;

/// Only notification gets to these.
fn is_of_mail(step: Step) -> bool {
    step.name().starts_with("mail-")
}

/// Where a step occurs.
fn services(step: Step) -> Vec<Service> {
    Service::ALL
        .into_iter()
        .filter(|service| !is_of_mail(step) || *service == Service::Notification)
        .collect()
}

/// Every service that gets to this step dies there, once.
async fn killed_at(number: &'static str, step: Step) -> Ledger {
    let services = services(step);
    let arm = |service: &Service| (*service, vec![format!("{}=kill@2", step.name())]);
    let row = Row {
        plan: RigPlan { steps: services.iter().map(arm).collect(), ..RigPlan::default() },
        ..Row::new(number, step.name())
    };
    let ledger = row
        .run(async |rig, _| {
            let kills =
                || async { services.iter().map(|service| rig.first(*service).kills()).collect::<Vec<_>>() };
            let all = |kills: &Vec<usize>| kills.iter().all(|kills| *kills == 1);
            until_within(tests::PATIENCE, "each service has died once", kills, all).await;
        })
        .await;
    assert_eq!(ledger.kills, services.len());
    ledger
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_5_killed_in_the_handler_before_the_commit() {
    killed_at("5", Step::Handled).await;
}
