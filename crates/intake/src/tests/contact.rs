//! Whom to write to is corrected, and who is referred can answer.

use axum::http::{Method, StatusCode};
use chassis::Role;
use events::{
    EligibilityReferred, EmailBounced, EmailSent, EventId, Finding, IneligibilityConfirmed, Outcome, Person,
    Rule, Service,
};
use serde_json::{Value, json};
use testkit::until;
use uuid::Uuid;

use super::timeline::confirmed;
use super::world::{Answer, World, begin, now, paderborn, solingen, staff};
use crate::samples;

const NEW: &str = "neu@solingen.example";

fn old() -> String {
    samples::application().contact.email
}

fn contact_form<'a>(email: &'a str, seen: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("contact_name", "Serap Demir"),
        ("contact_email", email),
        ("contact_phone", "0212 290-1"),
        ("contact_language", "en"),
        ("contact_changes", seen),
    ]
}

fn bounced(recipient: &str) -> EmailBounced {
    EmailBounced {
        about: EventId(Uuid::now_v7()),
        template: "application-submitted".into(),
        recipient: recipient.into(),
        reason: "550 5.1.1 no such <user>".into(),
        bounced_at: now(),
    }
}

fn sent(recipient: &str) -> EmailSent {
    EmailSent {
        about: EventId(Uuid::now_v7()),
        template: "application-submitted".into(),
        recipient: recipient.into(),
        message_id: "1@example.org".into(),
        sent_at: now(),
        attempts: 1,
        ambiguous: false,
    }
}

fn referred() -> EligibilityReferred {
    let finding = Finding {
        rule: Rule::ImmigrationOffice,
        ags: None,
        outcome: Outcome::PersonMustDecide,
        clause: "§ 1 Nr. 4 ZustAVO NRW".into(),
        value: "keine eigene Ausländerbehörde".into(),
        source: "Register".into(),
        remedy: Some("Erklärung des Kreises Mettmann".into()),
        english: None,
    };
    EligibilityReferred { findings: vec![finding], rule_version: 1, register_day: now().date_naive() }
}

async fn until_page<B>(world: &World<B>, path: &str, wanted: impl Fn(&str) -> bool) -> Answer {
    let who = solingen();
    let look = || world.get(path, Some(&who), "de");
    until("the page", look, |page: &Answer| wanted(&page.text)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_address_is_pointed_out_and_corrected_with_history() {
    let world = begin().await;
    let id = world.submit(&solingen(), "k").await;
    let path = format!("/apply/applications/{id}");
    let form = format!("{path}/contact");
    let calm = world.get(&path, Some(&solingen()), "de").await.text;
    assert!(
        !calm.contains("kommen nicht an") && calm.contains(&form),
        "nothing bounced, and it can be corrected"
    );

    let notification = world.other(Service::Notification).await;
    notification.say(id, [bounced(&old()).into()]).await;
    let page = until_page(&world, &path, |text| text.contains("kommen nicht an")).await.text;
    assert!(page.contains("550 5.1.1 no such &#60;user&#62;") && page.contains(&old()), "{page}");

    // What is wrong stands beside its field, and nothing typed is lost.
    for (email, says) in [
        ("neu@solingen", "keine E-Mail-Adresse"),
        ("", "E-Mail-Adresse"),
        ("neu @solingen.de", "keine E-Mail-Adresse"),
    ] {
        let refused = world.refused(&form, &solingen(), &contact_form(email, "0")).await;
        assert!(refused.text.contains(says) && refused.text.contains("Serap Demir"), "{}", refused.text);
    }
    for _ in 0..2 {
        let done = world.post(&form, &solingen(), &contact_form(NEW, "0")).await;
        assert_eq!(
            (done.status, done.location.as_str()),
            (StatusCode::SEE_OTHER, &*format!("{path}?corrected=true"))
        );
    }
    let page = world.get(&path, Some(&solingen()), "de").await.text;
    assert!(!page.contains("kommen nicht an"), "the corrected address has not failed");
    let history = format!("E-Mail-Adresse: vorher „{}“, jetzt „{NEW}“", old());
    assert!(page.contains(&history) && page.contains("von Serap Demir"), "{page}");
    let receipt = world.get(&format!("{path}/receipt"), Some(&solingen()), "de").await.text;
    assert!(receipt.contains(NEW) && !receipt.contains(&old()), "no stale address next to a right one");

    let said = world.said(id).await;
    assert_eq!(said.len(), 2, "the second click says nothing: {said:?}");
    let (kind, fact) = &said[1];
    assert_eq!(kind, "contact-changed");
    assert_eq!((&fact["contact"]["email"], &fact["previous_email"]), (&json!(NEW), &json!(old())));
    assert_eq!(
        (&fact["changed_by"]["id"], &fact["contact"]["language"]),
        (&json!("solingen-1"), &json!("en"))
    );

    // The new one fails as well; then something arrives.
    notification.say(id, [bounced(NEW).into()]).await;
    until_page(&world, &path, |text| text.contains("kommen nicht an")).await;
    world.clock.advance(chrono::TimeDelta::seconds(1));
    notification.say(id, [sent(NEW).into()]).await;
    until_page(&world, &path, |text| !text.contains("kommen nicht an")).await;
    notification.end().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_correct_does_and_nobody_undoes_another_correction() {
    let world = begin().await;
    let id = world.submit(&solingen(), "k").await;
    let path = format!("/apply/applications/{id}/contact");
    let worker = staff(Role::CaseWorker);
    assert_eq!(world.get(&path, Some(&worker), "de").await.status, StatusCode::OK);
    for (who, status) in [
        (paderborn(), StatusCode::NOT_FOUND),
        (staff(Role::Reviewer), StatusCode::NOT_FOUND),
        (staff(Role::Operator), StatusCode::FORBIDDEN),
    ] {
        assert_eq!(world.get(&path, Some(&who), "de").await.status, status);
        assert_eq!(world.post(&path, &who, &contact_form(NEW, "0")).await.status, status);
    }
    let page = world.get(&path, Some(&solingen()), "de").await;
    let seen = page.field("contact_changes");
    let done = world.post(&path, &worker, &contact_form(NEW, &seen)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    // A page that was opened before: shown both, and saved once it has seen the other.
    let stale = world.refused(&path, &solingen(), &contact_form("mine@solingen.example", &seen)).await;
    assert!(stale.text.contains(NEW) && stale.text.contains("mine@solingen.example"), "{}", stale.text);
    let seen = stale.field("contact_changes");
    let form = contact_form("mine@solingen.example", &seen);
    assert_eq!(world.post(&path, &solingen(), &form).await.status, StatusCode::SEE_OTHER);
    // A form without what it has seen is no licence to overwrite.
    let blind = world.refused(&path, &solingen(), &contact_form("blind@solingen.example", "")).await;
    assert!(blind.text.contains("mine@solingen.example") && blind.text.contains("inzwischen berichtigt"));
    let said = world.said(id).await;
    assert_eq!(said.len(), 3);
    assert_eq!(
        (&said[2].1["previous_email"], &said[2].1["contact"]["email"]),
        (&json!(NEW), &json!("mine@solingen.example"))
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_correct_by_the_same_rules() {
    let world = begin().await;
    let id = world.submit(&solingen(), "k").await;
    let path = format!("/applications/{id}/contact");
    let body = |email: &str| json!({ "name": "Serap Demir", "email": email, "language": "de" });
    let post = async |who, key, body: Value| world.api(Method::POST, &path, &who, key, Some(body)).await;
    let refused = post(solingen(), Some("c1"), body("nobody")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/email", "{}", refused.text);
    assert_eq!(post(paderborn(), Some("c1"), body(NEW)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(post(staff(Role::Operator), Some("c1"), body(NEW)).await.status, StatusCode::FORBIDDEN);
    for _ in 0..2 {
        let done = post(staff(Role::CaseWorker), Some("c1"), body(NEW)).await;
        assert_eq!(
            (done.status, &done.json()["contact"]["email"]),
            (StatusCode::OK, &json!(NEW)),
            "{}",
            done.text
        );
    }
    assert_eq!(post(staff(Role::CaseWorker), Some("c1"), body("x@y.de")).await.status, StatusCode::CONFLICT);
    assert_eq!(world.said(id).await.len(), 2);
    let view = world.api(Method::GET, &format!("/applications/{id}"), &solingen(), None, None).await.json();
    let line = view["timeline"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&line["what"], &line["after"]["email"]), (&json!("contact_changed"), &json!(NEW)));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_referred_learns_what_helps_and_replies_once_for_each_press() {
    let world = begin().await;
    let id = world.submit(&solingen(), "k").await;
    let path = format!("/apply/applications/{id}");
    let reply = format!("{path}/reply");
    let key = Uuid::new_v4().to_string();
    let too_early = world.refused(&reply, &solingen(), &[("reply", "Hallo"), ("key", &key)]).await;
    assert!(
        too_early.text.contains("zurzeit nicht entschieden") && too_early.text.contains("Hallo"),
        "nobody decides yet, and what was typed is still there"
    );

    let eligibility = world.other(Service::Eligibility).await;
    eligibility.say(id, [referred().into()]).await;
    let page = until_page(&world, &path, |text| text.contains("Was jetzt hilft")).await;
    let call = samples::call();
    for expected in [
        "Das hilft:",
        "Erklärung des Kreises Mettmann",
        &call.letters.authority.name,
        &call.letters.authority.contact,
        &reply,
    ] {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    assert!(!page.text.contains("nichts tun"));
    let worker = world.get(&path, Some(&staff(Role::CaseWorker)), "de").await.text;
    assert!(worker.contains("Das hilft:") && !worker.contains(&reply), "only the applicant replies");

    let long = "ä".repeat(4_001);
    for (wrong, says) in [("  ", "Ihre Antwort"), (long.as_str(), "4000"), ("\u{200b}\u{ad}", "Ihre Antwort")]
    {
        let sent = [("reply", wrong), ("key", &*page.field("key"))];
        let refused = world.refused(&reply, &solingen(), &sent).await;
        assert!(refused.text.contains(says), "{}", refused.text);
    }
    let key = page.field("key");
    let text = "Die Erklärung <b>folgt</b>.\r\nAm 1.12.";
    for _ in 0..2 {
        let done = world.post(&reply, &solingen(), &[("reply", text), ("key", &key)]).await;
        assert_eq!(done.location, format!("{path}?replied=true"), "{}", done.text);
    }
    // "Back", and another text from the same page: not lost, not sent unseen.
    let other = world.refused(&reply, &solingen(), &[("reply", "Noch etwas"), ("key", &key)]).await;
    assert!(other.text.contains("Noch etwas"));
    let done =
        world.post(&reply, &solingen(), &[("reply", "Noch etwas"), ("key", &other.field("key"))]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(
        world.post(&reply, &paderborn(), &[("reply", "x"), ("key", &key)]).await.status,
        StatusCode::NOT_FOUND
    );
    let by_staff = world.post(&reply, &staff(Role::CaseWorker), &[("reply", "x"), ("key", &key)]).await;
    assert_eq!(by_staff.status, StatusCode::FORBIDDEN);

    let said = world.said(id).await;
    let texts: Vec<&Value> =
        said.iter().filter(|(kind, _)| kind == "applicant-replied").map(|(_, fact)| &fact["text"]).collect();
    assert_eq!(texts, [&json!("Die Erklärung <b>folgt</b>.\nAm 1.12."), &json!("Noch etwas")]);
    let page = world.get(&path, Some(&solingen()), "de").await.text;
    assert!(page.contains("Die Erklärung &#60;b&#62;folgt&#60;/b&#62;."), "{page}");

    // Decided: the form is gone, and who had it open is told what holds.
    let decided_by = events::Decider::Person {
        person: Person { id: "c".into(), name: "C".into() },
        reason: "Der Kreis wirkt nicht mit.".into(),
    };
    let decided = IneligibilityConfirmed { findings: Vec::new(), decided_by, rule_version: 1 };
    world.clock.advance(chrono::TimeDelta::seconds(1));
    eligibility.say(id, [decided.into()]).await;
    let page = until_page(&world, &path, |text| text.contains("Der Kreis wirkt nicht mit.")).await.text;
    assert!(!page.contains(&reply));
    let key = Uuid::new_v4().to_string();
    let late = world.refused(&reply, &solingen(), &[("reply", "Zu spät?"), ("key", &key)]).await;
    assert!(late.text.contains("Zu spät?") && late.text.contains("Nicht förderfähig"), "{}", late.text);
    assert_eq!(world.said(id).await.len(), said.len());
    eligibility.end().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_reply_and_there_is_an_end_to_it() {
    let world = begin().await;
    let id = world.submit(&solingen(), "k").await;
    let path = format!("/applications/{id}/replies");
    let eligibility = world.other(Service::Eligibility).await;
    eligibility.say(id, [referred().into()]).await;
    until_page(&world, &format!("/apply/applications/{id}"), |text| text.contains("Was jetzt hilft")).await;
    let keys: Vec<String> = (1..=20).map(|n| format!("r{n}")).collect();
    let post = async |who, key, text: &str| {
        world.api(Method::POST, &path, &who, key, Some(json!({ "text": text }))).await
    };
    assert_eq!(post(solingen(), None, "x").await.status, StatusCode::BAD_REQUEST, "without a key");
    assert_eq!(post(solingen(), Some("r"), "").await.json()["errors"][0]["pointer"], "/text");
    assert_eq!(post(paderborn(), Some("r"), "x").await.status, StatusCode::NOT_FOUND);
    assert_eq!(post(staff(Role::CaseWorker), Some("r"), "x").await.status, StatusCode::FORBIDDEN);
    for (n, key) in (1..).zip(&keys) {
        for _ in 0..2 {
            let taken = post(solingen(), Some(key.as_str()), "Noch etwas").await;
            assert_eq!(
                (taken.status, &taken.json()["replies"]),
                (StatusCode::CREATED, &json!(n)),
                "{}",
                taken.text
            );
        }
    }
    assert_eq!(post(solingen(), Some("r1"), "Anderes").await.status, StatusCode::CONFLICT);
    assert_eq!(post(solingen(), Some("r21"), "Zu viel").await.status, StatusCode::CONFLICT);
    assert_eq!(world.said(id).await.len(), 21);
    let page = world.get(&format!("/apply/applications/{id}"), Some(&solingen()), "de").await.text;
    assert!(!page.contains("/reply\"") && page.contains("20 Antworten"), "{page}");
    eligibility.end().await;
    world.end().await;
}

/// Reply, contact and withdrawal save by themselves, and what was never sent is there again, until it is given up.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_about_an_application_is_kept_until_it_is_taken() {
    let world = begin().await;
    let id = world.submit(&solingen(), "k").await;
    let status = format!("/apply/applications/{id}");
    let eligibility = world.other(Service::Eligibility).await;
    eligibility.say(id, [referred().into()]).await;
    until_page(&world, &status, |text| text.contains("Was jetzt hilft")).await;

    for (form, field) in [("reply", "reply"), ("contact", "contact_name"), ("withdraw", "reason")] {
        let address = format!("{status}/{form}/draft");
        let page = if form == "reply" { status.clone() } else { format!("{status}/{form}") };
        let typed = [(field, "Zwei Absätze"), ("contact_changes", "0"), ("open_page", PAGE)];
        let saved = world.post(&address, &solingen(), &typed).await;
        assert_eq!((saved.status, &saved.json()["outcome"]), (StatusCode::OK, &json!("saved")), "{form}");
        let other = world.post(&address, &solingen(), &[(field, "Anders"), ("contact_changes", "0")]).await;
        assert_eq!(other.json()["outcome"], "changed", "another window does not replace it: {form}");
        assert_eq!(world.post(&address, &paderborn(), &typed).await.status, StatusCode::NOT_FOUND);
        let shown = world.get(&page, Some(&solingen()), "de").await.text;
        assert!(shown.contains("Noch nicht abgeschickt") && shown.contains("Zwei Absätze"), "{shown}");
        let discarded = world.post(&address, &solingen(), &[("action", "discard")]).await;
        assert_eq!((discarded.status, &discarded.location), (StatusCode::SEE_OTHER, &page));
        assert!(!world.get(&page, Some(&solingen()), "de").await.text.contains("Zwei Absätze"));
    }

    // A colleague corrects the contact; the one who types is told, and shown both.
    let worker = staff(Role::CaseWorker);
    world.post(&format!("{status}/contact"), &worker, &contact_form(NEW, "0")).await;
    let mut typed = contact_form("mine@solingen.example", "0").to_vec();
    typed.push(("open_page", PAGE));
    let told = world.post(&format!("{status}/contact/draft"), &solingen(), &typed).await;
    assert_eq!((told.status, &told.json()["outcome"]), (StatusCode::NOT_FOUND, &json!("gone")));
    let page = world.get(&format!("{status}/contact"), Some(&solingen()), "de").await.text;
    assert!(page.contains(NEW) && page.contains("mine@solingen.example"), "{page}");

    // It is decided while somebody types a reply: told, and the text stays to be read.
    eligibility.say(id, [confirmed().into()]).await;
    until_page(&world, &status, |text| !text.contains("Was jetzt hilft")).await;
    let late = world.post(&format!("{status}/reply/draft"), &solingen(), &[("reply", "Zu spät")]).await;
    assert_eq!((late.status, &late.json()["outcome"]), (StatusCode::NOT_FOUND, &json!("gone")));
    assert!(world.get(&status, Some(&solingen()), "de").await.text.contains("Zu spät"));
    eligibility.end().await;
    world.end().await;
}

const PAGE: &str = "018f0000-0000-7000-8000-000000000002";
