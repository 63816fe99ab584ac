//! Corrections of the contact, and replies of applicants whose application was referred.

use axum::http::{Method, StatusCode};
use chassis::Role;
use events::{
    EligibilityReferred, EmailBounced, EmailSent, Finding, IneligibilityConfirmed, Outcome, Person, Rule,
};
use serde_json::{Value, json};
use testkit::{Answer, samples, until};
use uuid::Uuid;

use crate::stage::{Stage, call, paderborn, solingen, staff};

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
        recipient: recipient.into(),
        reason: "550 5.1.1 no such <user>".into(),
        ..samples::email_bounced("application-submitted")
    }
}

fn sent(recipient: &str) -> EmailSent {
    EmailSent { recipient: recipient.into(), ..samples::email_sent("application-submitted") }
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
    EligibilityReferred {
        findings: vec![finding],
        rule_version: 1,
        register_day: samples::noon().date_naive(),
    }
}

async fn until_page(stage: &Stage, path: &str, wanted: impl Fn(&str) -> bool) -> Answer {
    let who = solingen();
    let look = || stage.open(&who, path, "de");
    until("the page", look, |page: &Answer| wanted(page.text())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_address_is_pointed_out_and_corrected_with_history() {
    let stage = Stage::new().await;
    let id = stage.submit(&solingen(), "k").await;
    let path = format!("/apply/applications/{id}");
    let form = format!("{path}/contact");
    let calm = stage.open(&solingen(), &path, "de").await.into_text();
    assert!(
        !calm.contains("kommen nicht an") && calm.contains(&form),
        "nothing bounced, and it can be corrected"
    );

    stage.publish(id, bounced(&old())).await;
    let page = until_page(&stage, &path, |text| text.contains("kommen nicht an")).await.into_text();
    assert!(page.contains("550 5.1.1 no such &#60;user&#62;") && page.contains(&old()), "{page}");

    // Mistakes stand beside their fields, and nothing that was typed is lost.
    for (email, says) in [
        ("neu@solingen", "keine E-Mail-Adresse"),
        ("", "E-Mail-Adresse"),
        ("neu @solingen.de", "keine E-Mail-Adresse"),
    ] {
        let refused = stage.refused(&solingen(), &form, &contact_form(email, "0")).await;
        assert!(
            refused.text().contains(says) && refused.text().contains("Serap Demir"),
            "{}",
            refused.text()
        );
    }
    for _ in 0..2 {
        let done = stage.send_form(&solingen(), &form, &contact_form(NEW, "0")).await;
        assert_eq!(
            (done.status, done.location.as_str()),
            (StatusCode::SEE_OTHER, &*format!("{path}?corrected=true"))
        );
    }
    let page = stage.open(&solingen(), &path, "de").await.into_text();
    assert!(!page.contains("kommen nicht an"), "the corrected address has not failed");
    let history = format!("E-Mail-Adresse: vorher „{}“, jetzt „{NEW}“", old());
    assert!(page.contains(&history) && page.contains("von Serap Demir"), "{page}");
    let receipt = stage.open(&solingen(), &format!("{path}/receipt"), "de").await.into_text();
    assert!(receipt.contains(NEW) && !receipt.contains(&old()), "no stale address next to a right one");

    let published = stage.published(id).await;
    assert_eq!(published.len(), 2, "the second click publishes nothing: {published:?}");
    let (kind, fact) = &published[1];
    assert_eq!(kind, "contact-changed");
    assert_eq!((&fact["contact"]["email"], &fact["previous_email"]), (&json!(NEW), &json!(old())));
    assert_eq!(
        (&fact["changed_by"]["id"], &fact["contact"]["language"]),
        (&json!("solingen-1"), &json!("en"))
    );

    // The new address fails as well; then an email arrives.
    stage.publish(id, bounced(NEW)).await;
    until_page(&stage, &path, |text| text.contains("kommen nicht an")).await;
    stage.clock.advance(chrono::TimeDelta::seconds(1));
    stage.publish(id, sent(NEW)).await;
    until_page(&stage, &path, |text| !text.contains("kommen nicht an")).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_correct_does_and_nobody_undoes_another_correction() {
    let stage = Stage::new().await;
    let id = stage.submit(&solingen(), "k").await;
    let path = format!("/apply/applications/{id}/contact");
    let worker = staff(Role::CaseWorker);
    assert_eq!(stage.open(&worker, &path, "de").await.status, StatusCode::OK);
    for (who, status) in [
        (paderborn(), StatusCode::NOT_FOUND),
        (staff(Role::Reviewer), StatusCode::NOT_FOUND),
        (staff(Role::Operator), StatusCode::FORBIDDEN),
    ] {
        assert_eq!(stage.open(&who, &path, "de").await.status, status);
        assert_eq!(stage.send_form(&who, &path, &contact_form(NEW, "0")).await.status, status);
    }
    let page = stage.open(&solingen(), &path, "de").await;
    let seen = page.field("contact_changes");
    let done = stage.send_form(&worker, &path, &contact_form(NEW, &seen)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    // A page that was opened earlier is shown both versions, and can save once it has seen the other.
    let stale = stage.refused(&solingen(), &path, &contact_form("mine@solingen.example", &seen)).await;
    assert!(stale.text().contains(NEW) && stale.text().contains("mine@solingen.example"), "{}", stale.text());
    let seen = stale.field("contact_changes");
    let form = contact_form("mine@solingen.example", &seen);
    assert_eq!(stage.send_form(&solingen(), &path, &form).await.status, StatusCode::SEE_OTHER);
    // A form that does not say what it has seen overwrites nothing.
    let blind = stage.refused(&solingen(), &path, &contact_form("blind@solingen.example", "")).await;
    assert!(blind.text().contains("mine@solingen.example") && blind.text().contains("inzwischen berichtigt"));
    let published = stage.published(id).await;
    assert_eq!(published.len(), 3);
    assert_eq!(
        (&published[2].1["previous_email"], &published[2].1["contact"]["email"]),
        (&json!(NEW), &json!("mine@solingen.example"))
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_correct_by_the_same_rules() {
    let stage = Stage::new().await;
    let id = stage.submit(&solingen(), "k").await;
    let path = format!("/applications/{id}/contact");
    let body = |email: &str| json!({ "name": "Serap Demir", "email": email, "language": "de" });
    let post = async |who, key, body: Value| stage.api(&who, Method::POST, &path, key, Some(body)).await;
    let refused = post(solingen(), Some("c1"), body("nobody")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/email", "{}", refused.text());
    assert_eq!(post(paderborn(), Some("c1"), body(NEW)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(post(staff(Role::Operator), Some("c1"), body(NEW)).await.status, StatusCode::FORBIDDEN);
    for _ in 0..2 {
        let done = post(staff(Role::CaseWorker), Some("c1"), body(NEW)).await;
        assert_eq!(
            (done.status, &done.json()["contact"]["email"]),
            (StatusCode::OK, &json!(NEW)),
            "{}",
            done.text()
        );
    }
    assert_eq!(post(staff(Role::CaseWorker), Some("c1"), body("x@y.de")).await.status, StatusCode::CONFLICT);
    assert_eq!(stage.published(id).await.len(), 2);
    let view = stage.get(&solingen(), &format!("/applications/{id}")).await.json();
    let line = view["timeline"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&line["what"], &line["after"]["email"]), (&json!("contact_changed"), &json!(NEW)));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_referred_learns_what_helps_and_replies_once_for_each_press() {
    let stage = Stage::new().await;
    let id = stage.submit(&solingen(), "k").await;
    let path = format!("/apply/applications/{id}");
    let reply = format!("{path}/reply");
    let key = Uuid::new_v4().to_string();
    let too_early = stage.refused(&solingen(), &reply, &[("reply", "Hallo"), ("key", &key)]).await;
    assert!(
        too_early.text().contains("zurzeit nicht entschieden") && too_early.text().contains("Hallo"),
        "nobody decides yet, and what was typed is still there"
    );

    stage.publish(id, referred()).await;
    let page = until_page(&stage, &path, |text| text.contains("Was jetzt hilft")).await;
    let call = call();
    for expected in [
        "Das hilft:",
        "Erklärung des Kreises Mettmann",
        &call.letters.authority.name,
        &call.letters.authority.contact,
        &reply,
    ] {
        assert!(page.text().contains(expected), "{expected} is missing in {}", page.text());
    }
    assert!(!page.text().contains("nichts tun"));
    let worker = stage.open(&staff(Role::CaseWorker), &path, "de").await.into_text();
    assert!(worker.contains("Das hilft:") && !worker.contains(&reply), "only the applicant replies");

    let long = "ä".repeat(4_001);
    for (wrong, says) in [("  ", "Ihre Antwort"), (long.as_str(), "4000"), ("\u{200b}\u{ad}", "Ihre Antwort")]
    {
        let sent = [("reply", wrong), ("key", &*page.field("key"))];
        let refused = stage.refused(&solingen(), &reply, &sent).await;
        assert!(refused.text().contains(says), "{}", refused.text());
    }
    let key = page.field("key");
    let text = "Die Erklärung <b>folgt</b>.\r\nAm 1.12.";
    for _ in 0..2 {
        let done = stage.send_form(&solingen(), &reply, &[("reply", text), ("key", &key)]).await;
        assert_eq!(done.location, format!("{path}?replied=true"), "{}", done.text());
    }
    // "Back", and another text from the same page: neither lost nor sent unseen.
    let other = stage.refused(&solingen(), &reply, &[("reply", "Noch etwas"), ("key", &key)]).await;
    assert!(other.text().contains("Noch etwas"));
    let done =
        stage.send_form(&solingen(), &reply, &[("reply", "Noch etwas"), ("key", &other.field("key"))]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(
        stage.send_form(&paderborn(), &reply, &[("reply", "x"), ("key", &key)]).await.status,
        StatusCode::NOT_FOUND
    );
    let by_staff = stage.send_form(&staff(Role::CaseWorker), &reply, &[("reply", "x"), ("key", &key)]).await;
    assert_eq!(by_staff.status, StatusCode::FORBIDDEN);

    let published = stage.published(id).await;
    let texts: Vec<&Value> = published
        .iter()
        .filter(|(kind, _)| kind == "applicant-replied")
        .map(|(_, fact)| &fact["text"])
        .collect();
    assert_eq!(texts, [&json!("Die Erklärung <b>folgt</b>.\nAm 1.12."), &json!("Noch etwas")]);
    let page = stage.open(&solingen(), &path, "de").await.into_text();
    assert!(page.contains("Die Erklärung &#60;b&#62;folgt&#60;/b&#62;."), "{page}");

    // After the decision the form is gone, and a person who still has it open is told so.
    let decided_by = events::Decider::Person {
        person: Person { id: "c".into(), name: "C".into() },
        reason: "Der Kreis wirkt nicht mit.".into(),
    };
    let decided = IneligibilityConfirmed { findings: Vec::new(), decided_by, rule_version: 1 };
    stage.clock.advance(chrono::TimeDelta::seconds(1));
    stage.publish(id, decided).await;
    let page =
        until_page(&stage, &path, |text| text.contains("Der Kreis wirkt nicht mit.")).await.into_text();
    assert!(!page.contains(&reply));
    let key = Uuid::new_v4().to_string();
    let late = stage.refused(&solingen(), &reply, &[("reply", "Zu spät?"), ("key", &key)]).await;
    assert!(late.text().contains("Zu spät?") && late.text().contains("Nicht förderfähig"), "{}", late.text());
    assert_eq!(stage.published(id).await.len(), published.len());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_reply_and_there_is_an_end_to_it() {
    let stage = Stage::new().await;
    let id = stage.submit(&solingen(), "k").await;
    let path = format!("/applications/{id}/replies");
    stage.publish(id, referred()).await;
    until_page(&stage, &format!("/apply/applications/{id}"), |text| text.contains("Was jetzt hilft")).await;
    let keys: Vec<String> = (1..=20).map(|n| format!("r{n}")).collect();
    let post = async |who, key, text: &str| {
        stage.api(&who, Method::POST, &path, key, Some(json!({ "text": text }))).await
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
                taken.text()
            );
        }
    }
    assert_eq!(post(solingen(), Some("r1"), "Anderes").await.status, StatusCode::CONFLICT);
    assert_eq!(post(solingen(), Some("r21"), "Zu viel").await.status, StatusCode::CONFLICT);
    assert_eq!(stage.published(id).await.len(), 21);
    let page = stage.open(&solingen(), &format!("/apply/applications/{id}"), "de").await.into_text();
    assert!(!page.contains("/reply\"") && page.contains("20 Antworten"), "{page}");
    stage.end().await;
}

/// Reply, contact and withdrawal save by themselves; what was never sent is shown again until it is discarded.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_about_an_application_is_kept_until_it_is_taken() {
    let stage = Stage::new().await;
    let id = stage.submit(&solingen(), "k").await;
    let status = format!("/apply/applications/{id}");
    stage.publish(id, referred()).await;
    until_page(&stage, &status, |text| text.contains("Was jetzt hilft")).await;

    for (form, field) in [("reply", "reply"), ("contact", "contact_name"), ("withdraw", "reason")] {
        let address = format!("{status}/{form}/draft");
        let page = if form == "reply" { status.clone() } else { format!("{status}/{form}") };
        let typed = [(field, "Zwei Absätze"), ("contact_changes", "0"), ("open_page", PAGE)];
        let saved = stage.send_form(&solingen(), &address, &typed).await;
        assert_eq!((saved.status, &saved.json()["outcome"]), (StatusCode::OK, &json!("saved")), "{form}");
        let other =
            stage.send_form(&solingen(), &address, &[(field, "Anders"), ("contact_changes", "0")]).await;
        assert_eq!(other.json()["outcome"], "changed", "another window does not replace it: {form}");
        assert_eq!(stage.send_form(&paderborn(), &address, &typed).await.status, StatusCode::NOT_FOUND);
        let shown = stage.open(&solingen(), &page, "de").await.into_text();
        assert!(shown.contains("Noch nicht abgeschickt") && shown.contains("Zwei Absätze"), "{shown}");
        let discarded = stage.send_form(&solingen(), &address, &[("action", "discard")]).await;
        assert_eq!((discarded.status, &discarded.location), (StatusCode::SEE_OTHER, &page));
        assert!(!stage.open(&solingen(), &page, "de").await.text().contains("Zwei Absätze"));
    }

    // A colleague corrects the contact: the person who is still typing is told, and is shown both versions.
    let worker = staff(Role::CaseWorker);
    stage.send_form(&worker, &format!("{status}/contact"), &contact_form(NEW, "0")).await;
    let mut typed = contact_form("mine@solingen.example", "0").to_vec();
    typed.push(("open_page", PAGE));
    let told = stage.send_form(&solingen(), &format!("{status}/contact/draft"), &typed).await;
    assert_eq!((told.status, &told.json()["outcome"]), (StatusCode::NOT_FOUND, &json!("gone")));
    let page = stage.open(&solingen(), &format!("{status}/contact"), "de").await.into_text();
    assert!(page.contains(NEW) && page.contains("mine@solingen.example"), "{page}");

    // The decision comes while a person types a reply: they are told, and can still read their text.
    stage.publish(id, samples::eligibility_confirmed()).await;
    until_page(&stage, &status, |text| !text.contains("Was jetzt hilft")).await;
    let late = stage.send_form(&solingen(), &format!("{status}/reply/draft"), &[("reply", "Zu spät")]).await;
    assert_eq!((late.status, &late.json()["outcome"]), (StatusCode::NOT_FOUND, &json!("gone")));
    assert!(stage.open(&solingen(), &status, "de").await.text().contains("Zu spät"));
    stage.end().await;
}

const PAGE: &str = "018f0000-0000-7000-8000-000000000002";
