//! The pages, as a browser without JavaScript sees them; and how bad input is refused.

use events::{Cents, ProjectTheme};
use letters::Part;
use serde_json::json;
use testkit::session;

use crate::stage::{Stage, applicant, approver, grant, reviews, submitted, worker};

const GOOD: [(&str, &str); 3] = [("kind", "grant"), ("amount_cents", "60.000,00"), ("reasons", "")];

#[tokio::test]
async fn two_persons_walk_from_the_ranking_to_the_notice() {
    let stage = Stage::new(Cents::euros(100_000)).await;
    let better = stage.ready_with(submitted(1), reviews(9_050)).await;
    let other = stage.ready_with(submitted(2), reviews(8_000)).await;
    let ranking = stage.open(&worker(), "/award", "de").await;
    let text = ranking.text();
    let [first, second, over] = ["netzwerks 1", "netzwerks 2", "Passt nicht: nötig 60.000,00"]
        .map(|part| text.find(part).unwrap_or_else(|| panic!("{part}: {text}")));
    assert!(first < second && second < over);
    assert!(text.contains("90,50") && text.contains("Rangliste (2)"));

    let case = format!("/award/cases/{better}");
    let proposed = stage.send_form(&worker(), &format!("{case}/proposal"), &GOOD).await;
    assert_eq!((proposed.status.as_u16(), &*proposed.location), (303, &*format!("{case}?done=proposed")));
    let own = stage.open(&worker(), &proposed.location, "de").await;
    assert!(own.text().contains("Eine zweite Person entscheidet") && !own.text().contains("/approval"));

    let shown = stage.open(&approver(), &case, "en").await;
    assert!(shown.text().contains("€60,000.00") && shown.text().contains("/approval"), "{shown:?}");
    let (revision, sha256) = approval(&stage, &case).await;
    let form = [("revision", revision.as_str()), ("sha256", sha256.as_str())];
    let approved = stage.send_form(&approver(), &format!("{case}/approval"), &form).await;
    assert_eq!(&*approved.location, &*format!("{case}?done=granted"));
    let done = stage.open(&approver(), &approved.location, "de").await;
    assert!(done.text().contains("Bewilligt. Die Mittel sind gebunden"), "{done:?}");
    assert!(done.text().contains("Bescheid im Portal bereitgestellt"));

    // What is left is not enough for the other one.
    let case = format!("/award/cases/{other}");
    stage.send_form(&worker(), &format!("{case}/proposal"), &GOOD).await;
    let waiting = stage.send_form(&approver(), &format!("{case}/approval"), &[]).await;
    assert_eq!(&*waiting.location, &*format!("{case}?done=waitlisted"));
    let list = stage.open(&worker(), "/award?stage=waitlisted", "de").await;
    assert!(list.text().contains("netzwerks 2") && !list.text().contains("netzwerks 1"));
    stage.end().await;
}

/// What the form of the page before an approval sends: revision and hash.
pub async fn approval(stage: &Stage, case: &str) -> (String, String) {
    let page = stage.open(&approver(), &format!("{case}/approval"), "de").await;
    assert_eq!(page.status, 200, "{page:?}");
    (page.field("revision"), page.field("sha256"))
}

#[tokio::test]
async fn a_mistake_is_shown_beside_its_field_and_nothing_typed_is_lost() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    let path = format!("/award/cases/{id}/proposal");
    let typed =
        [("kind", "grant"), ("amount_cents", "60.000,01"), ("reasons", "<b>Viel</b> & '; drop table cases")];
    let again = stage.refused(&worker(), &path, &typed).await;
    assert!(again.text().contains("Höchstens 60.000,00\u{a0}€ sind möglich"), "{again:?}");
    assert!(again.text().contains("&#60;b&#62;Viel&#60;/b&#62; &#38; &#39;; drop table cases"));
    assert!(again.text().contains(r#"value="60.000,01""#));

    let less = stage.refused(&worker(), &path, &[("kind", "grant"), ("amount_cents", "1.000")]).await;
    assert!(less.text().contains("Nennen Sie Gründe"), "{less:?}");
    let none = stage.refused(&worker(), &path, &[("amount_cents", "viel")]).await;
    assert!(
        none.text().contains("Bitte prüfen Sie 2 Angaben") || none.text().contains("Bitte wählen"),
        "{none:?}"
    );
    let long = "x".repeat(5_001);
    let long = stage.refused(&worker(), &path, &[("kind", "reject"), ("reasons", &long)]).await;
    assert!(long.text().contains("5.001") && long.text().contains("5.000"), "{long:?}");
    let nul = stage
        .send_form(&worker(), &path, &[("kind", "reject"), ("reasons", "Zu\0 teuer\u{b}Zu\u{ad} spät")])
        .await;
    assert_eq!(nul.status, 303, "{nul:?}");

    let back = stage.refused(&approver(), &format!("/award/cases/{id}/return"), &[("reason", " ")]).await;
    assert!(back.text().contains("id=\"f-reason-error\""), "{back:?}");
    let back =
        stage.send_form(&approver(), &format!("/award/cases/{id}/return"), &[("reason", "Zu hart.")]).await;
    assert_eq!(back.status, 303);
    let shown = stage.open(&worker(), &back.location, "de").await;
    assert!(
        shown.text().contains("Dr. approver hat den Vorschlag zurückgegeben")
            && shown.text().contains("Zu hart.")
    );
    stage.end().await;
}

#[tokio::test]
async fn what_the_state_does_not_permit_is_said_in_the_readers_language() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    let case = format!("/award/cases/{id}");
    let early = stage.send_form(&approver(), &format!("{case}/approval"), &[]).await;
    assert_eq!(early.status, 409);
    assert!(early.text().contains("inzwischen begutachtet"), "{early:?}");
    stage.send_form(&worker(), &format!("{case}/proposal"), &GOOD).await;
    let stale = stage.send_form(&approver(), &format!("{case}/approval"), &[("revision", "2")]).await;
    assert_eq!(stale.status, 409);
    assert!(stale.text().contains("hat sich geändert, seit Sie die Seite geöffnet haben"), "{stale:?}");
    let both = session("worker", &[chassis::Role::CaseWorker, chassis::Role::Approver]);
    let own = stage.send_form(&both, &format!("{case}/approval"), &[]).await;
    assert!(own.status == 409 && own.text().contains("Freigeben kann sie nur jemand anderes"), "{own:?}");
    stage.end().await;
}

#[tokio::test]
async fn full_financing_needs_its_reason() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let mut full = submitted(1);
    full.application.financing.total = full.application.financing.grant;
    full.application.financing.own_share = Cents::ZERO;
    full.application.title = "Lotsen \u{1f600}".into();
    full.application.themes = ProjectTheme::ALL.to_vec();
    let id = stage.ready_with(full, reviews(7_000)).await;
    let path = format!("/award/cases/{id}/proposal");
    let page = stage.open(&worker(), &format!("/award/cases/{id}"), "de").await;
    assert!(page.text().contains("Zeichen, die nicht gedruckt werden können"), "{page:?}");
    let missing = stage.refused(&worker(), &path, &GOOD).await;
    assert!(missing.text().contains("bei Vollfinanzierung, ihr Grund"), "{missing:?}");
    let api = stage.post(&worker(), &format!("/cases/{id}/proposal"), grant()).await;
    assert_eq!(api.problem(), (422, "invalid".into()));
    assert!(api.text().contains("financing_type"));
    let reason = json!({ "kind": "grant", "reason_for_full": "Die Stadt ist in der Haushaltssicherung." });
    assert_eq!(stage.decided(id, reason).await, "granted");
    stage.end().await;
}

#[tokio::test]
async fn bad_requests_of_programs_get_problem_documents() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    let (worker, approver) = (worker(), approver());
    let proposal = format!("/cases/{id}/proposal");
    let wrong = |body: serde_json::Value| stage.post(&worker, &proposal, body);
    for (body, pointer) in [
        (json!({ "kind": "grant", "amount_cents": 6_000_001 }), "/amount_cents"),
        (json!({ "kind": "grant", "amount_cents": 0 }), "/amount_cents"),
        (json!({ "kind": "grant", "amount_cents": "viel" }), "/amount_cents"),
        (json!({ "kind": "grant", "amount_cents": 5 }), "/reasons"),
        (json!({ "kind": "reject" }), "/reasons"),
        (json!({ "kind": "reject", "reasons": "x".repeat(5_001) }), "/reasons"),
        (json!({ "kind": "perhaps" }), "/kind"),
    ] {
        let answer = wrong(body).await;
        assert_eq!(answer.problem(), (422, "invalid".into()), "{answer:?}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{answer:?}");
    }
    assert_eq!(wrong(json!({ "kind": "grant", "revision": 1 })).await.problem(), (409, "conflict".into()));
    assert_eq!(stage.post(&approver, &proposal, grant()).await.problem(), (403, "forbidden".into()));
    let approval = format!("/cases/{id}/approval");
    assert_eq!(stage.post(&worker, &approval, json!({})).await.problem(), (403, "forbidden".into()));
    let outsider = applicant("05122000");
    assert_eq!(stage.get(&outsider, &format!("/cases/{id}")).await.problem(), (403, "forbidden".into()));
    assert_eq!(stage.open(&outsider, "/award", "de").await.status, 403);
    let nobody = uuid::Uuid::nil();
    assert_eq!(stage.get(&worker, &format!("/cases/{nobody}")).await.problem(), (404, "not-found".into()));
    assert_eq!(stage.get(&worker, "/cases/7").await.problem(), (404, "not-found".into()));
    assert_eq!(stage.get(&worker, "/cases?state=lost").await.problem(), (400, "malformed".into()));
    let listed = stage.get(&worker, "/cases?limit=1").await.json();
    assert_eq!(listed["cases"][0]["application"], json!(id));
    assert_eq!(listed["next"], json!(null), "there is no other");
    assert_eq!(stage.get(&worker, "/cases?after=9000-1").await.problem(), (400, "malformed".into()));
    stage.end().await;
}

#[test]
fn every_word_is_there_in_both_languages() {
    let (de, en) = award::MESSAGES;
    pages::messages::assert_catalogues_match(de, en);
    pages::messages::assert_templates_known("templates", de, en);
    let messages = pages::messages::Messages::new(de, en).unwrap();
    let happened =
        ["announced", "reviewed", "proposed-grant", "proposed-reject", "returned", "granted", "rejected"];
    let more = ["waitlisted", "withdrawn", "notice", "retrieved", "posted", "arrived", "waived", "final"];
    let more = more.into_iter().chain(["message-sent", "message-bounced"]);
    let keys = Part::ALL
        .iter()
        .map(|part| format!("part-{}", part.key().replace('_', "-")))
        .chain(award::award::Stage::ALL.iter().map(|stage| format!("stage-{}", stage.name())))
        .chain(happened.into_iter().chain(more).map(|what| format!("history-{what}")));
    for key in keys {
        assert!(messages.has(pages::Language::De, &key), "{key}");
    }
}

/// One approver sends the proposal back; another types a reason into a page loaded before that.
#[tokio::test]
async fn a_reason_that_comes_too_late_stands_beside_the_new_state() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    let case = format!("/award/cases/{id}");
    stage.send_form(&worker(), &format!("{case}/proposal"), &GOOD).await;
    let seen = [("revision", "3"), ("reason", "Bitte die Gründe nennen.")];
    let other = session("approver-2", &[chassis::Role::Approver]);
    assert_eq!(
        stage.send_form(&other, &format!("{case}/return"), &seen).await.location,
        format!("{case}?done=returned")
    );
    let late = [("revision", "3"), ("reason", "Drei Absätze <b>Begründung</b>")];
    let page = stage.refused(&approver(), &format!("{case}/return"), &late).await;
    assert!(page.text().contains("Drei Absätze &#60;b&#62;Begründung"), "{page:?}");
    assert!(page.text().contains("Nicht übernommen") && page.text().contains("Bitte die Gründe nennen."));

    // Proposed again: the reason is back in its form, and what is sent back is the proposal that the page shows.
    stage.send_form(&worker(), &format!("{case}/proposal"), &GOOD).await;
    let page = stage.open(&approver(), &case, "de").await;
    assert!(page.text().contains(">\nDrei Absätze &#60;b&#62;Begründung&#60;/b&#62;</textarea>"), "{page:?}");
    let again = [("reason", "Drei Absätze <b>Begründung</b>")];
    let done = stage.send_form(&approver(), &format!("{case}/return"), &again).await;
    assert_eq!(done.location, format!("{case}?done=returned"));
    // Accepted: nothing is kept any more.
    let page = stage.open(&approver(), &case, "de").await;
    assert_eq!(page.text().matches("Drei Absätze").count(), 2, "as the reason and in the history: {page:?}");
    stage.end().await;
}

/// Proposal, return and entries are saved while typing; the typist is told when the case has changed.
#[tokio::test]
async fn what_is_typed_about_a_case_is_kept_until_it_is_taken() {
    let stage = Stage::new(Cents::euros(60_000)).await;
    let id = stage.ready(1).await;
    let case = format!("/award/cases/{id}");
    let draft = format!("{case}/proposal/draft");
    let seen = stage.open(&worker(), &case, "de").await.field("revision");
    let typed =
        [("revision", &*seen), ("kind", "reject"), ("reasons", "Noch zu belegen"), ("open_page", PAGE)];
    let saved = stage.send_form(&worker(), &draft, &typed).await;
    assert_eq!((saved.status.as_u16(), &saved.json()["outcome"]), (200, &"saved".into()), "{saved:?}");
    let page = stage.open(&worker(), &case, "de").await;
    assert!(page.text().contains("Noch nicht abgeschickt") && page.text().contains("Noch zu belegen"));
    let elsewhere = [("revision", &*seen), ("reasons", "Anderes Fenster")];
    let elsewhere = stage.send_form(&worker(), &draft, &elsewhere).await;
    assert_eq!((elsewhere.status.as_u16(), &elsewhere.json()["outcome"]), (409, &"changed".into()));
    let other = stage.send_form(&approver(), &format!("{case}/return/draft"), &[("reason", "x")]).await;
    assert_eq!(
        (other.status.as_u16(), &other.json()["outcome"]),
        (404, &"gone".into()),
        "nothing is proposed"
    );
    let unknown = stage.send_form(&worker(), &format!("{case}/other/draft"), &typed).await;
    assert_eq!(unknown.status, 404);

    // Another case worker proposes: the next save says so, and the text stays readable until it is discarded.
    let other = session("worker-2", &[chassis::Role::CaseWorker]);
    stage.send_form(&other, &format!("{case}/proposal"), &GOOD).await;
    let gone = stage.send_form(&worker(), &draft, &typed).await;
    assert_eq!((gone.status.as_u16(), &gone.json()["outcome"]), (404, &"gone".into()), "{gone:?}");
    let page = stage.open(&worker(), &case, "de").await;
    assert!(page.text().contains("Noch zu belegen"), "{page:?}");
    let discarded = stage.send_form(&worker(), &draft, &[("action", "discard")]).await;
    assert_eq!(discarded.location, case);
    assert!(!stage.open(&worker(), &case, "de").await.text().contains("Noch zu belegen"));
    stage.end().await;
}

const PAGE: &str = "018f0000-0000-7000-8000-000000000002";
