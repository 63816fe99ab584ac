//! Snapshots of every email in every language. `BESCHEID_UPDATE=1` rewrites them.

use std::path::Path;

use chrono::{NaiveDate, TimeDelta};
use events::{ApplicationId, Language};
use notification::mail::Mail;
use notification::store::contacts::Contact;
use uuid::Uuid;

const DE: &str = include_str!("../../messages/de.ftl");
const EN: &str = include_str!("../../messages/en.ftl");

fn all() -> Vec<(&'static str, Mail)> {
    let at = testkit::samples::noon() + TimeDelta::days(3);
    let on = NaiveDate::from_ymd_opt(2027, 3, 1).expect("a day that exists");
    let remedies = vec!["Erklärung des Kreises Mettmann zur gemeinsamen Arbeit".to_owned()];
    vec![
        ("application-submitted", Mail::ApplicationSubmitted { late: false }),
        ("application-submitted-late", Mail::ApplicationSubmitted { late: true }),
        ("application-withdrawn", Mail::ApplicationWithdrawn { at }),
        ("eligibility-confirmed", Mail::EligibilityConfirmed),
        ("eligibility-referred", Mail::EligibilityReferred { remedies }),
        ("ineligibility-confirmed", Mail::IneligibilityConfirmed),
        ("review-completed", Mail::ReviewCompleted),
        ("application-waitlisted", Mail::ApplicationWaitlisted),
        ("notice-issued", Mail::NoticeIssued),
        ("notice-became-final", Mail::NoticeBecameFinal { on }),
    ]
}

/// Time of the fact; differs from that of the submission.
fn said() -> chrono::DateTime<chrono::Utc> {
    testkit::samples::noon() + TimeDelta::days(10)
}

fn contact(language: Language) -> Contact {
    Contact {
        application: ApplicationId(Uuid::from_u128(0x0193_5a2b_7c00_7000_8000_0000_0000_0001)),
        file_number: "36.KI-2027-0001".to_owned(),
        title: "Steuerung & Qualifizierung <Solingen>".to_owned(),
        name: "Erika Mustermann".to_owned(),
        email: "erika@example.org".to_owned(),
        language,
        submitted_at: testkit::samples::noon(),
        withdrawn_at: None,
        call: None,
        authority: Some("Bezirksregierung Arnsberg, Frau Beispiel, 02931 82-0".to_owned()),
    }
}

#[test]
fn every_email_reads_as_in_its_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let update = std::env::var_os("BESCHEID_UPDATE").is_some();
    let pages = notification::pages().unwrap();
    let mut expected = Vec::new();
    for (name, mail) in all() {
        for (code, language) in [("de", Language::De), ("en", Language::En)] {
            let content = mail
                .clone()
                .render(said(), &contact(language), "https://bescheid.example.org/", pages.messages())
                .unwrap();
            assert!(!content.text.contains('⟦'), "{name} in {code}: {}", content.text);
            let text = format!("Subject: {}\n\n{}", content.subject, content.text);
            for (ending, got) in [("txt", text), ("html", content.html)] {
                let file = format!("{name}.{code}.{ending}");
                let path = folder.join(&file);
                if update {
                    std::fs::write(&path, &got).unwrap();
                }
                let written = std::fs::read_to_string(&path).unwrap_or_default();
                assert_eq!(got, written, "{file} differs; with BESCHEID_UPDATE=1 it is written anew");
                expected.push(file);
            }
        }
    }
    let mut found: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "each file belongs to an email");
}

#[test]
fn no_email_tells_the_decision() {
    let pages = notification::pages().unwrap();
    for (name, mail) in all() {
        for language in [Language::De, Language::En] {
            let content =
                mail.clone().render(said(), &contact(language), "https://portal", pages.messages()).unwrap();
            let said = format!("{} {} {}", content.subject, content.text, content.html).to_lowercase();
            for word in [
                "abgelehnt",
                "ablehnung",
                "bewilligt",
                "warteliste",
                "nicht förderfähig",
                "€",
                "euro",
                "rejected",
                "declined",
                "granted",
                "waitlist",
                "waiting list",
                "ineligible",
            ] {
                assert!(!said.contains(word), "{name} says {word:?}");
            }
        }
    }
}

#[test]
fn what_a_person_typed_is_text_in_html() {
    let pages = notification::pages().unwrap();
    let content = Mail::NoticeIssued
        .render(said(), &contact(Language::De), "https://portal", pages.messages())
        .unwrap();
    assert!(content.html.contains("Steuerung &#38; Qualifizierung &#60;Solingen&#62;"), "{}", content.html);
    assert!(content.text.contains("Steuerung & Qualifizierung <Solingen>"), "{}", content.text);
}

#[test]
fn both_catalogues_say_the_same() {
    pages::messages::assert_catalogues_match(DE, EN);
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    pages::messages::assert_templates_known(templates, DE, EN);
}
