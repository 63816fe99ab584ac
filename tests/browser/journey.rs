use bescheid::client::Api;
use chassis::Role;
use testkit::{until, until_some};
use tests::{InProcess, Plan, Set};

use crate::chrome::{Browser, DESK};

/// Texts of the pages in one language.
struct Words {
    language: &'static str,
    check: &'static str,
    reviews: &'static str,
    waits: &'static str,
    submit: &'static str,
    to_status: &'static str,
    take_next: &'static str,
    give_review: &'static str,
    propose: &'static str,
    to_approval: &'static str,
    approve: &'static str,
    retrieve: &'static str,
    received: &'static str,
    eligible: &'static str,
    decided: &'static str,
}

const GERMAN: Words = Words {
    language: "de",
    check: "Prüfen und weiter zum Einreichen",
    reviews: "Begutachtung",
    waits: "Bescheid liegt bereit",
    submit: "Antrag einreichen",
    to_status: "Stand des Antrags ansehen",
    take_next: "Nächste Akte nehmen",
    give_review: "Gutachten abgeben",
    propose: "Vorschlagen",
    to_approval: "Weiter zur Freigabe",
    approve: "Freigeben",
    retrieve: "Bescheid abrufen",
    received: "Ihr Antrag ist eingegangen",
    eligible: "In Begutachtung",
    decided: "Entschieden",
};

const ENGLISH: Words = Words {
    language: "en",
    check: "Check and continue to submission",
    reviews: "Review",
    waits: "Notice waits",
    submit: "Submit application",
    to_status: "See the status",
    take_next: "Take the next application",
    give_review: "Give review",
    propose: "Propose",
    to_approval: "Continue to the approval",
    approve: "Approve",
    retrieve: "Retrieve the notice",
    received: "Your application has arrived",
    eligible: "In review",
    decided: "Decided",
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_form_to_the_notice_in_german() {
    let system = InProcess::with(Plan { drafts: true, ..Plan::default() }).await;
    whole_way(&GERMAN, &system.url, &system.api).await;
    system.finish().await;
}

/// The whole way works in English, with the processes that `cargo run` starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_form_to_the_notice_in_english() {
    let set = Set::start().await;
    whole_way(&ENGLISH, &set.url, &set.api).await;
    set.finish().await;
}

async fn whole_way(words: &Words, url: &str, api: &Api) {
    let browser = Browser::start(url).await;
    let lang = words.language;
    browser.size(DESK).await;
    browser.go(&format!("/?lang={lang}")).await;
    browser.check(&format!("{lang}-01-start")).await;
    browser.go("/sign-in").await;
    browser.check(&format!("{lang}-02-sign-in")).await;
    for page in ["about", "accessibility", "privacy"] {
        browser.go(&format!("/{page}")).await;
        browser.check(&format!("{lang}-03-{page}")).await;
    }

    // The applicant finds the draft, and submits it.
    sign_in(&browser, "applicant-solingen", "/apply").await;
    browser.check(&format!("{lang}-04-my-applications")).await;
    browser.press("Strategische Steuerung und Qualifizierung des Integrationsnetzwerks in Solingen").await;
    browser.until_path("/apply/drafts/").await;
    browser.check(&format!("{lang}-05-form")).await;

    // An error is shown beside its field, and nothing typed is lost.
    browser.fill("title", "").await;
    browser.press(words.check).await;
    until("the form says what is wrong", || browser.has(".kern-error, .b-errors"), |seen| *seen).await;
    browser.check(&format!("{lang}-06-form-refused")).await;
    browser.fill("title", "Integrationsnetzwerk <b>Solingen</b>").await;
    browser.press(words.check).await;
    browser.until_path("/check").await;
    browser.check(&format!("{lang}-07-check")).await;
    browser.press(words.submit).await;
    browser.until_text(words.received).await;
    browser.check(&format!("{lang}-08-receipt")).await;
    browser.press(words.to_status).await;
    browser.until_path("/apply/applications/").await;
    browser.until_text(words.eligible).await;
    browser.check(&format!("{lang}-09-status")).await;
    let status_page = browser.path().await;
    let id = status_page.rsplit('/').next().expect("an id").to_owned();

    // The case worker sees what the rules found.
    sign_in(&browser, "case-worker-1", "/eligibility").await;
    browser.check(&format!("{lang}-10-eligibility")).await;
    browser.go(&format!("/eligibility/cases/{id}")).await;
    browser.check(&format!("{lang}-11-findings")).await;
    browser.press(words.reviews).await;
    browser.until_path("/review/all").await;
    browser.check(&format!("{lang}-11-review-list")).await;

    for (number, reviewer) in ["reviewer-1", "reviewer-2"].into_iter().enumerate() {
        // The queue gives older files first, so each reviewer goes on until this one comes.
        let mut ours = false;
        while !ours {
            sign_in(&browser, reviewer, "/review").await;
            browser.check(&format!("{lang}-12-queue-{number}")).await;
            browser.press(words.take_next).await;
            browser.until_path("/review/files/").await;
            ours = browser.path().await.contains(&id);
            browser.check(&format!("{lang}-13-file-{number}")).await;
            for field in browser.names_beginning("score-").await {
                browser.choose(&field, "7").await;
            }
            browser.tick("recommendation", "fund").await;
            browser
                .fill("comment", "Schlüssig, gut begründet und mit der Ausländerbehörde abgestimmt.")
                .await;
            browser.press(words.give_review).await;
            browser.until_gone(words.give_review).await;
        }
    }

    // One person proposes, another approves.
    until_case(api, &id, "ready").await;
    sign_in(&browser, "case-worker-2", "/award").await;
    browser.check(&format!("{lang}-14-ranking")).await;
    browser.go(&format!("/award/cases/{id}")).await;
    browser.check(&format!("{lang}-15-case")).await;
    browser.tick("kind", "grant").await;
    browser.press(words.propose).await;
    until_case(api, &id, "proposed").await;
    sign_in(&browser, "approver-1", "/award").await;
    browser.go(&format!("/award/cases/{id}")).await;
    browser.check(&format!("{lang}-16-proposal")).await;
    browser.press(words.to_approval).await;
    browser.until_path("/approval").await;
    browser.check(&format!("{lang}-16-approval")).await;
    browser.press(words.approve).await;
    until_case(api, &id, "granted").await;
    browser.go(&format!("/award/cases/{id}")).await;
    browser.check(&format!("{lang}-17-granted")).await;

    // The last email tells that a decision is ready.
    let subjects = emails(api, "integration@solingen.example", 4).await;
    browser.go(&format!("/mailbox?lang={lang}")).await;
    browser.until_text(&subjects[3]).await;
    browser.check(&format!("{lang}-18-mailbox")).await;
    browser.press(&subjects[3]).await;
    browser.until_path("/mailbox/").await;
    browser.check(&format!("{lang}-19-email")).await;
    browser.show(&format!("{}/html", browser.path().await)).await;
    browser.check(&format!("{lang}-19-email-html")).await;

    // The applicant opens the notice.
    sign_in(&browser, "applicant-solingen", "/apply").await;
    browser.go(&status_page).await;
    browser.until_text(words.decided).await;
    browser.check(&format!("{lang}-20-decided")).await;
    browser.go(&format!("/award/notices/{id}")).await;
    browser.check(&format!("{lang}-21-notice")).await;
    browser.press(words.retrieve).await;
    browser.until_gone(words.retrieve).await;
    browser.check(&format!("{lang}-21-notice-retrieved")).await;
    let pdf = browser.fetch(&format!("/award/notices/{id}/pdf")).await;
    assert!(pdf.starts_with("%PDF-"), "the notice opens as a PDF");

    // The operator looks at the emails' deliveries and at the state of the services.
    sign_in(&browser, "operator-1", "/mail").await;
    browser.check(&format!("{lang}-22-deliveries")).await;
    browser.press(words.waits).await;
    browser.until_path("/mail/deliveries/").await;
    browser.check(&format!("{lang}-22-delivery")).await;
    browser.go("/ops").await;
    browser.check(&format!("{lang}-23-ops")).await;
    browser.go("/ops/reconciliation").await;
    browser.check(&format!("{lang}-23-reconciliation")).await;
    browser.go("/ops/parked").await;
    browser.check(&format!("{lang}-23-parked")).await;
    browser.go("/nowhere").await;
    browser.check(&format!("{lang}-24-not-found")).await;

    browser.finish().await;
}

/// Waits until the case at award is in this stage.
async fn until_case(api: &Api, id: &str, stage: &str) {
    let token = api.token("case-worker-1", Role::CaseWorker, None);
    let path = format!("/award/api/cases/{id}");
    let seen =
        || async { api.get(&path, &token).await.map(|case| case["state"].to_string()).unwrap_or_default() };
    until(&format!("the case is {stage}"), seen, |seen| seen.contains(stage)).await;
}

/// Waits for this many emails to an address; returns their subjects in order of arrival.
async fn emails(api: &Api, address: &str, count: usize) -> Vec<String> {
    until_some("the emails", || async {
        let messages = api.get(&format!("/mailbox/api/messages?to={address}"), "").await.ok()?;
        let mut subjects: Vec<String> =
            messages.as_array()?.iter().filter_map(|one| Some(one["subject"].as_str()?.to_owned())).collect();
        // The mailbox shows the newest first.
        subjects.reverse();
        (subjects.len() >= count).then_some(subjects)
    })
    .await
}

pub async fn sign_in(browser: &Browser, person: &str, home: &str) {
    browser.go("/sign-in").await;
    let script = "document.querySelector(`button[name=person][value='${arguments[0]}']`).click()";
    browser.client.execute(script, vec![person.into()]).await.expect("a person");
    browser.until_not_path("/sign-in").await;
    browser.go(home).await;
}
