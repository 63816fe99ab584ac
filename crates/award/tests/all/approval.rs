//! Before an approval: the exact notice, and what will happen. Only what was seen is approved.

use chrono::TimeDelta;
use events::{ApplicationId, Cents};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::{Answer, samples};

use crate::pages::approval;
use crate::stage::{Stage, applicant, approver, grant, reviews, submitted, worker};

async fn propose(stage: &Stage, id: ApplicationId, proposal: Value) {
    let proposed = stage.post(&worker(), &format!("/cases/{id}/proposal"), proposal).await;
    assert_eq!(proposed.status, 200, "{proposed:?}");
}

async fn approve(stage: &Stage, case: &str, revision: &str, sha256: &str) -> Answer {
    let form = [("revision", revision), ("sha256", sha256)];
    stage.send_form(&approver(), &format!("{case}/approval"), &form).await
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn the_preview_is_the_very_notice_and_looking_changes_nothing() {
    let stage = Stage::new(Cents::euros(100_000)).await;
    let id = stage.ready(1).await;
    let case = format!("/award/cases/{id}");
    let preview = format!("{case}/preview");
    // Nothing is proposed yet: nothing would be issued.
    assert_eq!(stage.open(&worker(), &preview, "de").await.status, 409);
    propose(&stage, id, grant()).await;

    let mut seen = Vec::new();
    for reader in [worker(), approver()] {
        seen.push(stage.open(&reader, &preview, "de").await);
    }
    assert!(seen.iter().all(|seen| seen.status == 200 && seen.body.starts_with(b"%PDF")));
    assert_eq!(seen[0].body, seen[1].body);
    for other in [applicant("05122000"), applicant("05113000")] {
        assert_eq!(stage.open(&other, &preview, "de").await.status, 403);
        assert_eq!(stage.open(&other, &format!("{case}/approval"), "de").await.status, 403);
    }
    assert_eq!(stage.open(&worker(), &format!("{case}/approval"), "de").await.status, 403);
    let page = stage.open(&approver(), &format!("{case}/approval"), "de").await;
    for words in ["Solingen erhält 60.000,00", "danach sind dort noch 40.000,00", "rechtliche Wirkung"] {
        assert!(page.text().contains(words), "{words}: {page:?}");
    }
    let (revision, sha256) = approval(&stage, &case).await;
    assert_eq!(sha256, hash(&seen[0].body));
    assert_eq!(stage.get(&worker(), &format!("/cases/{id}")).await.json()["state"], "proposed");
    assert!(stage.kinds(id).await.is_empty());

    let approved = approve(&stage, &case, &revision, &sha256).await;
    assert_eq!(&*approved.location, &*format!("{case}?done=granted"), "{approved:?}");
    let issued = stage.open(&approver(), &format!("/award/notices/{id}/pdf"), "de").await;
    assert_eq!(issued.body, seen[0].body);
    stage.end().await;
}

#[tokio::test]
async fn on_a_new_day_the_notice_differs_and_is_shown_again() {
    let stage = Stage::new(Cents::euros(100_000)).await;
    let id = stage.ready(1).await;
    let case = format!("/award/cases/{id}");
    propose(&stage, id, json!({ "kind": "reject", "reasons": "Es hat begonnen." })).await;
    let page = stage.open(&approver(), &format!("{case}/approval"), "de").await;
    assert!(page.text().contains("wird abgelehnt"), "{page:?}");
    let (revision, sha256) = approval(&stage, &case).await;
    stage.clock.advance(TimeDelta::days(1));
    let again = approve(&stage, &case, &revision, &sha256).await;
    assert_eq!(again.status, 409);
    for words in ["Nicht freigegeben", "anders aus als der, den Sie gesehen haben", "wird abgelehnt"] {
        assert!(again.text().contains(words), "{words}: {again:?}");
    }
    assert!(stage.kinds(id).await.is_empty());
    // A program that sends the hash is refused as well; one that sends none approves the current proposal.
    let path = format!("/cases/{id}/approval");
    let old = stage.post(&approver(), &path, json!({ "sha256": sha256 })).await;
    assert_eq!(old.problem(), (409, "conflict".into()));
    let now = stage.get(&approver(), &path).await.json();
    assert_eq!((&now["state"], &now["amount_cents"]), (&json!("rejected"), &json!(0)));
    let done = stage.post(&approver(), &path, json!({ "sha256": now["sha256"] })).await;
    assert_eq!(done.json()["state"], "rejected");
    stage.end().await;
}

#[tokio::test]
async fn a_changed_proposal_is_not_approved_and_shown_again() {
    let stage = Stage::new(Cents::euros(100_000)).await;
    let id = stage.ready(1).await;
    let case = format!("/award/cases/{id}");
    propose(&stage, id, grant()).await;
    let (revision, sha256) = approval(&stage, &case).await;
    let back = [("reason", "Weniger, bitte.")];
    stage.send_form(&approver(), &format!("{case}/return"), &back).await;
    propose(&stage, id, json!({ "kind": "grant", "amount_cents": 5_000_000, "reasons": "Räume sind frei." }))
        .await;
    let stale = approve(&stage, &case, &revision, &sha256).await;
    assert_eq!(stale.status, 409);
    assert!(stale.text().contains("hat sich geändert, seit Sie die Seite geöffnet haben"), "{stale:?}");
    assert!(stale.text().contains("erhält 50.000,00"), "{stale:?}");
    assert!(stage.kinds(id).await.is_empty());
    stage.end().await;
}

#[tokio::test]
async fn money_that_comes_or_goes_meanwhile_is_told() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let (first, second) = (stage.ready(1).await, stage.ready(2).await);
    let case = format!("/award/cases/{second}");
    propose(&stage, second, grant()).await;
    let (revision, sha256) = approval(&stage, &case).await;
    assert_eq!(stage.decided(first, grant()).await, "granted");

    let gone = approve(&stage, &case, &revision, &sha256).await;
    assert_eq!(gone.status, 409);
    for words in
        ["Jetzt reichen sie nicht mehr", "Bewilligt wird nichts", "Warteliste", "Ein Bescheid ergeht nicht"]
    {
        assert!(gone.text().contains(words), "{words}: {gone:?}");
    }
    assert_eq!(stage.open(&approver(), &format!("{case}/preview"), "de").await.status, 404);
    let (revision, none) = approval(&stage, &case).await;
    assert_eq!(none, "");
    stage.publish(first, samples::application_withdrawn()).await;
    stage.until_state(first, "withdrawn").await;
    let back = approve(&stage, &case, &revision, &none).await;
    assert!(
        back.status == 409 && back.text().contains("Jetzt reichen sie, und ein Bescheid würde ergehen"),
        "{back:?}"
    );
    assert!(stage.kinds(second).await.is_empty());
    let (revision, sha256) = approval(&stage, &case).await;
    let approved = approve(&stage, &case, &revision, &sha256).await;
    assert_eq!(&*approved.location, &*format!("{case}?done=granted"));
    stage.end().await;
}

#[tokio::test]
async fn what_is_outside_of_the_calls_limits_is_said() {
    let stage = Stage::new(Cents::euros(900_000)).await;
    let mut large = submitted(1);
    large.application.financing.grant = Cents::euros(120_000);
    large.application.financing.total = Cents::euros(135_000);
    let id = stage.ready_with(large, reviews(8_000)).await;
    let case = format!("/award/cases/{id}");
    for (amount, words) in [
        (
            12_000_000,
            "Bewilligt würden 120.000,00\u{a0}€. Der Aufruf sieht für ein Projekt höchstens 100.000,00",
        ),
        (
            10_000_000,
            "Beantragt sind 120.000,00\u{a0}€. Der Aufruf sieht für ein Projekt höchstens 100.000,00",
        ),
        (499_999, "Bewilligt würden 4.999,99\u{a0}€. Der Aufruf sieht mindestens 5.000,00"),
    ] {
        propose(&stage, id, json!({ "kind": "grant", "amount_cents": amount, "reasons": "Darum." })).await;
        let page = stage.open(&approver(), &format!("{case}/approval"), "de").await;
        assert!(page.text().contains(words), "{words}: {page:?}");
        stage.send_form(&approver(), &format!("{case}/return"), &[("reason", "Anders.")]).await;
    }
    stage.end().await;
}

#[tokio::test]
async fn what_is_above_the_calls_maximum_is_marked_in_the_ranking_until_less_is_proposed() {
    let stage = Stage::new(Cents::euros(100_000)).await;
    let mut large = submitted(1);
    large.application.financing.grant = Cents(10_000_001);
    large.application.financing.total = Cents(11_500_001);
    let above = stage.ready_with(large, reviews(9_000)).await;
    let mut most = submitted(2);
    most.application.financing.grant = Cents::euros(100_000);
    most.application.financing.total = Cents::euros(115_000);
    stage.ready_with(most, reviews(8_000)).await;
    let marks = async |path: &str, language: &str, mark: &str| {
        stage.open(&worker(), path, language).await.text().matches(mark).count()
    };
    let mark = "über der Höchstsumme von 100.000,00";
    assert_eq!(marks("/award", "de", mark).await, 1, "the other one asks for just as much as there is");
    assert_eq!(marks("/award", "en", "above the maximum of €100,000.00").await, 1);
    propose(&stage, above, json!({ "kind": "grant" })).await;
    assert_eq!(marks("/award?stage=proposed", "de", mark).await, 1);
    // The budget does not cover it: the warning stays on the waiting list.
    let case = format!("/award/cases/{above}");
    assert_eq!(stage.post(&approver(), &format!("/cases/{above}/approval"), json!({})).await.status, 200);
    assert_eq!(marks("/award?stage=waitlisted", "de", mark).await, 1);
    stage.send_form(&approver(), &format!("{case}/return"), &[("reason", "Weniger.")]).await;
    assert_eq!(marks("/award", "de", mark).await, 1, "given back, it stands for what was applied for");
    propose(&stage, above, json!({ "kind": "grant", "amount_cents": 10_000_000, "reasons": "Darum." })).await;
    assert_eq!(marks("/award", "de", mark).await, 0);
    stage.end().await;
}

#[tokio::test]
async fn the_shares_of_a_joint_project_are_seen_before_the_approval() {
    use events::{JointProject, Participant};
    let stage = Stage::new(Cents::euros(100_000)).await;
    let mut joint = submitted(1);
    let participant = |ags: &str| Participant { ags: ags.parse().unwrap(), share: Cents::euros(20_000) };
    joint.participant_names = ["Bochum", "Essen", "Herne"].map(String::from).to_vec();
    joint.application.joint = Some(JointProject {
        lead_share: Cents::ZERO,
        participants: ["05911000", "05113000", "05916000"].map(participant).to_vec(),
    });
    let id = stage.ready_with(joint, reviews(8_000)).await;
    propose(&stage, id, json!({ "kind": "grant", "amount_cents": 5_000_000, "reasons": "Darum." })).await;
    let page = stage.open(&approver(), &format!("/award/cases/{id}"), "de").await;
    for share in [
        "Stadt Solingen: 0,00",
        "Stadt Bochum: 16.666,67",
        "Stadt Essen: 16.666,67",
        "Stadt Herne: 16.666,66",
    ] {
        assert!(page.text().contains(share), "{share}: {page:?}");
    }
    stage.end().await;
}
