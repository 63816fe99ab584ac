//! Pages beside the usual way, such as errors, withdrawals and parked facts. axe finds nothing on them, and defects
//! that people have found stay fixed: in focus, labels, titles, print.

use bus::control::{Command, WaitingFact};
use chrono::TimeDelta;
use events::Service;
use serde_json::json;
use sqlx::Executor;
use testkit::until;
use tests::{Applicant, InProcess, Plan, form};

use crate::chrome::{Browser, DESK, PHONE};

const REFERRED: Applicant = Applicant::HILDEN;
const DECIDED: Applicant = Applicant::SOLINGEN;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_other_page_also_with_errors() {
    let system = InProcess::with(Plan { drafts: true, ..Plan::default() }).await;
    // An application whose eligibility a person must decide, and one that award can decide.
    let referred = system.submit(REFERRED, &form(REFERRED)).await;
    let decided = system.submit(DECIDED, &form(DECIDED)).await;
    system.review_twice("fund").await;
    system.until_case(&decided, "ready").await;
    system.until_status(REFERRED, &referred, "referred").await;

    let browser = Browser::start(&system.url).await;
    for lang in ["de", "en"] {
        browser.size(DESK).await;
        browser.go(&format!("/?lang={lang}")).await;
        applicant(&browser, lang, &decided).await;
        office(&browser, lang, &referred, &decided).await;
        reviewer(&browser, &system, lang).await;
        operator(&browser, lang).await;
    }
    browser.finish().await;

    system.finish().await;
}

/// Applications that are withdrawn, rejected, ineligible or referred have sound pages, and so have refused requests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_end_of_an_application() {
    let system = InProcess::with(Plan::default()).await;
    let who = Applicant::ESSEN;
    let sound = form(who);
    let rejected = system.submit(who, &sound).await;
    system.review_twice("decline").await;
    let reasons = "Das Vorhaben ist im Vergleich weniger wirksam.\nDie Ziele sind nicht messbar.";
    system.propose(&rejected, json!({ "kind": "reject", "reasons": reasons })).await;
    let withdrawn = system.submit(who, &sound).await;
    system.until_status(who, &withdrawn, "eligible").await;
    system.withdraw(who, &withdrawn).await;
    // Without the declarations the rules cannot confirm that it is eligible.
    let mut open = sound.clone();
    open.declarations.clear();
    let (referred, ineligible) = (system.submit(who, &open).await, system.submit(who, &open).await);
    system.decide_eligibility(&ineligible, "ineligible").await;
    system.until_status(who, &ineligible, "ineligible").await;
    system.until_status(who, &referred, "referred").await;
    system.reply(who, &referred, "Die Erklärungen reichen wir nach.\nSie liegen dem Rat vor.").await;
    system.until_reply(&referred).await;

    let browser = Browser::start(&system.url).await;
    for lang in ["de", "en"] {
        browser.size(DESK).await;
        browser.go(&format!("/?lang={lang}")).await;
        sign_in(&browser, "applicant-essen").await;
        browser.go("/apply").await;
        browser.check(&format!("{lang}-70-my-applications")).await;
        for (id, name) in [(&withdrawn, "withdrawn"), (&ineligible, "ineligible"), (&referred, "referred")] {
            browser.go(&format!("/apply/applications/{id}")).await;
            browser.check(&format!("{lang}-71-{name}")).await;
        }
        if lang == "en" {
            let found = browser.ask("return document.querySelector('main .kern-alert .b-text').lang").await;
            assert_eq!(found, "en", "what the rules found, in the reader's language");
        }
        browser.go(&format!("/apply/applications/{referred}/contact")).await;
        browser.check(&format!("{lang}-72-contact")).await;
        browser.go("/ops").await;
        browser.check(&format!("{lang}-73-forbidden")).await;

        sign_in(&browser, "case-worker-1").await;
        for (id, name) in [(&ineligible, "ineligible"), (&referred, "replied")] {
            browser.go(&format!("/eligibility/cases/{id}")).await;
            browser.check(&format!("{lang}-74-{name}")).await;
        }
        browser.go(&format!("/review/files/{rejected}")).await;
        browser.check(&format!("{lang}-75-reviewed-file")).await;
        sign_in(&browser, "approver-1").await;
        browser.go("/award?stage=proposed").await;
        browser.check(&format!("{lang}-76-ranking-proposed")).await;
        browser.go(&format!("/award/cases/{rejected}")).await;
        browser.check(&format!("{lang}-76-rejection")).await;
        browser.go(&format!("/award/cases/{rejected}/approval")).await;
        browser.check(&format!("{lang}-76-rejection-approval")).await;
        sign_in(&browser, "reviewer-1").await;
        browser.go("/review").await;
        browser.check(&format!("{lang}-77-queue-empty")).await;
        browser.go(&format!("/review/files/{rejected}")).await;
        browser.check(&format!("{lang}-77-own-review")).await;
    }

    // The rejection is approved and emailed, but not retrieved within 14 days.
    assert_eq!(system.approve(&rejected).await, "rejected");
    system.until_quiet().await;
    system.clock.advance(TimeDelta::days(14));
    for lang in ["de", "en"] {
        browser.size(DESK).await;
        browser.go(&format!("/?lang={lang}")).await;
        // In these 14 days the session has ended.
        browser.client.delete_cookie("bescheid_session").await.expect("no session");
        browser.go("/apply").await;
        browser.check(&format!("{lang}-78-sign-in-first")).await;
        sign_in(&browser, "applicant-essen").await;
        browser.go(&format!("/award/notices/{rejected}")).await;
        browser.check(&format!("{lang}-79-offer-ended")).await;
        sign_in(&browser, "case-worker-1").await;
        browser.go(&format!("/award/cases/{rejected}")).await;
        browser.check(&format!("{lang}-79-rejected")).await;
    }
    browser.finish().await;
    system.finish().await;
}

async fn applicant(browser: &Browser, lang: &str, decided: &str) {
    sign_in(browser, "applicant-solingen").await;
    browser.go("/apply").await;
    click(browser, "form[action$='/drafts'] button").await;
    browser.until_path("/apply/drafts/").await;
    let draft = browser.path().await;

    // A new row gets the focus; when a row is removed, its neighbour gets it, or else the button that adds one.
    for (action, focused) in [
        ("add-partner", "f-partner_name-0"),
        ("add-partner", "f-partner_name-1"),
        ("add-participant", "f-participant_ags-0"),
        ("add-participant", "f-participant_ags-1"),
        ("remove-partner-1", "f-partner_name-0"),
        ("remove-partner-0", "f-add-partner"),
        ("add-partner", "f-partner_name-0"),
    ] {
        click(browser, &format!("button[value='{action}']")).await;
        until_focus(browser, focused).await;
    }
    browser.check(&format!("{lang}-30-joint-form")).await;

    // The form is empty: the title announces errors, and each link in their list shows a label and focuses its field.
    browser.go(&format!("{draft}?check=1")).await;
    let title = browser.ask("return document.title").await;
    let says = if lang == "de" { "Fehler: " } else { "Error: " };
    assert!(title.as_str().is_some_and(|title| title.starts_with(says)), "{title}");
    browser.check(&format!("{lang}-31-joint-form-refused")).await;
    for size in [PHONE, DESK] {
        browser.size(size).await;
        let hidden = browser
            .ask(
                "document.documentElement.style.scrollBehavior = 'auto';
                 const wrong = [];
                 for (const link of document.querySelectorAll('#errors a')) {
                   document.activeElement?.blur(); link.click();
                   const field = document.querySelector(link.hash);
                   if (!field) { wrong.push(`${link.hash}: no such field`); continue; }
                   const label = field.labels?.[0] ?? field.querySelector('legend, label') ?? field;
                   const at = label.getBoundingClientRect();
                   if (at.top < 0 || at.bottom > innerHeight) wrong.push(`${link.hash}: label at ${at.top}`);
                   if (document.activeElement !== field) wrong.push(`${link.hash}: no focus`);
                 }
                 return wrong.join('\\n')",
            )
            .await;
        assert_eq!(hidden, "", "labels of fields that error links lead to, {} px", size.0);
    }

    browser.go(&format!("{draft}/delete")).await;
    browser.check(&format!("{lang}-32-delete")).await;
    click(browser, "main form button").await;
    browser.until_not_path(&format!("{draft}/delete")).await;
    assert!(browser.has("[role=status].kern-alert--success").await, "it says that the draft is deleted");
    browser.check(&format!("{lang}-33-deleted")).await;

    // Print unfolds what the screen folds up, and prints icons in their exact colours.
    browser.go(&format!("/apply/applications/{decided}")).await;
    let folded =
        "return document.querySelector('.b-details dd').checkVisibility({ contentVisibilityAuto: true })";
    assert_eq!(browser.ask(folded).await, false, "folded up on a screen");
    browser.on_paper(true).await;
    until("it is unfolded on paper", || browser.ask(folded), |seen| *seen == true).await;
    let exact = "return getComputedStyle(document.querySelector('main .kern-icon')).printColorAdjust";
    assert_eq!(browser.ask(exact).await, "exact");
    browser.on_paper(false).await;
    browser.print(&format!("{lang}-34-status")).await;
    browser.check(&format!("{lang}-34-status")).await;
    browser.go(&format!("/apply/applications/{decided}/receipt")).await;
    browser.check(&format!("{lang}-34-receipt")).await;
    browser.go(&format!("/apply/applications/{decided}/withdraw")).await;
    browser.check(&format!("{lang}-35-withdraw")).await;
    set(browser, "reason", 6_000).await;
    click(browser, "main form button").await;
    until_errors(browser).await;
    browser.check(&format!("{lang}-35-withdraw-refused")).await;
}

async fn office(browser: &Browser, lang: &str, referred: &str, decided: &str) {
    sign_in(browser, "case-worker-1").await;
    browser.go("/eligibility").await;
    browser.check(&format!("{lang}-40-eligibility")).await;
    browser.go(&format!("/eligibility/cases/{referred}")).await;
    if lang == "en" {
        let text = browser.text().await;
        assert!(text.contains("Hilden has no immigration office of its own"), "{text}");
    }
    browser.check(&format!("{lang}-41-referred")).await;
    click(browser, "main form button").await;
    until_errors(browser).await;
    browser.check(&format!("{lang}-41-referred-refused")).await;
    browser.go("/review/all").await;
    browser.size(PHONE).await;
    let scrolls = "const box = document.querySelector('.b-table'); if (!box) return true;\
        const hint = box.querySelector('.b-scrolls');\
        return (box.scrollWidth > box.clientWidth) === (getComputedStyle(hint).display !== 'none')";
    for state in ["waiting", "taken", "completed"] {
        browser.go(&format!("/review/all?state={state}")).await;
        assert_eq!(
            browser.ask(scrolls).await,
            true,
            "a table that scrolls says so, and only such a one: {state}"
        );
    }
    browser.check(&format!("{lang}-42-review-list")).await;
    browser.go("/award").await;
    browser.check(&format!("{lang}-43-ranking")).await;
    browser.go(&format!("/award/cases/{decided}")).await;
    // Without a kind and reasons the form comes back with its errors.
    browser.ask("document.querySelectorAll('[name=kind]').forEach(one => one.checked = false)").await;
    click(browser, "form[action$='/proposal'] button").await;
    until_errors(browser).await;
    browser.check(&format!("{lang}-44-proposal-refused")).await;
    for page in ["/mail", "/mail?failed=true"] {
        browser.go(page).await;
        browser.check(&format!("{lang}-45-mail-{}", page.len())).await;
    }
    browser.go("/mail").await;
    click(browser, ".b-table a").await;
    browser.until_path("/mail/deliveries/").await;
    browser.check(&format!("{lang}-46-email")).await;
}

async fn reviewer(browser: &Browser, system: &InProcess, lang: &str) {
    sign_in(browser, "reviewer-1").await;
    browser.go("/review/ties").await;
    browser.check(&format!("{lang}-50-ties")).await;
    click(browser, "form[action='/review/ties'] button").await;
    until_errors(browser).await;
    browser.check(&format!("{lang}-50-ties-refused")).await;

    // The reviewer takes a file, sends the review too early, and gives the file back.
    let who = Applicant::ESSEN;
    let id = system.submit(who, &form(who)).await;
    system.until_status(who, &id, "eligible").await;
    until(
        "a file waits",
        || async {
            browser.go("/review").await;
            browser.ask("return document.querySelector(\"form[action='/review/next']\") !== null").await
        },
        |seen| *seen == true,
    )
    .await;
    take(browser).await;
    let file = browser.path().await;
    browser.go("/review").await;
    browser.check(&format!("{lang}-51-queue-held")).await;
    browser.go(&file).await;
    browser.check(&format!("{lang}-51-file")).await;
    click(browser, "form[action$='/review'] button[type=submit]").await;
    until_errors(browser).await;
    browser.check(&format!("{lang}-51-file-refused")).await;
    browser.go(&format!("{file}/abstain")).await;
    browser.check(&format!("{lang}-52-abstain")).await;
    click(browser, "main form button").await;
    until_errors(browser).await;
    browser.check(&format!("{lang}-52-abstain-refused")).await;
    browser.go(&file).await;
    click(browser, "form[action$='/return'] button").await;
    browser.until_not_path(&file).await;
    browser.check(&format!("{lang}-53-queue-returned")).await;
}

/// Presses "next" until a file comes, since review may not have consumed its facts yet.
async fn take(browser: &Browser) {
    until(
        "a file is taken",
        || async {
            if !browser.path().await.contains("/review/files/") {
                browser.go("/review").await;
                click(browser, "form[action='/review/next'] button").await;
            }
            browser.path().await
        },
        |path| path.contains("/review/files/"),
    )
    .await;
}

async fn operator(browser: &Browser, lang: &str) {
    sign_in(browser, "operator-1").await;
    for (page, name) in [
        ("/ops", "ops"),
        ("/ops/services/review/restart", "restart"),
        ("/ops/reconciliation", "reconciliation"),
        ("/ops/parked", "parked"),
    ] {
        browser.go(page).await;
        browser.check(&format!("{lang}-60-{name}")).await;
    }
}

/// In each language, operators can inspect a parked fact, ask to drop it, and redrive it. The facts are real, since
/// made-up ones would leave the reconciliation out of balance: review parks them while one of its tables is broken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operators_pages_of_a_parked_fact() {
    let system = InProcess::new().await;
    let review = system.database(Service::Review);
    review.execute("alter table files add constraint broken check (false) not valid").await.expect("broken");
    for who in [Applicant::SOLINGEN, Applicant::ESSEN] {
        system.submit(who, &form(who)).await;
    }
    let parked = || async {
        system
            .operator
            .execute::<Vec<WaitingFact>>(Service::Review, &Command::Parked)
            .await
            .unwrap_or_default()
    };
    // Behind each, the confirmation of eligibility is held.
    let both = |facts: &Vec<WaitingFact>| facts.len() == 2 && facts.iter().all(|fact| fact.held_behind > 0);
    let facts = until("both are parked", parked, both).await;
    let page = |fact: &WaitingFact| {
        let which = &fact.which;
        format!("/ops/parked/review/{}/{}/{}", which.source, which.key, which.version)
    };
    let languages = || ["de", "en"].into_iter().zip(facts.iter().map(page));

    let browser = Browser::start(&system.url).await;
    for (lang, fact) in languages() {
        browser.go(&format!("/?lang={lang}")).await;
        sign_in(&browser, "operator-1").await;
        browser.go("/ops").await;
        browser.check(&format!("{lang}-70-ops-with-parked")).await;
        browser.go("/ops/parked").await;
        browser.check(&format!("{lang}-71-parked-list")).await;
        browser.go(&fact).await;
        assert!(browser.text().await.contains("broken"), "what is wrong: {}", browser.text().await);
        browser.check(&format!("{lang}-72-parked-fact")).await;
        browser.go(&format!("{fact}/redrive")).await;
        browser.check(&format!("{lang}-73-redrive-in-vain")).await;

        // One operator asks to give it up, and another is asked to agree.
        browser.go(&fact).await;
        browser.fill("reason", "Die Tabelle nimmt <nichts> an.").await;
        click(&browser, "form[action$='/drop'] button").await;
        browser.until_path("/ops/parked").await;
        until("it is asked", || browser.has("[role=status].kern-alert--success"), |said| *said).await;
        browser.check(&format!("{lang}-74-asked")).await;
        browser.go(&fact).await;
        assert!(!browser.has("a[href$='/drop']").await, "nobody agrees with themselves");
        browser.check(&format!("{lang}-75-asked-by-me")).await;
        sign_in(&browser, "operator-2").await;
        browser.go(&fact).await;
        browser.check(&format!("{lang}-76-asked-by-another")).await;
        click(&browser, "a[href$='/drop']").await;
        browser.until_path("/drop").await;
        assert!(browser.text().await.contains("Die Tabelle nimmt <nichts> an."), "{}", browser.text().await);
        browser.check(&format!("{lang}-77-agree")).await;
    }

    review.execute("alter table files drop constraint broken").await.expect("whole again");
    for (lang, fact) in languages() {
        browser.go(&format!("/?lang={lang}")).await;
        browser.go(&fact).await;
        let text = browser.text().await;
        assert!(text.contains(r#""state":"announced""#), "what would be known afterwards: {text}");
        browser.check(&format!("{lang}-78-rehearsed")).await;
        click(&browser, "a[href$='/redrive']").await;
        browser.until_path("/redrive").await;
        browser.check(&format!("{lang}-78-redrive")).await;
        click(&browser, "form[action$='/redrive'] button").await;
        until("it is redriven", || browser.has("[role=status].kern-alert--success"), |said| *said).await;
        browser.check(&format!("{lang}-79-redriven")).await;
    }
    browser.finish().await;
    // Nothing was given up, so `finish` must find every application in every service.
    system.finish().await;
}

async fn click(browser: &Browser, css: &str) {
    let script = format!("document.querySelector({css:?}).click()");
    browser.ask(&script).await;
}

/// Fills a field with a text of this length.
async fn set(browser: &Browser, name: &str, length: usize) {
    browser
        .ask(&format!("document.querySelector('[name={name}]').value = 'x '.repeat({})", length / 2))
        .await;
}

async fn until_errors(browser: &Browser) {
    let look = || async { (browser.has("#errors").await, browser.path().await, browser.text().await) };
    until("the form says what is wrong", look, |(said, ..)| *said).await;
}

async fn until_focus(browser: &Browser, id: &str) {
    let focused = || async {
        let id = browser.client.execute("return document.activeElement?.id ?? ''", vec![]).await;
        id.ok().and_then(|id| id.as_str().map(str::to_owned)).unwrap_or_default()
    };
    until(&format!("the focus is on {id}"), focused, |seen| seen == id).await;
}

async fn sign_in(browser: &Browser, person: &str) {
    browser.go("/sign-in").await;
    let script = "document.querySelector(`button[name=person][value='${arguments[0]}']`).click()";
    browser.client.execute(script, vec![person.into()]).await.expect("a person");
    browser.until_not_path("/sign-in").await;
}
