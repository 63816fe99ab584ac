//! The notice in a real browser: nothing but the button retrieves it, no key, no link, no prefetch.

use chassis::Role;
use serde_json::{Value, json};
use tests::{Applicant, InProcess, form};

use crate::chrome::{Browser, DESK};
use crate::journey::sign_in;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_button_retrieves_a_notice() {
    let system = InProcess::new().await;
    let who = Applicant::SOLINGEN;
    let id = system.submit(who, &form(who)).await;
    system.until_status(who, &id, "eligible").await;
    system.review_twice("fund").await;
    system.propose(&id, json!({ "kind": "grant", "amount_cents": 4_800_000 })).await;
    assert_eq!(system.approve(&id).await, "granted");
    system.until_quiet().await;
    let (page, pdf) = (format!("/award/notices/{id}"), format!("/award/notices/{id}/pdf"));

    let browser = Browser::start(&system.url).await;
    browser.go("/?lang=de").await;
    browser.size(DESK).await;
    sign_in(&browser, "applicant-solingen", "/apply").await;
    browser.go(&page).await;
    browser.check("de-21-notice-waits").await;

    // No key that is pressed by accident or by dictation software retrieves the notice.
    press_every_key(&browser).await;
    assert_eq!(browser.path().await, page, "no key leads away");
    // Nor does the address of the PDF, whether typed in, fetched with GET or HEAD, or prefetched.
    browser.go(&pdf).await;
    assert_eq!(browser.path().await, page);
    assert!(!browser.fetch(&pdf).await.starts_with("%PDF"));
    let head = "const done = arguments[1];\
        fetch(arguments[0], { method: 'HEAD' }).then(answer => done(answer.url), error => done(String(error)))";
    let led_to = browser.client.execute_async(head, vec![json!(pdf)]).await.expect("an answer");
    assert!(led_to.as_str().is_some_and(|url| url.ends_with(&page)), "{led_to}");
    let prefetch = "const done = arguments[1]; const link = document.createElement('link');\
        Object.assign(link, { rel: 'prefetch', href: arguments[0], onload: () => done('loaded'), onerror: () => done('refused') });\
        document.head.append(link)";
    browser.client.execute_async(prefetch, vec![json!(pdf)]).await.expect("an answer");
    assert_eq!(notice(&system, &id).await["retrieved_at"], Value::Null);

    // The button "retrieve the notice" does.
    browser.go(&page).await;
    browser.press("Bescheid abrufen").await;
    browser.until_gone("Bescheid abrufen").await;
    assert_eq!(browser.path().await, page);
    assert!(browser.has(&format!("a[href={pdf:?}]")).await && browser.has("a[href$='?download=yes']").await);
    browser.check("de-21-notice-retrieved").await;
    let retrieved = notice(&system, &id).await;
    assert!(retrieved["retrieved_at"].is_string() && retrieved["standing"] == "open", "{retrieved}");
    assert!(browser.fetch(&pdf).await.starts_with("%PDF-"));
    browser.finish().await;
    system.finish().await;
}

/// No single key proposes, approves, gives back, submits or withdraws anything; a harmless one works.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_key_decides_anything() {
    let system = InProcess::new().await;
    let who = Applicant::SOLINGEN;
    let id = system.submit(who, &form(who)).await;
    system.until_status(who, &id, "eligible").await;
    let browser = Browser::start(&system.url).await;
    browser.go("/?lang=de").await;
    browser.size(DESK).await;

    // `n` takes the next file, which can be given back. No other key on that page, and none on the page of the file,
    // sends a form.
    sign_in(&browser, "reviewer-1", "/review").await;
    type_keys(&browser, "n").await;
    browser.until_path("/review/files/").await;
    press_every_key(&browser).await;
    assert!(browser.path().await.starts_with("/review/files/"));
    let token = system.api.token("reviewer-1", Role::Reviewer, None);
    let queue = system.api.get("/review/api/queue", &token).await.expect("the queue");
    assert!(queue.to_string().contains(&id), "still held: {queue}");

    // The same file is reviewed, and a grant is proposed.
    system.review_twice("fund").await;
    system.propose(&id, json!({ "kind": "grant", "amount_cents": 4_800_000 })).await;
    for (person, page, state) in [
        ("approver-1", format!("/award/cases/{id}"), "proposed"),
        ("applicant-solingen", format!("/apply/applications/{id}/withdraw"), "proposed"),
    ] {
        sign_in(&browser, person, &page).await;
        press_every_key(&browser).await;
        assert_eq!(browser.path().await, page, "{person}");
        assert_eq!(system.until_case(&id, state).await["state"], state, "{person}");
    }
    browser.finish().await;
    system.finish().await;
}

async fn notice(system: &InProcess, id: &str) -> Value {
    let token = system.api.token("case-worker-1", Role::CaseWorker, None);
    system.api.get(&format!("/award/api/notices/{id}"), &token).await.expect("the notice")
}

/// Presses all letters and digits, each alone, outside of any field.
async fn press_every_key(browser: &Browser) {
    // Without `q` and `b`: they follow links on some pages, and to leave a page is harmless.
    type_keys(browser, "acdefghijklmnoprstuvwxyzACDEFGHIJKLMNOPRSTUVWXYZ0123456789").await;
}

async fn type_keys(browser: &Browser, keys: &str) {
    let script = "document.activeElement?.blur(); for (const key of arguments[0]) {\
        for (const kind of ['keydown', 'keyup'])\
            document.body.dispatchEvent(new KeyboardEvent(kind, { key, bubbles: true, cancelable: true })); }";
    browser.client.execute(script, vec![json!(keys)]).await.expect("typed");
}
