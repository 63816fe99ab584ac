//! A person with a tie to an application decides nothing in it, and their review does not count (§§ 20, 21 VwVfG).

use award::store::lists::share_out;
use chassis::Session;
use events::{ApplicationId, Cents, TieDeclared, TieEnded};
use serde_json::{Value, json};
use testkit::{samples, until_some};

use crate::stage::{Stage, approver, grant, reviews, submitted, worker};

async fn declare(stage: &Stage, id: ApplicationId, who: &str) {
    let fact = TieDeclared {
        person: samples::person(who),
        municipality: "05122000".parse().ok(),
        declared_at: stage.clock.now(),
    };
    stage.publish(id, fact).await;
}

/// Waits until this many reviews are set aside.
async fn until_set_aside(stage: &Stage, id: ApplicationId, count: usize) -> Value {
    let path = format!("/cases/{id}");
    until_some("the reviews are set aside", || async {
        let case = stage.get(&worker(), &path).await.json();
        (case["set_aside"].as_array()?.len() == count).then_some(case)
    })
    .await
}

#[tokio::test]
async fn nobody_with_a_tie_acts_and_the_page_says_so_before() {
    let stage = Stage::new(Cents::euros(500_000)).await;
    let id = stage.ready(1).await;
    let of = |session: Session, ags: &str| Session { ags: Some(ags.into()), ..session };
    let of_solingen = of(worker(), "05122000");
    let contact = Session { email: Some(submitted(1).application.contact.email.to_uppercase()), ..worker() };
    let submitter = Session { person: samples::person("applicant").id, ..worker() };
    for tied in [&of_solingen, &contact, &submitter] {
        let refused = stage.post(tied, &format!("/cases/{id}/proposal"), grant()).await;
        assert_eq!(refused.status, 409, "{refused:?}");
        let page = stage.open(tied, &format!("/award/cases/{id}"), "de").await;
        assert!(page.text().contains("Sie entscheiden hier nicht mit"), "{page:?}");
        assert!(!page.text().contains("/proposal"));
    }
    let elsewhere = of(worker(), "05113000");
    let proposed = stage.post(&elsewhere, &format!("/cases/{id}/proposal"), grant()).await;
    assert_eq!(proposed.status, 200, "{proposed:?}");

    // A declared tie keeps an approver from approving and from sending back, until it ends.
    declare(&stage, id, &approver().person).await;
    let approver = approver();
    let page = until_some("the tie is known", || async {
        let page = stage.open(&approver, &format!("/award/cases/{id}"), "en").await;
        page.text().contains("You take no part in this decision").then_some(page)
    })
    .await;
    assert!(!page.text().contains("/approval") && !page.text().contains("/return"));
    for (verb, body) in [("approval", json!({})), ("return", json!({ "reason": "Bitte ändern." }))] {
        let refused = stage.post(&approver, &format!("/cases/{id}/{verb}"), body).await;
        assert_eq!(refused.status, 409, "{verb}: {refused:?}");
    }
    let sent = stage.send_form(&approver, &format!("/award/cases/{id}/approval"), &[]).await;
    assert_eq!(sent.status, 409);
    assert!(sent.text().contains("VwVfG"));
    let ended = TieEnded {
        person: samples::person(&approver.person),
        municipality: "05122000".parse().ok(),
        ended_at: stage.clock.now(),
    };
    stage.publish(id, ended).await;
    until_some("approved", || async {
        let approved = stage.post(&approver, &format!("/cases/{id}/approval"), json!({})).await;
        (approved.status == 200).then_some(())
    })
    .await;
    stage.end().await;
}

/// What becomes of a notice has legal effect, too.
#[tokio::test]
async fn nobody_with_a_tie_puts_the_way_of_a_notice_on_file() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    assert_eq!(stage.decided(id, grant()).await, "granted");
    let of_solingen = Session { ags: Some("05122000".into()), ..worker() };
    let waived = json!({ "entry": "waived", "on": "2027-04-15" });
    let path = format!("/notices/{id}/entries");
    let refused = stage.post(&of_solingen, &path, waived.clone()).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    let page = stage.open(&of_solingen, &format!("/award/cases/{id}"), "de").await;
    assert!(!page.text().contains("/entries"), "{page:?}");
    let done = stage.post(&worker(), &path, waived).await;
    assert_eq!(done.json()["standing"], "final", "{done:?}");
    stage.end().await;
}

#[tokio::test]
async fn a_review_with_a_tie_is_left_out_and_marked() {
    let stage = Stage::new(Cents::euros(500_000)).await;
    let mut given = reviews(8_000);
    given.reviews[0].weighted = 9_001;
    given.reviews[1].weighted = 7_000;
    let id = stage.ready_with(submitted(1), given).await;
    let first = samples::person("reviewer-1");
    declare(&stage, id, "reviewer-1").await;
    let case = until_set_aside(&stage, id, 1).await;
    assert_eq!(case["weighted"], 7_000);
    let page = stage.open(&worker(), &format!("/award/cases/{id}"), "de").await;
    assert!(page.text().contains("Ein Gutachten zählt nicht") && page.text().contains("70,00"));
    let ranking = stage.open(&worker(), "/award", "de").await;
    assert!(ranking.text().contains("zählt nicht: Bindung"));

    // The end of the tie brings no review back.
    let ended =
        TieEnded { person: first, municipality: "05122000".parse().ok(), ended_at: stage.clock.now() };
    stage.publish(id, ended).await;
    declare(&stage, id, "reviewer-2").await;
    until_set_aside(&stage, id, 2).await;

    // No review counts: the decider has to confirm knowing it, which is recorded.
    let path = format!("/cases/{id}/proposal");
    let refused = stage.post(&worker(), &path, grant()).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let knowing = json!({ "kind": "grant", "in_knowledge_of_ties": true });
    assert_eq!(stage.post(&worker(), &path, knowing).await.status, 200);
    let path = format!("/award/cases/{id}/approval");
    let page = stage.open(&approver(), &path, "de").await;
    let hash = page.field("sha256");
    let refused = stage.send_form(&approver(), &path, &[("sha256", &hash)]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("in_knowledge_of_ties"), "{refused:?}");
    let knowing = [("in_knowledge_of_ties", "yes"), ("sha256", &*hash)];
    let approved = stage.send_form(&approver(), &path, &knowing).await;
    assert_eq!(approved.status, 303, "{approved:?}");
    let done = stage.open(&worker(), &format!("/award/cases/{id}"), "de").await;
    assert_eq!(done.text().matches("In Kenntnis dessen entschieden").count(), 2);
    stage.end().await;
}

#[test]
fn what_does_not_fit_is_passed_over_and_equal_points_share_a_rank() {
    let euros = Cents::euros;
    let cases = [
        (9_000, 2027, euros(3_000_000)),
        (8_000, 2027, euros(30_000)),
        (8_000, 2028, euros(10)),
        (7_000, 2027, euros(2_270_001)),
        (6_000, 2027, euros(2_270_000)),
        (5_000, 2027, Cents(1)),
        (5_000, 2027, Cents::ZERO),
    ];
    let shared = share_out(cases.into_iter(), &[(2027, euros(2_300_000))]);
    let left = |amount: i64| Some(euros(amount));
    let expected = [
        (1, left(2_300_000)),
        (2, None),
        (2, left(0)),
        (4, left(2_270_000)),
        (5, None),
        (6, left(0)),
        (6, None),
    ];
    assert_eq!(shared, expected);
}

#[tokio::test]
async fn of_equal_points_the_first_comes_first_on_every_page_and_a_rejection_reads_as_one() {
    let stage = Stage::new(Cents::euros(100_000)).await;
    let at = |number: u32, minutes: i64, euros: i64| {
        let mut new = submitted(number);
        new.submitted_at += chrono::TimeDelta::minutes(minutes);
        new.application.financing.grant = Cents::euros(euros);
        new.application.financing.total =
            new.application.financing.grant + new.application.financing.own_share;
        new
    };
    let (late, early, large) = (at(1, 9, 20_000), at(2, 3, 20_000), at(3, 5, 900_000));
    let late = stage.ready_with(late, reviews(8_000)).await;
    stage.ready_with(early, reviews(8_000)).await;
    stage.ready_with(large, reviews(9_000)).await;
    let shown = stage.open(&worker(), "/award", "de").await;
    let text = shown.text();
    let places = [
        "1. Qualifizierung des Integrationsnetzwerks 3",
        "2. Qualifizierung des Integrationsnetzwerks 2",
        "2. Qualifizierung des Integrationsnetzwerks 1",
    ]
    .map(|part| text.find(part).unwrap_or_else(|| panic!("{part}: {text}")));
    assert!(places.is_sorted(), "{text}");
    assert_eq!(text.matches("Wird übergangen").count(), 1, "the small ones fit: {text}");
    let wrong = "/award?after=9000-1799748300000000-00000000-0000-0000-0000-000000000000";
    assert_eq!(stage.open(&worker(), wrong, "de").await.status, 400);
    let list = stage.get(&worker(), "/cases?limit=1").await.json();
    let after = list["next"].as_str().unwrap();
    let shown = stage.open(&worker(), &format!("/award?after={after}"), "de").await;
    let rest = shown.text();
    assert!(!rest.contains("netzwerks 3") && !rest.contains("Wird übergangen") && rest.contains("2. Qual"));

    let reject = json!({ "kind": "reject", "reasons": "Der Antrag ist nicht reif." });
    assert_eq!(stage.post(&worker(), &format!("/cases/{late}/proposal"), reject).await.status, 200);
    let shown = stage.open(&worker(), "/award", "de").await;
    let text = shown.text();
    assert!(text.contains("Ablehnung") && !text.contains("0,00\u{a0}€<br>"), "{text}");
    stage.end().await;
}
