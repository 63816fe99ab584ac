//! After a wrong address was corrected, undeliverable emails go to the right one.

use std::collections::BTreeSet;

use chassis::Role;
use events::{
    AnyFact, ApplicationId, Contact, ContactChanged, EligibilityReferred, Finding, Language, Outcome, Person,
    Rule, Service,
};
use local::Fault;
use testkit::{samples, until};

use crate::town::{Town, of};

const OLD: &str = "erika@solingne.example";
const NEW: &str = "erika@solingen.example";

fn submitted() -> AnyFact {
    let mut fact = samples::application_submitted();
    fact.application.contact.email = OLD.to_owned();
    fact.into()
}

fn corrected(from: &str, to: &str, language: Language) -> AnyFact {
    let name = "Erika\r\nBcc: everybody@example.org Neumann".to_owned();
    ContactChanged {
        contact: Contact { name, email: to.to_owned(), phone: String::new(), language },
        previous_email: from.to_owned(),
        changed_by: Person { id: "a".to_owned(), name: "A".to_owned() },
        changed_at: samples::noon(),
    }
    .into()
}

async fn until_fates(town: &Town, id: ApplicationId, expected: &[(&str, &str, &str)]) {
    let look = || async {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let rows = town.deliveries(id).await;
        rows.iter()
            .map(|row| (text(&row["template"]), text(&row["recipient"]), text(&row["state"])))
            .collect::<Vec<_>>()
    };
    let expected: Vec<_> =
        expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
    until("the fates of the emails", look, |rows| *rows == expected).await;
}

#[tokio::test]
async fn what_bounced_goes_to_the_corrected_address_and_so_does_all_to_come() {
    let town = Town::new().await;
    let id = samples::new_application();
    town.mailbox.inject_for(OLD, Fault::Permanent550AtRcpt, 9);
    town.publish(id, submitted()).await;
    until_fates(&town, id, &[("application-submitted", OLD, "failed")]).await;
    town.publish(id, corrected(OLD, NEW, Language::En)).await;
    town.until_mails(NEW, 1).await;
    town.publish(id, samples::eligibility_confirmed()).await;
    town.until_mails(NEW, 2).await;
    until_fates(
        &town,
        id,
        &[
            ("application-submitted", OLD, "failed"),
            ("application-submitted", NEW, "sent"),
            ("eligibility-confirmed", NEW, "sent"),
        ],
    )
    .await;
    // Rendered again, for the person and in the language of the correction, with a new Message-ID.
    let messages = town.mailbox.messages();
    let mail = town.mailbox.read(messages.iter().map(|one| one.id).min().unwrap()).await.unwrap().unwrap();
    assert!(mail.message.subject.starts_with("We have received your application"));
    assert!(mail.text.as_deref().unwrap().contains("Dear Erika Bcc: everybody@example.org Neumann,"));
    assert_eq!(mail.header("Bcc"), None);
    let ids: BTreeSet<_> =
        town.deliveries(id).await.iter().map(|row| row["message_id"].to_string()).collect();
    assert_eq!(ids.len(), 3);
    town.end().await;
}

#[tokio::test]
async fn what_was_sent_is_never_sent_again_and_there_is_a_way_back() {
    let town = Town::new().await;
    let id = samples::new_application();
    town.publish(id, submitted()).await;
    town.until_mails(OLD, 1).await;
    town.mailbox.inject_for(OLD, Fault::Permanent550AtRcpt, 1);
    town.mailbox.inject_for(NEW, Fault::Permanent550AtRcpt, 1);
    town.publish(id, samples::eligibility_confirmed()).await;
    until_fates(
        &town,
        id,
        &[("application-submitted", OLD, "sent"), ("eligibility-confirmed", OLD, "failed")],
    )
    .await;
    town.publish(id, corrected(OLD, NEW, Language::De)).await;
    let both_failed = [
        ("application-submitted", OLD, "sent"),
        ("eligibility-confirmed", OLD, "failed"),
        ("eligibility-confirmed", NEW, "failed"),
    ];
    until_fates(&town, id, &both_failed).await;
    // Back to the first address: its delivery is queued again.
    town.publish(id, corrected(NEW, OLD, Language::De)).await;
    until_fates(
        &town,
        id,
        &[
            ("application-submitted", OLD, "sent"),
            ("eligibility-confirmed", OLD, "sent"),
            ("eligibility-confirmed", NEW, "failed"),
        ],
    )
    .await;
    town.until_mails(OLD, 2).await;
    // Changed once more: nothing is left to send.
    town.publish(id, corrected(OLD, NEW, Language::De)).await;
    town.until_consumed(Service::Intake, 4).await;
    assert_eq!(town.deliveries(id).await.len(), 3);
    assert!(!town.mailbox.messages().iter().any(|mail| mail.is_to(NEW)));
    town.end().await;
}

#[tokio::test]
async fn what_waits_goes_to_the_new_address_in_its_order() {
    let town = Town::new().await;
    let id = samples::new_application();
    // The clock stands still: an email that failed temporarily waits.
    town.mailbox.inject_for(OLD, Fault::Temporary451AtRcpt, 9);
    town.publish(id, submitted()).await;
    until(
        "it is put off",
        || town.deliveries(id),
        |rows| rows.len() == 1 && rows[0]["attempts"] == 1 && rows[0]["state"] == "queued",
    )
    .await;
    town.publish(id, samples::eligibility_confirmed()).await;
    until("the second waits", || town.deliveries(id), |rows| rows.len() == 2).await;
    town.publish(id, corrected(OLD, NEW, Language::De)).await;
    town.until_mails(NEW, 2).await;
    until_fates(
        &town,
        id,
        &[
            ("application-submitted", OLD, "superseded"),
            ("eligibility-confirmed", OLD, "superseded"),
            ("application-submitted", NEW, "sent"),
            ("eligibility-confirmed", NEW, "sent"),
        ],
    )
    .await;
    let page = town.page(Role::CaseWorker, "/mail").await;
    assert!(page.contains("geht an die neue Adresse"), "{page}");
    town.end().await;
}

#[tokio::test]
async fn after_a_withdrawal_nothing_senseless_goes_out() {
    let town = Town::new().await;
    let id = samples::new_application();
    town.mailbox.inject_for(OLD, Fault::Permanent550AtRcpt, 9);
    town.publish(id, submitted()).await;
    town.publish(id, samples::application_withdrawn()).await;
    until(
        "both bounced",
        || town.fates(id),
        |fates| fates.len() == 2 && fates.iter().all(|(_, state)| state == "failed"),
    )
    .await;
    town.publish(id, corrected(OLD, NEW, Language::De)).await;
    town.until_mails(NEW, 1).await;
    town.until_consumed(Service::Intake, 3).await;
    let sent = [("application-withdrawn".to_owned(), "sent".to_owned())];
    until("the one about the withdrawal is sent", || town.fates(id), |fates| fates[2..] == sent).await;
    town.end().await;
}

#[tokio::test]
async fn send_again_uses_the_present_address_and_staff_are_led_to_the_correction() {
    let town = Town::new().await;
    let id = samples::new_application();
    town.mailbox.inject_for(OLD, Fault::Permanent550AtRcpt, 2);
    town.publish(id, submitted()).await;
    town.publish(id, samples::eligibility_confirmed()).await;
    until(
        "both bounced",
        || town.fates(id),
        |fates| fates.len() == 2 && fates.iter().all(|(_, state)| state == "failed"),
    )
    .await;
    let register_day = samples::noon().date_naive();
    // A later email was delivered: the older ones are out of date and stay as they are.
    town.publish(id, EligibilityReferred { findings: Vec::new(), rule_version: 1, register_day }).await;
    town.until_mails(OLD, 1).await;
    town.publish(id, corrected(OLD, NEW, Language::De)).await;
    town.until_mails(NEW, 1).await;
    let rows = town.deliveries(id).await;
    let old = rows.iter().find(|row| row["template"] == "eligibility-confirmed").unwrap();
    assert_eq!((&old["recipient"], &old["present_address"]), (&OLD.into(), &NEW.into()));
    let number = old["id"].as_i64().unwrap();

    let link = format!("/apply/applications/{id}/contact");
    let page = town.page(Role::CaseWorker, &format!("/mail/deliveries/{number}")).await;
    assert!(page.contains(&link) && page.contains(&format!("Sie geht an {NEW}.")), "{page}");
    let page = town.page(Role::Operator, &format!("/mail/deliveries/{number}")).await;
    assert!(!page.contains(&link), "operators correct nothing");

    let again = format!("/deliveries/{number}/again");
    assert_eq!(town.post_with_key(&of(Role::CaseWorker), &again, "k1", None).await.status, 204);
    assert_eq!(town.post_with_key(&of(Role::CaseWorker), &again, "k1", None).await.status, 204);
    town.until_mails(NEW, 2).await;
    assert_eq!(
        town.post_with_key(&of(Role::CaseWorker), &again, "k2", None).await.status,
        409,
        "it went to the new address"
    );
    town.end().await;
}

#[tokio::test]
async fn who_is_referred_learns_what_helps_and_whom_to_ask() {
    let town = Town::new().await;
    let id = samples::new_application();
    let mut fact = samples::application_submitted();
    fact.application.contact.email = NEW.to_owned();
    let mut call = samples::call();
    call.letters.authority.name = "Bezirksregierung Arnsberg".to_owned();
    call.letters.authority.contact = "Frau Beispiel, 02931 82-0".to_owned();
    town.publish_call(call).await;
    town.until_consumed(Service::Intake, 1).await;
    town.publish(id, fact).await;
    let finding = |outcome, remedy: &str| Finding {
        rule: Rule::ImmigrationOffice,
        ags: None,
        outcome,
        clause: "§ 1 Nr. 4 ZustAVO NRW".to_owned(),
        value: "keine eigene Ausländerbehörde".to_owned(),
        source: "Register".to_owned(),
        remedy: Some(remedy.to_owned()),
        english: None,
    };
    let findings = vec![
        finding(Outcome::PersonMustDecide, "Erklärung des Kreises Mettmann"),
        finding(Outcome::Met, "nicht mehr nötig"),
    ];
    let register_day = samples::noon().date_naive();
    town.publish(id, EligibilityReferred { findings, rule_version: 1, register_day }).await;
    town.until_mails(NEW, 2).await;
    let messages = town.mailbox.messages();
    let newest = messages.iter().map(|one| one.id).max().unwrap();
    let text = town.mailbox.read(newest).await.unwrap().unwrap().text.unwrap();
    for expected in [
        "Das hilft: Erklärung des Kreises Mettmann",
        "Fragen beantwortet: Bezirksregierung Arnsberg, Frau Beispiel, 02931 82-0",
        "können Sie im Portal antworten",
    ] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
    assert!(!text.contains("nichts tun") && !text.contains("nicht mehr nötig"), "{text}");
    town.end().await;
}
