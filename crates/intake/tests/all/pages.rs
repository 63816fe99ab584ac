use axum::http::StatusCode;
use chassis::Role;
use intake::application::Status;
use pages::messages::{assert_catalogues_match, assert_templates_known};
use serde_json::json;
use testkit::{samples, until};

use crate::stage::{Stage, call, paderborn, solingen, staff};

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

/// The person who begins is usually the contact: the new draft has the name and email of the session.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_draft_knows_who_is_signed_in() {
    let stage = Stage::new().await;
    for (name, email) in [("Aylin Brandt", Some("a.brandt@solingen.example")), ("Ohne Adresse", None)] {
        let somebody = chassis::Session { name: name.into(), email: email.map(str::to_owned), ..solingen() };
        let home = stage.open(&somebody, "/apply", "de").await;
        let (call, key) = (home.field("call"), home.field("key"));
        let draft =
            stage.send_form(&somebody, "/apply/drafts", &[("call", &call), ("key", &key)]).await.location;
        let page = stage.open(&somebody, &draft, "en").await.into_text();
        assert!(page.contains(&format!("value=\"{name}\" id=\"f-contact_name\"")), "{page}");
        let email = email.unwrap_or_default();
        assert!(page.contains(&format!("value=\"{email}\" id=\"f-contact_email\"")), "{page}");
    }
    stage.end().await;
}

/// The form says that fields are required unless marked: every field without a mark is refused when it is empty.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_marked_is_really_needed() {
    let stage = Stage::new().await;
    let home = stage.open(&solingen(), "/apply", "de").await;
    let (call, key) = (home.field("call"), home.field("key"));
    let draft =
        stage.send_form(&solingen(), "/apply/drafts", &[("call", &call), ("key", &key)]).await.location;
    let page = stage.open(&solingen(), &format!("{draft}?check=1"), "de").await.into_text();
    assert!(page.contains("<title>Fehler: "), "{page}");
    let mut asked = 0;
    // One part for each field: the text from one field to the next.
    let inputs = page.split("<div class=\"kern-form-input").skip(1);
    for part in inputs.chain(page.split("<fieldset class=\"kern-fieldset").skip(1)) {
        let part =
            part.split("</label>").next().unwrap_or_default().split("</legend>").next().unwrap_or_default();
        let Some(name) = part.split("\"f-").nth(1).and_then(|rest| rest.split('"').next()) else { continue };
        // The contact and the language of the emails are filled in from the beginning.
        if part.contains("kern-label__optional") || name.starts_with("contact_") {
            continue;
        }
        asked += 1;
        assert!(page.contains(&format!("href=\"#f-{name}\"")), "{name} is neither marked nor needed");
    }
    assert!(asked > 10, "{asked} fields");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_what_is_none_of_their_business() {
    let stage = Stage::new().await;
    let id = stage.submit(&solingen(), "k").await;
    let draft = {
        let home = stage.open(&solingen(), "/apply", "de").await;
        let (call, key) = (home.field("call"), home.field("key"));
        stage.send_form(&solingen(), "/apply/drafts", &[("call", &call), ("key", &key)]).await.location
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
        assert_eq!(stage.open(&solingen(), path, "de").await.status, StatusCode::OK, "{path}");
        assert_eq!(stage.open(&paderborn(), path, "de").await.status, StatusCode::NOT_FOUND, "{path}");
        let reviewer = stage.open(&staff(Role::Reviewer), path, "de").await.status;
        assert!([StatusCode::NOT_FOUND, StatusCode::FORBIDDEN].contains(&reviewer), "{path}");
        let nobody = stage.open(None, path, "de").await;
        assert!(nobody.location.starts_with("/sign-in?next="), "{path}: {nobody:?}");
    }
    for (path, field) in [
        (draft.clone(), ("action", "save")),
        (format!("{draft}/autosave"), ("title", "x")),
        (format!("{draft}/submit"), ("revision", "0")),
        (format!("{application}/withdraw"), ("reason", "")),
    ] {
        assert_eq!(
            stage.send_form(&paderborn(), &path, &[field]).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
        let staff = staff(Role::Operator);
        assert_eq!(stage.send_form(&staff, &path, &[field]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let call = call().id().to_string();
    let key = uuid::Uuid::new_v4().to_string();
    let begin = [("call", call.as_str()), ("key", key.as_str())];
    assert_eq!(
        stage.send_form(&staff(Role::CaseWorker), "/apply/drafts", &begin).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(stage.open(&staff(Role::CaseWorker), "/apply", "de").await.status, StatusCode::FORBIDDEN);
    let theirs = stage.open(&paderborn(), "/apply", "de").await;
    assert!(!theirs.text().contains("36.KI-2027-0001"));
    // Staff may read, and get no buttons.
    let read = stage.open(&staff(Role::CaseWorker), &application, "de").await;
    assert!(read.status == StatusCode::OK && !read.text().contains("/withdraw"));
    assert_eq!(stage.open(&solingen(), "/apply/drafts/none", "de").await.status, StatusCode::NOT_FOUND);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_withdrawn_on_its_page() {
    let stage = Stage::new().await;
    let id = stage.submit(&solingen(), "k").await;
    let path = format!("/apply/applications/{id}/withdraw");
    let long = "x".repeat(2_001);
    let refused = stage.send_form(&solingen(), &path, &[("reason", &long)]).await;
    assert_eq!(refused.location, format!("{path}?refused=1#errors"));
    let refused = stage.open(&solingen(), &format!("{path}?refused=1"), "de").await;
    assert!(
        refused.text().contains("höchstens 2.000 Zeichen") && refused.text().contains(&long),
        "{}",
        refused.text()
    );
    for _ in 0..2 {
        let done = stage.send_form(&solingen(), &path, &[("reason", "<i>Kein</i> Personal")]).await;
        assert_eq!(done.location, format!("/apply/applications/{id}"));
    }
    let page = stage.open(&solingen(), &format!("/apply/applications/{id}"), "en").await;
    assert!(
        page.text().contains("Withdrawn") && page.text().contains("&#60;i&#62;Kein&#60;/i&#62; Personal")
    );
    assert!(!page.text().contains("/withdraw\""));
    assert_eq!(stage.published(id).await.len(), 2);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_decided_there_is_a_notice_and_no_way_back() {
    let stage = Stage::new().await;
    let id = stage.submit(&solingen(), "k").await;
    stage.publish(id, samples::eligibility_confirmed()).await;
    let issued = json!({"notice": id, "kind": "award", "sha256": "00", "issued_at": samples::noon()});
    let issued: events::NoticeIssued = serde_json::from_value(issued).unwrap();
    stage.publish(id, issued).await;
    let path = format!("/apply/applications/{id}");
    let look = || async { stage.open(&solingen(), &path, "de").await.into_text() };
    let page = until("both are noted", look, |page| {
        page.contains("Förderfähigkeit bestätigt") && page.contains("Bescheid zum Abruf bereitgestellt")
    });
    assert!(page.await.contains(&format!("href=\"/award/notices/{id}\"")));
    let late = stage.send_form(&solingen(), &format!("{path}/withdraw"), &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text().contains("lässt sich nicht mehr zurückziehen"), "{}", late.text());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_where_they_ended() {
    let stage = Stage::new().await;
    for n in 0..23 {
        stage.clock.advance(chrono::TimeDelta::seconds(1));
        stage.submit(&solingen(), &format!("k{n}")).await;
    }
    let first = stage.open(&solingen(), "/apply", "de").await.into_text();
    assert!(first.contains("2027-0023") && first.contains("2027-0004") && !first.contains("2027-0003"));
    let at = first.find("/apply?applications=").unwrap();
    let next = &first[at..at + first[at..].find('"').unwrap()];
    let second = stage.open(&solingen(), next, "de").await.into_text();
    assert!(second.contains("2027-0003") && second.contains("2027-0001") && !second.contains("2027-0004"));
    for list in ["drafts", "applications"] {
        let wrong = format!("/apply?{list}=-8000000000000000000_00000000-0000-0000-0000-000000000000");
        assert_eq!(stage.open(&solingen(), &wrong, "de").await.status, 400);
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_describes_itself() {
    let stage = Stage::new().await;
    let document = stage.get(&solingen(), "/openapi.json").await.json();
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
    stage.end().await;
}
