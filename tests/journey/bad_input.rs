//! Invalid or forbidden requests are answered with a problem that helps to correct them, and change nothing.

use axum::http::{Method, StatusCode};
use chassis::Role;
use events::{Application, Cents};
use serde_json::{Value, json};
use tests::{Applicant, InProcess, form};
use uuid::Uuid;

fn body(form: &Application) -> Value {
    json!({ "call": "komm-in-2027", "application": form })
}

fn solingen(system: &InProcess) -> String {
    system.api.token("person-solingen", Role::Applicant, Some("05122000"))
}

/// Asserts a problem document (RFC 9457) with this status that contains `names`.
fn assert_problem(status: StatusCode, answer: &Value, expected: StatusCode, names: &str) {
    assert_eq!(status, expected, "{answer}");
    assert!(
        answer["type"].as_str().is_some_and(|kind| kind.starts_with("urn:bescheid:problem:")),
        "{answer}"
    );
    assert!(answer.to_string().contains(names), "{names:?} is not named in {answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_does_not_add_up_is_refused_beside_its_field() {
    let system = InProcess::new().await;
    let who = Applicant::SOLINGEN;
    system.submit(who, &form(who)).await;
    let token = solingen(&system);
    type Spoil = fn(&mut Application);
    let cases: [(&str, Spoil); 4] = [
        ("financing", |form| form.financing.total = form.financing.total + Cents(1)),
        ("project_period", |form| std::mem::swap(&mut form.project_period.from, &mut form.project_period.to)),
        ("title", |form| form.title = "x".repeat(100_000)),
        ("joint", |form| {
            let participants =
                vec![events::Participant { ags: testkit::samples::ags("05999999"), share: Cents(1) }];
            form.joint = Some(events::JointProject { lead_share: form.financing.grant, participants });
        }),
    ];
    for (field, spoil) in cases {
        let mut spoiled = form(who);
        spoil(&mut spoiled);
        let (status, answer) = system.post(&token, "/apply/api/applications", body(&spoiled)).await;
        assert_problem(status, &answer, StatusCode::UNPROCESSABLE_ENTITY, field);
    }
    let huge = json!({ "call": "komm-in-2027", "application": "x".repeat(10_000_000) });
    let (status, answer) = system.post(&token, "/apply/api/applications", huge).await;
    assert_problem(status, &answer, StatusCode::PAYLOAD_TOO_LARGE, "too-large");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_submit_with_the_same_key_is_the_first() {
    let system = InProcess::new().await;
    let who = Applicant::SOLINGEN;
    system.submit(who, &form(who)).await;
    let token = solingen(&system);
    let key = Uuid::new_v4().to_string();
    let mut project = form(who);
    project.title = "Ein zweites Vorhaben".to_owned();
    let (status, first) = system.post_again(&token, "/apply/api/applications", &key, body(&project)).await;
    assert_eq!(status, StatusCode::CREATED);
    let (_, second) = system.post_again(&token, "/apply/api/applications", &key, body(&project)).await;
    assert_eq!(first["id"], second["id"]);
    assert_eq!(first["file_number"], second["file_number"]);
    project.title = "Etwas anderes unter demselben Schlüssel".to_owned();
    let (status, _) = system.post_again(&token, "/apply/api/applications", &key, body(&project)).await;
    assert!(status.is_client_error(), "{status}");
    // A repetition without a key could not be told from a new application.
    let path = "/apply/api/applications";
    let (status, answer) =
        system.api.call(Method::POST, path, &token, None, Some(&body(&project))).await.expect("an answer");
    assert!(status.is_client_error(), "{status}");
    assert!(answer.to_string().to_lowercase().contains("idempotency-key"), "{answer}");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_only_what_is_theirs() {
    let system = InProcess::new().await;
    let who = Applicant::SOLINGEN;
    let id = system.submit(who, &form(who)).await;
    let stranger = system.api.token("person-essen", Role::Applicant, Some("05113000"));
    let path = format!("/apply/api/applications/{id}");
    let (status, _) = system.api.call(Method::GET, &path, &stranger, None, None).await.expect("an answer");
    assert_eq!(status, StatusCode::NOT_FOUND, "someone else's application is not even there");
    let (status, _) = system.post(&stranger, &format!("{path}/withdrawal"), json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let (status, answer) = system.post("no-token", "/review/api/next", json!({})).await;
    assert_problem(status, &answer, StatusCode::UNAUTHORIZED, "sign-in");
    let approver = system.api.token("approver-1", Role::Approver, None);
    let proposal = json!({ "kind": "grant", "amount_cents": 1 });
    for (token, path, body) in [
        (&stranger, "/review/api/next".to_owned(), json!({})),
        (
            &stranger,
            format!("/eligibility/api/cases/{id}/decision"),
            json!({ "decision": "eligible", "reason": "weil ich es möchte" }),
        ),
        (&approver, format!("/award/api/cases/{id}/proposal"), proposal),
    ] {
        let (status, answer) = system.post(token, &path, body).await;
        assert_problem(status, &answer, StatusCode::FORBIDDEN, "forbidden");
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_are_kept_as_typed_and_never_as_markup() {
    let system = InProcess::new().await;
    let who = Applicant::SOLINGEN;
    let mut project = form(who);
    project.title = "<script>alert(1)</script>'; drop table applications; --".to_owned();
    let id = system.submit(who, &project).await;
    system.until_status(who, &id, "eligible").await;
    let cookie_page =
        system.api.bytes(&format!("/apply/applications/{id}"), &solingen(&system)).await.expect("the page");
    let page = String::from_utf8(cookie_page).expect("text");
    assert!(!page.contains("<script>alert"), "markup must be escaped");
    assert!(page.contains("drop table applications"), "the text is shown as it is");
    system.emails(who.email, 2).await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_is_taken_in_flagged_and_left_to_a_person() {
    let system = InProcess::new().await;
    system.clock.set("2027-03-02T09:00:00Z".parse().expect("a moment"));
    let who = Applicant::SOLINGEN;
    let id = system.submit(who, &form(who)).await;
    system.until_status(who, &id, "referred").await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_approves_their_own_proposal() {
    let system = InProcess::new().await;
    let who = Applicant::SOLINGEN;
    let id = system.submit(who, &form(who)).await;
    system.review_twice("fund").await;
    let token = {
        // One person with both roles.
        let now = system.clock.now();
        let session = chassis::Session {
            person: "both".into(),
            name: "Both".into(),
            email: None,
            roles: vec![Role::CaseWorker, Role::Approver],
            ags: None,
            expires: now + chrono::TimeDelta::hours(1),
        };
        tests::keys().sign(&session)
    };
    system.until_case(&id, "ready").await;
    let proposal = json!({ "kind": "grant", "amount_cents": 4_800_000 });
    let (status, answer) = system.post(&token, &format!("/award/api/cases/{id}/proposal"), proposal).await;
    assert!(status.is_success(), "{answer}");
    let (status, answer) = system.post(&token, &format!("/award/api/cases/{id}/approval"), json!({})).await;
    assert_problem(status, &answer, StatusCode::CONFLICT, "");
    let too_much = json!({ "kind": "grant", "amount_cents": 4_800_001 });
    let (status, _) = system.post(&token, &format!("/award/api/cases/{id}/proposal"), too_much).await;
    assert!(status.is_client_error());
    system.finish().await;
}
