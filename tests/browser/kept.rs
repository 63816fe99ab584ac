//! What people type is not lost: with two people or two windows at one form, without a network, after a session ends.

use axum::http::StatusCode;
use chassis::Role;
use events::Service;
use fantoccini::Locator;
use serde_json::json;
use testkit::until;
use tests::{Applicant, Cluster, ClusterPlan, InProcess, Plan, form};

use crate::chrome::{Browser, DESK};
use crate::journey::sign_in;

const SAVED: &str = "Gespeichert um";

/// A browser of desktop size, in German.
pub async fn start(system: &InProcess) -> Browser {
    start_at(&system.url).await
}

async fn start_at(url: &str) -> Browser {
    let browser = Browser::start(url).await;
    browser.size(DESK).await;
    browser.go("/?lang=de").await;
    browser
}

/// Begins a new draft for Solingen on the page; returns its path.
pub async fn begin(browser: &Browser) -> String {
    sign_in(browser, "applicant-solingen", "/apply").await;
    browser.press("Antrag beginnen").await;
    browser.until_path("/apply/drafts/").await;
    browser.path().await
}

/// The value of a field as the server has stored it, from the page loaded anew.
async fn stored(browser: &Browser, draft: &str, field: &str) -> String {
    let script = "const done = arguments[2]; fetch(arguments[0]).then(answer => answer.text()).then(text =>\
        done(new DOMParser().parseFromString(text, 'text/html').querySelector(`[name='${arguments[1]}']`).value))";
    let value =
        browser.client.execute_async(script, vec![draft.into(), field.into()]).await.expect("a draft");
    value.as_str().expect("text").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_colleagues_in_one_draft_undo_nothing_of_each_other() {
    let system = InProcess::with(Plan::default()).await;
    let (a, b) = (start(&system).await, start(&system).await);
    let draft = begin(&a).await;
    sign_in(&b, "applicant-solingen-2", &draft).await;

    // A writes the method. B, whose page is older, types one letter in the title.
    a.append("method", "Werkstattgespräche\n• mit Vereinen").await;
    a.until_said(SAVED).await;
    b.append("title", "X").await;
    b.until_said("Ihre Fassung ist aufbewahrt, aber noch nicht gespeichert").await;
    assert_eq!(stored(&a, &draft, "title").await, "");
    // B reloads, and types nothing more: A's text stays, and B is told where B's own text is.
    b.client.refresh().await.expect("loaded again");
    b.until_said("Ihre letzten Eingaben sind noch nicht gespeichert").await;
    assert_eq!(b.value("method").await, "Werkstattgespräche\n• mit Vereinen");
    assert_eq!(b.value("title").await, "");
    b.check("kept-1-draft-of-two").await;
    assert_eq!(stored(&a, &draft, "method").await, "Werkstattgespräche\n• mit Vereinen");
    assert_eq!(stored(&a, &draft, "title").await, "");
    b.press("Beide Fassungen vergleichen und wählen").await;
    b.until_path("/compare").await;
    for seen in ["Werkstattgespräche", "Titel des Projekts", "X"] {
        assert!(b.text().await.contains(seen), "{seen}: {}", b.text().await);
    }
    b.check("kept-2-compare").await;
    b.press("Auswahl speichern").await;
    b.until_said("Der Entwurf ist gespeichert").await;
    assert_eq!(stored(&a, &draft, "method").await, "Werkstattgespräche\n• mit Vereinen");
    assert_eq!(stored(&a, &draft, "title").await, "X");

    // A changes only the title; B, whose page was loaded before that, changes only the grant; both press "save".
    a.go(&draft).await;
    b.go(&draft).await;
    a.fill("title", "Neuer Titel").await;
    a.press("Entwurf speichern").await;
    a.until_said("Der Entwurf ist gespeichert").await;
    b.offline(true).await;
    b.append("grant", "40000").await;
    b.until_said("Der Server ist nicht erreichbar").await;
    b.offline(false).await;
    b.until_said("Ihre Fassung ist aufbewahrt").await;
    b.press("Entwurf speichern").await;
    b.until_path("/compare").await;
    b.press("Auswahl speichern").await;
    b.until_said("Der Entwurf ist gespeichert").await;
    assert_eq!(stored(&a, &draft, "title").await, "Neuer Titel");
    assert_eq!(stored(&a, &draft, "grant").await, "40000");

    // B's network is cut between two keystrokes, and B's page is closed; A saves meanwhile.
    b.append("field_of_action", "Personal").await;
    b.until_said(SAVED).await;
    b.offline(true).await;
    b.append("field_of_action", "management").await;
    b.until_said("Der Server ist nicht erreichbar").await;
    b.client.goto("about:blank").await.expect("an empty page");
    a.go(&draft).await;
    a.append("contact_phone", "0212 290").await;
    a.until_said(SAVED).await;
    b.offline(false).await;
    b.go(&draft).await;
    b.until_said("In diesem Browser liegen Eingaben, die nicht gespeichert sind").await;
    assert_eq!(b.value("field_of_action").await, "Personal", "nothing is put back unasked");
    assert_eq!(stored(&a, &draft, "field_of_action").await, "Personal");
    b.check("kept-3-older-copy").await;
    // What B types before comparing the versions is kept as a second copy: neither copy replaces the other.
    b.offline(true).await;
    b.append("products_and_results", "Handbuch").await;
    b.until_said("Der Server ist nicht erreichbar").await;
    b.client.goto("about:blank").await.expect("an empty page");
    b.offline(false).await;
    b.go(&draft).await;
    b.until_said("wurden wieder eingesetzt").await;
    b.until_said("In diesem Browser liegen Eingaben, die nicht gespeichert sind").await;
    b.until_said(SAVED).await;
    b.press("Vergleichen").await;
    b.until_path("/compare").await;
    assert!(b.text().await.contains("Personalmanagement") && b.text().await.contains("0212 290"));
    b.press("Auswahl speichern").await;
    b.until_said("Der Entwurf ist gespeichert").await;
    assert_eq!(stored(&a, &draft, "field_of_action").await, "Personalmanagement");
    assert_eq!(stored(&a, &draft, "contact_phone").await, "0212 290");
    assert_eq!(stored(&a, &draft, "products_and_results").await, "Handbuch");

    a.finish().await;
    b.finish().await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_person_types_survives_the_network_the_session_and_the_back_button() {
    let system = InProcess::with(Plan::default()).await;
    let browser = start(&system).await;
    let draft = begin(&browser).await;
    browser.append("title", "Anfang").await;
    browser.until_said(SAVED).await;

    // There is no network when "save" is pressed: the text is back when the draft is opened again.
    let words = "Dreißig Wörter über das Problem vor Ort";
    browser.offline(true).await;
    browser.append("problem_statement", words).await;
    browser.until_said("Der Server ist nicht erreichbar").await;
    browser.press("Entwurf speichern").await;
    browser.until_no_field("problem_statement").await;
    browser.offline(false).await;
    // The browser keeps its copy when another page is opened: that does not show that the server has the text.
    browser.go("/apply").await;
    assert_eq!(browser.copies().await, 1);
    browser.go(&draft).await;
    browser.until_said("wurden wieder eingesetzt").await;
    assert_eq!(browser.value("problem_statement").await, words);
    browser.until_said(SAVED).await;
    assert_eq!(stored(&browser, &draft, "problem_statement").await, words);
    // The server has the text now, so the browser has removed its copy.
    assert_eq!(browser.copies().await, 0);

    // The session ends. After the same person has signed in again in another window, one press saves.
    let page = browser.client.window().await.expect("a window");
    browser.client.delete_cookie("bescheid_session").await.expect("no session");
    browser.append("title", " geht weiter").await;
    browser.until_said("Ihre Anmeldung ist abgelaufen").await;
    browser.press("Entwurf speichern").await;
    browser.until_said("Ihre Eingaben sind noch da").await;
    browser.check("kept-4-session-ended").await;
    let other = browser.client.new_window(false).await.expect("another window");
    browser.client.switch_to_window(other.handle).await.expect("there");
    sign_in(&browser, "applicant-solingen", "/apply").await;
    browser.client.close_window().await.expect("closed");
    browser.client.switch_to_window(page).await.expect("back");
    browser.press("Eingaben senden").await;
    browser.until_said("Der Entwurf ist gespeichert").await;
    assert_eq!(stored(&browser, &draft, "title").await, "Anfang geht weiter");
    // The same, but the person signs in before pressing "save".
    browser.client.delete_cookie("bescheid_session").await.expect("no session");
    browser.append("title", "!").await;
    browser.until_said("Ihre Anmeldung ist abgelaufen").await;
    let page = browser.client.window().await.expect("a window");
    let other = browser.client.new_window(false).await.expect("another window");
    browser.client.switch_to_window(other.handle).await.expect("there");
    sign_in(&browser, "applicant-solingen", "/apply").await;
    browser.client.close_window().await.expect("closed");
    browser.client.switch_to_window(page).await.expect("back");
    // The old page shows that the draft is saved, too, so wait for the next page first.
    browser.ask("document.body.dataset.before = 'yes'").await;
    browser.press("Entwurf speichern").await;
    until("another page", || browser.has("body[data-before]"), |there| !there).await;
    browser.until_said("Der Entwurf ist gespeichert").await;
    assert_eq!(stored(&browser, &draft, "title").await, "Anfang geht weiter!");

    // After a draft is deleted, going back in the browser and beginning again makes another draft.
    browser.press("Entwurf löschen").await;
    browser.until_path("/delete").await;
    browser.press("Ja, löschen").await;
    browser.until_not_path(&format!("{draft}/delete")).await;
    for _ in 0..12 {
        browser.client.back().await.expect("back");
        if browser.path().await == "/apply" {
            break;
        }
    }
    browser.press("Antrag beginnen").await;
    browser.until_path("/apply/drafts/").await;
    assert_ne!(browser.path().await, draft);
    assert!(browser.has("[name=title]").await, "{}", browser.text().await);

    browser.finish().await;
    system.finish().await;
}

/// A form sent while its service is stopped is not lost; unlike without a network, the gateway shows a page (503).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_saved_while_the_service_is_stopped_is_there_when_it_runs_again() {
    let rig = Cluster::start(ClusterPlan::default()).await;
    let browser = start_at(&rig.url).await;
    let draft = begin(&browser).await;
    browser.append("title", "Anfang").await;
    browser.until_said(SAVED).await;

    let intake = rig.first(Service::Intake);
    intake.stop().await;
    let words = "Dreißig Wörter über das Problem vor Ort";
    browser.append("problem_statement", words).await;
    browser.until_said("Ihre Eingaben bleiben in diesem Browser erhalten").await;
    browser.press("Entwurf speichern").await;
    browser.until_said("Im Moment nicht erreichbar").await;
    assert!(browser.text().await.contains("Ihre Eingaben sind noch da"), "and can be sent again");
    assert!(browser.has("input[type=hidden][name=problem_statement]").await);
    browser.check("kept-8-service-stopped").await;
    assert_eq!(browser.copies().await, 1, "nobody has taken it");

    intake.go_on().await;
    rig.until_ready().await;
    browser.go(&draft).await;
    browser.until_said("wurden wieder eingesetzt").await;
    assert_eq!(browser.value("problem_statement").await, words);
    browser.until_said(SAVED).await;
    assert_eq!(stored(&browser, &draft, "problem_statement").await, words);
    assert_eq!(stored(&browser, &draft, "title").await, "Anfang");
    assert_eq!(browser.copies().await, 0, "the server has it");

    browser.finish().await;
    rig.finish().await;
}

/// When two approvers give the same proposal back, the reason of the later one is shown, though it took no effect.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reason_to_give_back_that_comes_too_late_stands_beside_the_new_state() {
    let system = InProcess::new().await;
    let who = Applicant::SOLINGEN;
    let id = system.submit(who, &form(who)).await;
    system.until_status(who, &id, "eligible").await;
    system.review_twice("fund").await;
    let proposal = json!({ "kind": "grant", "amount_cents": 4_800_000 });
    system.propose(&id, proposal.clone()).await;
    let case = format!("/award/cases/{id}");
    let (quick, late) = (start(&system).await, start(&system).await);
    sign_in(&quick, "approver-1", &case).await;
    sign_in(&late, "approver-2", &case).await;

    quick.append("reason", "Bitte kürzen.").await;
    quick.press("Zurückgeben").await;
    quick.until_said("Der Vorschlag ist zurückgegeben.").await;
    late.append("reason", "Die Eigenmittel\nsind nicht belegt.").await;
    late.press("Zurückgeben").await;
    late.until_path(&case).await;
    for _ in 0..2 {
        late.until_said("Fatma Schulte hat den Vorschlag zurückgegeben").await;
        for seen in ["Bitte kürzen.", "Nicht übernommen", "Die Eigenmittel\nsind nicht belegt."] {
            assert!(late.text().await.contains(seen), "{seen}: {}", late.text().await);
        }
        late.client.refresh().await.expect("loaded again");
    }
    late.check("kept-9-given-back-too-late").await;
    assert_eq!(late.copies().await, 0, "the server keeps it");

    // When it is proposed again, the form has the reason, also in another window of the same person.
    system.propose(&id, proposal).await;
    let other = late.client.new_window(false).await.expect("another window");
    late.client.switch_to_window(other.handle).await.expect("there");
    late.go(&case).await;
    assert_eq!(late.value("reason").await, "Die Eigenmittel\nsind nicht belegt.");
    late.press("Zurückgeben").await;
    late.until_said("Der Vorschlag ist zurückgegeben.").await;

    quick.finish().await;
    late.finish().await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_is_never_replaced_by_less() {
    let system = InProcess::with(Plan::default()).await;
    let api = &system.api;
    let id = system.submit(Applicant::SOLINGEN, &form(Applicant::SOLINGEN)).await;
    system.until_status(Applicant::SOLINGEN, &id, "eligible").await;
    let browser = start(&system).await;
    sign_in(&browser, "reviewer-1", "/review").await;
    browser.press("Nächste Akte nehmen").await;
    browser.until_path("/review/files/").await;
    let file = browser.path().await;

    // The review is sent incomplete and refused; then the comment is typed, and the page is reloaded.
    browser.press("Gutachten abgeben").await;
    browser.until_said("Bitte prüfen Sie").await;
    browser.check("kept-5-review-refused").await;
    browser.append("comment", "Gute Gründe").await;
    browser.until_said(SAVED).await;
    browser.client.refresh().await.expect("loaded again");
    assert_eq!(browser.value("comment").await, "Gute Gründe");
    let scores = browser.names_beginning("score-").await;
    browser.choose(&scores[0], "7").await;
    browser.until_said(SAVED).await;
    assert_eq!(stored(&browser, &file, "comment").await, "Gute Gründe");

    // The same file in two windows: the newer one continues the comment, the older one sets a score.
    let older = browser.client.window().await.expect("a window");
    let newer = browser.client.new_window(false).await.expect("another window").handle;
    browser.client.switch_to_window(newer.clone()).await.expect("there");
    browser.go(&file).await;
    browser.append("comment", " und noch mehr").await;
    browser.until_said(SAVED).await;
    browser.client.switch_to_window(older).await.expect("back");
    browser.choose(&scores[1], "3").await;
    browser.until_said("In einem anderen Fenster haben Sie hier weitergeschrieben").await;
    browser.check("kept-6-two-windows").await;
    assert_eq!(stored(&browser, &file, "comment").await, "Gute Gründe und noch mehr");
    // Both survive: the comment of one window, the score of the other.
    browser.tick("choose-comment", "stored").await;
    browser.tick(&format!("choose-{}", scores[1]), "mine").await;
    browser.press("Auswahl übernehmen").await;
    browser.until_said(SAVED).await;
    assert_eq!(stored(&browser, &file, "comment").await, "Gute Gründe und noch mehr");
    assert_eq!(stored(&browser, &file, &scores[1]).await, "3");

    // The file was returned, and others have reviewed it: the first key shows this, and the text stays readable.
    let token = api.token("reviewer-1", Role::Reviewer, None);
    let (status, _) = system.post(&token, &format!("/review/api/files/{id}/return"), json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    for other in ["reviewer-8", "reviewer-9"] {
        assert_eq!(system.review_next(other, 5, "fund").await, id);
    }
    browser.append("comment", " zu spät").await;
    browser.until_said("Ihr Text bleibt auf der Seite dieser Akte lesbar").await;
    for _ in 0..2 {
        browser.client.refresh().await.expect("loaded again");
        browser.until_said("Gute Gründe und noch mehr zu spät").await;
    }
    browser.check("kept-7-file-gone").await;

    browser.finish().await;
    system.finish().await;
}

impl Browser {
    /// Types at the end of a field.
    async fn append(&self, name: &str, text: &str) {
        self.field(name).await.send_keys(text).await.expect("typed");
    }

    /// The value of a field.
    async fn value(&self, name: &str) -> String {
        self.field(name).await.prop("value").await.expect("a field").unwrap_or_default()
    }

    /// Waits until the page contains `text`, without a reload.
    async fn until_said(&self, text: &str) {
        until(&format!("the page says {text:?}"), || self.text(), |seen| seen.contains(text)).await;
    }

    /// Waits until the page has no field of this name.
    async fn until_no_field(&self, name: &str) {
        let css = format!("[name={name:?}]");
        until(&format!("no {name}"), || self.has(&css), |there| !there).await;
    }

    /// Number of copies of forms in the browser's storage.
    async fn copies(&self) -> u64 {
        let script =
            "return Object.keys(localStorage).filter(name => name.startsWith('bescheid:copy:')).length";
        self.client.execute(script, vec![]).await.expect("a number").as_u64().expect("a number")
    }

    /// Cuts the browser's network, or restores it.
    async fn offline(&self, offline: bool) {
        self.cdp("Network.enable", json!({})).await;
        let conditions =
            json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.cdp("Network.emulateNetworkConditions", conditions).await;
        // A round trip to the page, so that it has the new conditions before the test goes on.
        let _ = self.client.find(Locator::Css("html")).await;
    }
}
