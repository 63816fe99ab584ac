//! What operators see of parked facts, and what they can do about them.

use bus::control::{Command, DryRun, WaitingFact, WaitingFactDetails, Which};
use chassis::Role;
use events::{Kind, Service};
use serde_json::json;
use testkit::{samples, until};
use tests::{Applicant, InProcess, form};
use uuid::Uuid;

/// Each consumer parks an `application-submitted` without content, and operators can inspect, dry-run and drop it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parked_fact_is_seen_rehearsed_and_given_up_everywhere() {
    let system = InProcess::new().await;
    let who = Applicant::SOLINGEN;
    let id = system.submit(who, &form(who)).await;
    system.until_status(who, &id, "eligible").await;

    let key = Uuid::new_v4();
    let broken = json!({
        "specversion": "1.0", "id": Uuid::now_v7(), "source": "/bescheid/intake",
        "type": Kind::ApplicationSubmitted.type_name(), "subject": key, "time": samples::noon(),
        "datacontenttype": "application/json", "version": 1, "data": {},
    });
    let raw = async_nats::connect(system.nats.url()).await.expect("a client");
    raw.publish(Kind::ApplicationSubmitted.subject(key), broken.to_string().into()).await.expect("published");
    raw.flush().await.expect("flushed");

    let which = Which { source: Service::Intake, key, version: 1 };
    let token = system.api.token("operator-1", Role::Operator, None);
    for at in [Service::Eligibility, Service::Review, Service::Award, Service::Notification] {
        let parked = || async {
            system.operator.execute::<Vec<WaitingFact>>(at, &Command::Parked).await.unwrap_or_default()
        };
        let parked = until("it is parked", parked, |parked| parked.len() == 1).await;
        assert!(parked[0].reason.contains("missing field"), "{parked:?}");
        let shown: WaitingFactDetails =
            system.operator.execute(at, &Command::Show(which)).await.expect("shown");
        assert_eq!(shown.envelope["subject"], key.to_string());
        let run: DryRun = system.operator.execute(at, &Command::DryRun(which)).await.expect("rehearsed");
        assert!(run.error.is_some_and(|why| why.contains("missing field")));
        // The page for operators shows the same reason.
        let page =
            system.api.bytes(&format!("/ops/parked/{at}/intake/{key}/1"), &token).await.expect("a page");
        assert!(String::from_utf8_lossy(&page).contains("missing field"));
        for (person, reason) in [("operator-1", "Ohne Inhalt"), ("operator-2", "")] {
            let order = Command::Drop { which, person: person.into(), reason: reason.into() };
            system.operator.execute::<String>(at, &order).await.expect("done");
        }
    }
    let reconciliation = system.api.bytes("/ops/reconciliation", &token).await.expect("a page");
    assert!(String::from_utf8_lossy(&reconciliation).contains("eligibility"), "the page of reconciliation");
    system.emails(who.email, 2).await;
    // Intake never published this fact, so once it is given up the reconciliation does not count it.
    system.finish().await;
}
