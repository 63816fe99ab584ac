use axum::http::{Method, StatusCode};
use chassis::Role;
use events::{EligibilityConfirmed, Service};
use pages::messages::{assert_catalogues_match, assert_templates_known};
use serde_json::json;
use testkit::until;

use super::world::{begin, now, paderborn, solingen, staff};
use crate::application::Status;
use crate::samples;

const DE: &str = include_str!("../../messages/de.ftl");
const EN: &str = include_str!("../../messages/en.ftl");

#[test]
fn both_languages_say_everything() {
    assert_catalogues_match(DE, EN);
    assert_templates_known(concat!(env!("CARGO_MANIFEST_DIR"), "/templates"), DE, EN);
    let messages = pages::messages::Messages::new(DE, EN).unwrap();
    for language in pages::Language::ALL {
        for status in Status::ALL {
            assert!(messages.has(language, &status.label()) && messages.has(language, &status.explanation()));
        }
    }
}

/// Whoever begins is most often the contact: name and email of the session stand in the new draft.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_draft_knows_who_is_signed_in() {
    let world = begin().await;
    for (name, email) in [("Aylin Brandt", Some("a.brandt@solingen.example")), ("Ohne Adresse", None)] {
        let somebody = chassis::Session { name: name.into(), email: email.map(str::to_owned), ..solingen() };
        let home = world.get("/apply", Some(&somebody), "de").await;
        let (call, key) = (home.field("call"), home.field("key"));
        let draft = world.post("/apply/drafts", &somebody, &[("call", &call), ("key", &key)]).await.location;
        let page = world.get(&draft, Some(&somebody), "en").await.text;
        assert!(page.contains(&format!("value=\"{name}\" id=\"f-contact_name\"")), "{page}");
        let email = email.unwrap_or_default();
        assert!(page.contains(&format!("value=\"{email}\" id=\"f-contact_email\"")), "{page}");
    }
}

/// "Needed where nothing else is said" holds: every field without a mark is asked for when it is empty.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_marked_is_really_needed() {
    let world = begin().await;
    let home = world.get("/apply", Some(&solingen()), "de").await;
    let (call, key) = (home.field("call"), home.field("key"));
    let draft = world.post("/apply/drafts", &solingen(), &[("call", &call), ("key", &key)]).await.location;
    let page = world.get(&format!("{draft}?check=1"), Some(&solingen()), "de").await.text;
    assert!(page.contains("<title>Fehler: "), "{page}");
    let mut asked = 0;
    // One part for each field: what stands between two beginnings.
    let inputs = page.split("<div class=\"kern-form-input").skip(1);
    for part in inputs.chain(page.split("<fieldset class=\"kern-fieldset").skip(1)) {
        let part =
            part.split("</label>").next().unwrap_or_default().split("</legend>").next().unwrap_or_default();
        let Some(name) = part.split("\"f-").nth(1).and_then(|rest| rest.split('"').next()) else { continue };
        // Filled in from the beginning: the contact, and the language of the emails.
        if part.contains("kern-label__optional") || name.starts_with("contact_") {
            continue;
        }
        asked += 1;
        assert!(page.contains(&format!("href=\"#f-{name}\"")), "{name} is neither marked nor needed");
    }
    assert!(asked > 10, "{asked} fields");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_what_is_none_of_their_business() {
    let world = begin().await;
    let id = world.submit(&solingen(), "k").await;
    let draft = {
        let home = world.get("/apply", Some(&solingen()), "de").await;
        let (call, key) = (home.field("call"), home.field("key"));
        world.post("/apply/drafts", &solingen(), &[("call", &call), ("key", &key)]).await.location
    };
    let application = format!("/apply/applications/{id}");
    let own = [
        application.clone(),
        format!("{application}/receipt"),
        format!("{application}/withdraw"),
        draft.clone(),
        format!("{draft}/delete"),
    ];
    for path in &own {
        assert_eq!(world.get(path, Some(&solingen()), "de").await.status, StatusCode::OK, "{path}");
        assert_eq!(world.get(path, Some(&paderborn()), "de").await.status, StatusCode::NOT_FOUND, "{path}");
        let reviewer = world.get(path, Some(&staff(Role::Reviewer)), "de").await.status;
        assert!([StatusCode::NOT_FOUND, StatusCode::FORBIDDEN].contains(&reviewer), "{path}");
        let nobody = world.get(path, None, "de").await;
        assert!(nobody.location.starts_with("/sign-in?next="), "{path}: {nobody:?}");
    }
    for (path, field) in [
        (draft.clone(), ("action", "save")),
        (format!("{draft}/autosave"), ("title", "x")),
        (format!("{draft}/submit"), ("revision", "0")),
        (format!("{application}/withdraw"), ("reason", "")),
    ] {
        assert_eq!(world.post(&path, &paderborn(), &[field]).await.status, StatusCode::NOT_FOUND, "{path}");
        let staff = staff(Role::Operator);
        assert_eq!(world.post(&path, &staff, &[field]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let call = samples::call().id().to_string();
    let key = uuid::Uuid::new_v4().to_string();
    let begin = [("call", call.as_str()), ("key", key.as_str())];
    assert_eq!(
        world.post("/apply/drafts", &staff(Role::CaseWorker), &begin).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(world.get("/apply", Some(&staff(Role::CaseWorker)), "de").await.status, StatusCode::FORBIDDEN);
    let theirs = world.get("/apply", Some(&paderborn()), "de").await;
    assert!(!theirs.text.contains("36.KI-2027-0001"));
    // Staff may read, and have nothing to press.
    let read = world.get(&application, Some(&staff(Role::CaseWorker)), "de").await;
    assert!(read.status == StatusCode::OK && !read.text.contains("/withdraw"));
    assert_eq!(world.get("/apply/drafts/none", Some(&solingen()), "de").await.status, StatusCode::NOT_FOUND);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_withdrawn_on_its_page() {
    let world = begin().await;
    let id = world.submit(&solingen(), "k").await;
    let path = format!("/apply/applications/{id}/withdraw");
    let long = "x".repeat(2_001);
    let refused = world.post(&path, &solingen(), &[("reason", &long)]).await;
    assert_eq!(refused.location, format!("{path}?refused=1#errors"));
    let refused = world.get(&format!("{path}?refused=1"), Some(&solingen()), "de").await;
    assert!(
        refused.text.contains("höchstens 2.000 Zeichen") && refused.text.contains(&long),
        "{}",
        refused.text
    );
    for _ in 0..2 {
        let done = world.post(&path, &solingen(), &[("reason", "<i>Kein</i> Personal")]).await;
        assert_eq!(done.location, format!("/apply/applications/{id}"));
    }
    let page = world.get(&format!("/apply/applications/{id}"), Some(&solingen()), "en").await;
    assert!(page.text.contains("Withdrawn") && page.text.contains("&#60;i&#62;Kein&#60;/i&#62; Personal"));
    assert!(!page.text.contains("/withdraw\""));
    assert_eq!(world.said(id).await.len(), 2);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_decided_there_is_a_notice_and_no_way_back() {
    let world = begin().await;
    let id = world.submit(&solingen(), "k").await;
    let (eligibility, award) = (world.other(Service::Eligibility).await, world.other(Service::Award).await);
    let confirmed = EligibilityConfirmed {
        findings: Vec::new(),
        decided_by: events::Decider::Rules,
        rule_version: 1,
        register_day: now().date_naive(),
    };
    eligibility.say(id, [confirmed.into()]).await;
    let issued = json!({"notice": id, "kind": "award", "sha256": "00", "issued_at": now()});
    let issued: events::NoticeIssued = serde_json::from_value(issued).unwrap();
    award.say(id, [issued.into()]).await;
    let path = format!("/apply/applications/{id}");
    let look = || async { world.get(&path, Some(&solingen()), "de").await.text };
    let page = until("both are noted", look, |page| {
        page.contains("Förderfähigkeit bestätigt") && page.contains("Bescheid zum Abruf bereitgestellt")
    });
    assert!(page.await.contains(&format!("href=\"/award/notices/{id}\"")));
    let late = world.post(&format!("{path}/withdraw"), &solingen(), &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("lässt sich nicht mehr zurückziehen"), "{}", late.text);
    eligibility.end().await;
    award.end().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_where_they_ended() {
    let world = begin().await;
    for n in 0..23 {
        world.clock.advance(chrono::TimeDelta::seconds(1));
        world.submit(&solingen(), &format!("k{n}")).await;
    }
    let first = world.get("/apply", Some(&solingen()), "de").await.text;
    assert!(first.contains("2027-0023") && first.contains("2027-0004") && !first.contains("2027-0003"));
    let at = first.find("/apply?applications=").unwrap();
    let next = &first[at..at + first[at..].find('"').unwrap()];
    let second = world.get(next, Some(&solingen()), "de").await.text;
    assert!(second.contains("2027-0003") && second.contains("2027-0001") && !second.contains("2027-0004"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_describes_itself() {
    let world = begin().await;
    let document = world.api(Method::GET, "/openapi.json", &solingen(), None, None).await.json();
    let mut paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "/apply/api/amounts",
            "/apply/api/applications",
            "/apply/api/applications/{id}",
            "/apply/api/applications/{id}/contact",
            "/apply/api/applications/{id}/replies",
            "/apply/api/applications/{id}/withdrawal",
            "/apply/api/calls",
        ]
    );
    world.end().await;
}
