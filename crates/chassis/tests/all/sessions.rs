//! Roles, sessions and forged requests.

use crate::client::{Running, get, now, person, post, start_with};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get as on_get, post as on_post};
use chassis::http::ProblemPage;
use chassis::session::{COOKIE, Fields, PageForm, PublicForm, SessionKeys, return_path};
use chassis::{Problem, Role, Session, TestClock};
use chrono::TimeDelta;
use serde::Deserialize;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const HTML: (&str, &str) = ("accept", "text/html");
const SAME: (&str, &str) = ("sec-fetch-site", "same-origin");
const CROSS: (&str, &str) = ("sec-fetch-site", "cross-site");

#[derive(Deserialize)]
struct Draft {
    #[serde(default)]
    title: String,
    #[serde(default)]
    themes: Vec<String>,
}

fn start() -> (Running, TestClock) {
    let clock = TestClock::at(now());
    let process = testkit::process("sample", clock.clock());
    // A problem page that shows what was typed, as the real one does.
    process.show_problems_with(ProblemPage::new(|_, problem| {
        let typed = problem
            .typed
            .iter()
            .flat_map(|fields| fields.iter())
            .map(|(name, value)| format!("{name}={value};"));
        axum::response::IntoResponse::into_response(typed.collect::<String>())
    }));
    let routes = Router::new()
        .route("/apply/mine", on_get(async |session: Session| session.name))
        .route(
            "/apply/greeting",
            on_get(async |session: Option<Session>| session.map_or("nobody".to_owned(), |s| s.name)),
        )
        .route(
            "/apply/api/me",
            on_get(async |session: Session| session.name).post(async |session: Session| session.name),
        )
        .route(
            "/apply/decide",
            on_get(async |session: Session| -> Result<&'static str, Problem> {
                session.require(Role::CaseWorker)?;
                Ok("decided")
            }),
        )
        .route(
            "/apply/draft",
            on_post(async |form: PageForm<Draft>| {
                format!("{}: {} {:?}", form.session.person, form.data.title, form.data.themes)
            }),
        )
        .route("/apply/raw", on_post(async |form: PageForm<Fields>| form.data.get("title").to_owned()))
        .route("/sign-in", on_post(async |PublicForm(draft): PublicForm<Draft>| draft.title));
    (start_with(process, routes), clock)
}

fn cookie(session: &Session) -> String {
    format!("other=1; broken;; {COOKIE}=not-ours; {COOKIE}={}", testkit::session_keys().sign(session))
}

fn csrf(session: &Session) -> String {
    testkit::session_keys().csrf(session)
}

#[tokio::test]
async fn without_a_session_pages_lead_to_sign_in_and_the_api_says_401() {
    let (running, _) = start();
    let page = get(&format!("{}/apply/mine?file=7&x=a%20b", running.url), &[HTML]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(page.header("location"), "/sign-in?next=%2Fapply%2Fmine%3Ffile%3D7%26x%3Da%2520b");
    let api = get(&format!("{}/apply/api/me", running.url), &[HTML]).await;
    assert_eq!((api.status, api.problem().as_str()), (StatusCode::UNAUTHORIZED, "sign-in"));
    assert_eq!(api.header("www-authenticate"), "Bearer");
    assert_eq!(get(&format!("{}/apply/greeting", running.url), &[]).await.text(), "nobody");
}

#[tokio::test]
async fn a_session_works_as_cookie_and_as_bearer_until_it_ends() {
    let (running, clock) = start();
    let anna = person("anna", &[Role::Applicant]);
    let bearer = format!("Bearer {}", testkit::session_keys().sign(&anna));
    let url = format!("{}/apply/api/me", running.url);
    assert_eq!(get(&url, &[("cookie", &cookie(&anna))]).await.text(), "Person anna");
    assert_eq!(get(&url, &[("authorization", &bearer)]).await.text(), "Person anna");
    clock.advance(TimeDelta::hours(8));
    assert_eq!(get(&url, &[("authorization", &bearer)]).await.problem(), "sign-in");
}

#[tokio::test]
async fn a_forged_or_changed_token_is_no_session() {
    let anna = person("anna", &[Role::Applicant]);
    let keys = testkit::session_keys();
    let token = keys.sign(&anna);
    assert_eq!(keys.verify(&token, now()), Some(anna.clone()));
    let (body, signature) = token.split_once('.').unwrap();
    let other = keys.sign(&person("berta", &[Role::Operator]));
    let (other_body, _) = other.split_once('.').unwrap();
    for bad in [
        format!("{other_body}.{signature}"),
        format!("{body}."),
        body.to_owned(),
        String::new(),
        format!("{body}.{}", csrf(&anna)),
    ] {
        assert_eq!(keys.verify(&bad, now()), None, "{bad}");
    }
}

#[test]
fn a_secret_can_be_replaced_without_signing_everybody_out() {
    let read = |toml: &str| toml::from_str::<SessionKeys>(toml).unwrap();
    let (first, second) = ("a".repeat(32), "b".repeat(32));
    let anna = person("anna", &[]);
    let token = read(&format!("secret = '{first}'")).sign(&anna);
    let rotated = read(&format!("secret = '{second}'\nprevious = '{first}'"));
    assert_eq!(rotated.verify(&token, now()), Some(anna.clone()));
    assert_eq!(read(&format!("secret = '{second}'")).verify(&token, now()), None);
    assert!(
        rotated.cookie(&anna, now()).ends_with("; Path=/; Max-Age=28800; HttpOnly; SameSite=Lax; Secure")
    );
    let short = toml::from_str::<SessionKeys>("secret = 'short'").unwrap_err().to_string();
    assert!(short.contains("at least 32 characters"), "{short}");
    assert!(!short.contains("'short'") || short.contains("secret"), "{short}");
}

#[tokio::test]
async fn a_role_that_is_missing_is_403() {
    let (running, _) = start();
    let url = format!("{}/apply/decide", running.url);
    let applicant = get(&url, &[("cookie", &cookie(&person("anna", &[Role::Applicant])))]).await;
    assert_eq!(applicant.problem(), "forbidden");
    assert!(applicant.text().contains("case_worker"));
    let worker = get(&url, &[("cookie", &cookie(&person("carl", &[Role::CaseWorker])))]).await;
    assert_eq!(worker.text(), "decided");
}

#[tokio::test]
async fn a_form_needs_the_token_of_the_person_who_sends_it() {
    let (running, _) = start();
    let url = format!("{}/apply/draft", running.url);
    let (anna, berta) = (person("anna", &[]), person("berta", &[]));
    let with = |token: &str| format!("csrf={token}&title=Nachbarn&themes=work&themes=housing");
    let cookie = cookie(&anna);
    let good = post(&url, &[FORM, ("cookie", &cookie)], with(&csrf(&anna))).await;
    assert_eq!(good.text(), r#"anna: Nachbarn ["work", "housing"]"#);
    let raw =
        post(&format!("{}/apply/raw", running.url), &[FORM, ("cookie", &cookie)], with(&csrf(&anna))).await;
    assert_eq!(raw.text(), "Nachbarn");

    for token in [csrf(&berta), String::new(), "%%%".to_owned()] {
        let refused = post(&url, &[FORM, ("cookie", &cookie)], with(&token)).await;
        assert_eq!(refused.problem(), "forged", "{token}");
    }
    let cross = post(&url, &[FORM, ("cookie", &cookie), CROSS], with(&csrf(&anna))).await;
    assert_eq!(cross.problem(), "forged");
    let origin =
        post(&url, &[FORM, ("cookie", &cookie), ("origin", "https://evil.example")], with(&csrf(&anna)))
            .await;
    assert_eq!(origin.problem(), "forged");
    let own = post(&url, &[FORM, ("cookie", &cookie), ("origin", &running.url)], with(&csrf(&anna))).await;
    assert_eq!(own.status, StatusCode::OK);
}

#[tokio::test]
async fn what_was_typed_survives_the_end_of_the_session() {
    let (running, clock) = start();
    let url = format!("{}/apply/draft", running.url);
    let anna = person("anna", &[]);
    let body = format!("csrf={}&title=Nachbarn+%26+Co&themes=work&themes=housing", csrf(&anna));
    clock.advance(TimeDelta::hours(9));
    let lost = post(&url, &[FORM, HTML, ("cookie", &cookie(&anna)), SAME], body.clone()).await;
    assert_eq!(lost.status, StatusCode::UNAUTHORIZED);
    assert!(lost.text().ends_with("title=Nachbarn & Co;themes=work;themes=housing;"), "{}", lost.text());

    // The same form, once the same person is signed in again.
    let again = Session { expires: now() + TimeDelta::hours(20), ..anna };
    let sent = post(&url, &[FORM, HTML, ("cookie", &cookie(&again)), SAME], body.clone()).await;
    assert_eq!(sent.text(), r#"anna: Nachbarn & Co ["work", "housing"]"#);

    // Another person must confirm; what another site sent is not even shown.
    let berta = Session { person: "berta".into(), ..again };
    let asked = post(&url, &[FORM, HTML, ("cookie", &cookie(&berta)), SAME], body.clone()).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(asked.text().contains("title=Nachbarn & Co"));
    let forged = post(&url, &[FORM, HTML, ("cookie", &cookie(&berta)), CROSS], body).await;
    assert_eq!((forged.status, forged.text()), (StatusCode::FORBIDDEN, ""));
}

#[tokio::test]
async fn the_api_takes_cookies_only_with_a_proof_and_bearer_without() {
    let (running, _) = start();
    let url = format!("{}/apply/api/me", running.url);
    let anna = person("anna", &[]);
    let cookie = cookie(&anna);
    let bearer = format!("Bearer {}", testkit::session_keys().sign(&anna));
    assert_eq!(post(&url, &[("cookie", &cookie)], "").await.problem(), "forged");
    assert_eq!(post(&url, &[("cookie", &cookie), CROSS], "").await.problem(), "forged");
    assert_eq!(
        post(&url, &[("cookie", &cookie), ("x-csrf-token", "nonsense")], "").await.problem(),
        "forged"
    );
    assert_eq!(post(&url, &[("cookie", &cookie), SAME], "").await.text(), "Person anna");
    assert_eq!(
        post(&url, &[("cookie", &cookie), ("x-csrf-token", &csrf(&anna))], "").await.text(),
        "Person anna"
    );
    assert_eq!(post(&url, &[("authorization", &bearer)], "").await.text(), "Person anna");
    assert_eq!(
        get(&url, &[("cookie", &cookie), CROSS]).await.text(),
        "Person anna",
        "reading needs no proof"
    );
}

#[tokio::test]
async fn a_form_for_everybody_refuses_only_other_sites() {
    let (running, _) = start();
    let url = format!("{}/sign-in", running.url);
    assert_eq!(post(&url, &[FORM], "title=x").await.text(), "x");
    assert_eq!(post(&url, &[FORM, CROSS], "title=x").await.problem(), "forged");
    assert_eq!(post(&url, &[("content-type", "text/plain")], "title=x").await.problem(), "malformed");
}

#[test]
fn after_signing_in_nobody_is_led_to_another_site() {
    for here in ["/", "/apply/mine?file=7&title=50%25", "/apply/a//b"] {
        assert_eq!(return_path(here), Some(here));
    }
    for elsewhere in [
        "",
        "apply",
        "//evil.example",
        "/\\evil.example",
        "/apply\\evil.example",
        "/%09/evil.example",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "/\r\nset-cookie: x",
        "/\u{85}/evil.example",
        "https://evil.example",
        "javascript:x",
    ] {
        assert_eq!(return_path(elsewhere), None, "{elsewhere}");
    }
}
