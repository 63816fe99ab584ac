//! The whole service: consumes facts from a broker, sends emails, and shows their delivery on pages and in the API.

use chassis::Role;
use events::{
    AnyFact, ApplicationWaitlisted, Cents, Decider, EligibilityReferred, IneligibilityConfirmed, Language,
    NoticeBecameFinal, NoticeId, NoticeIssued, NoticeKind, Recommendation, ReviewCompleted, Service,
};
use local::Fault;
use testkit::{samples, until};
use uuid::Uuid;

use crate::town::{Town, of};

fn submitted(email: &str, language: Language) -> AnyFact {
    let mut fact = samples::application_submitted();
    fact.application.contact.email = email.to_owned();
    fact.application.contact.language = language;
    fact.application.contact.name = "Erika\r\nBcc: everybody@example.org".to_owned();
    fact.into()
}

fn issued() -> AnyFact {
    let (notice, kind) = (NoticeId(Uuid::now_v7()), NoticeKind::Rejection);
    NoticeIssued { notice, kind, sha256: "00".repeat(32), issued_at: samples::noon() }.into()
}

/// Every fact that queues an email, except the first.
fn others() -> Vec<AnyFact> {
    let register_day = samples::noon().date_naive();
    let person = || samples::person("c");
    let decided_by = Decider::Person { person: person(), reason: "because of the rules".to_owned() };
    vec![
        EligibilityReferred { findings: Vec::new(), rule_version: 1, register_day }.into(),
        samples::eligibility_confirmed().into(),
        IneligibilityConfirmed { findings: Vec::new(), decided_by, rule_version: 1 }.into(),
        ReviewCompleted {
            reviews: Vec::new(),
            weighted: 5_000,
            recommendation: Recommendation::Fund,
            split: false,
        }
        .into(),
        ApplicationWaitlisted {
            amount: Cents(100),
            budget_year: 2027,
            left: Cents(0),
            proposed_by: person(),
            approved_by: person(),
        }
        .into(),
        issued(),
        NoticeBecameFinal { notice: NoticeId(Uuid::now_v7()), final_on: register_day }.into(),
        samples::application_withdrawn().into(),
    ]
}

#[tokio::test]
async fn each_fact_becomes_one_email_in_the_language_of_the_contact() {
    let town = Town::new().await;
    for (address, language) in [("de@example.org", Language::De), ("en@example.org", Language::En)] {
        let application = samples::new_application();
        town.publish(application, submitted(address, language)).await;
        let mut expected = vec!["application-submitted".to_owned()];
        for fact in others() {
            expected.push(fact.kind().name().to_owned());
            town.publish(application, fact).await;
            // One after the other: a withdrawal suppresses later emails.
            town.until_mails(address, expected.len()).await;
        }
        expected.sort();
        let expected: Vec<_> = expected.into_iter().map(|name| (name, "sent".to_owned())).collect();
        let listed = || async {
            let mut listed = town.fates(application).await;
            listed.sort();
            listed
        };
        until("each is sent", listed, |listed| *listed == expected).await;
    }
    let subjects = |address: &str| -> Vec<String> {
        let mine = town.mailbox.messages();
        mine.iter().filter(|mail| mail.is_to(address)).map(|mail| mail.subject.clone()).collect()
    };
    assert!(subjects("de@example.org").contains(&"Ihr Antrag ist eingegangen (36.KI-2027-0001)".to_owned()));
    assert!(
        subjects("en@example.org")
            .contains(&"A decision on your application waits for you (36.KI-2027-0001)".to_owned())
    );
    for mail in town.mailbox.messages() {
        let mail = town.mailbox.read(mail.id).await.unwrap().unwrap();
        assert_eq!(mail.header("Bcc"), None, "a name cannot bring a header of its own");
    }
    town.end().await;
}

#[tokio::test]
async fn a_fact_that_comes_before_the_contact_waits_for_it() {
    let town = Town::new().await;
    let application = samples::new_application();
    town.publish(application, samples::eligibility_confirmed()).await;
    until("it is heard", || town.metric("bus_retried_total"), |retried| *retried > 0.0).await;
    assert_eq!(town.mailbox.messages().len(), 0);
    town.publish(application, submitted("erika@example.org", Language::De)).await;
    town.until_mails("erika@example.org", 2).await;
    town.end().await;
}

#[tokio::test]
async fn after_a_withdrawal_only_a_notice_is_told() {
    let town = Town::new().await;
    let application = samples::new_application();
    town.publish(application, submitted("erika@example.org", Language::De)).await;
    town.publish(application, samples::application_withdrawn()).await;
    town.until_mails("erika@example.org", 2).await;
    town.publish(application, samples::eligibility_confirmed()).await;
    town.until_consumed(Service::Eligibility, 1).await;
    town.publish(application, issued()).await;
    town.until_mails("erika@example.org", 3).await;
    let mut told: Vec<_> = town.fates(application).await.into_iter().map(|(name, _)| name).collect();
    told.sort();
    assert_eq!(told, ["application-submitted", "application-withdrawn", "notice-issued"]);
    town.end().await;
}

#[tokio::test]
async fn staff_see_the_fate_and_may_send_again_what_bounced() {
    let town = Town::new().await;
    town.mailbox.inject_for("gone@example.org", Fault::Permanent550AtRcpt, 1);
    let application = samples::new_application();
    town.publish(application, submitted("gone@example.org", Language::De)).await;
    until("it bounces", || town.fates(application), |fates| fates.iter().any(|(_, state)| state == "failed"))
        .await;

    let list = town.page(Role::CaseWorker, "/mail?failed=true").await;
    for expected in ["gone@example.org", "36.KI-2027-0001", "Eingangsbestätigung", "nicht zustellbar"] {
        assert!(list.contains(expected), "{expected} is missing in {list}");
    }
    let id = town.deliveries(application).await[0]["id"].as_i64().unwrap();
    let detail = town.page(Role::Operator, &format!("/mail/deliveries/{id}")).await;
    assert!(detail.contains("550"), "{detail}");

    // Not for applicants.
    assert_eq!(town.open(&of(Role::Applicant), "/mail", "de").await.status, 403);
    let api = format!("/deliveries?application={application}");
    assert_eq!(town.get(&of(Role::Reviewer), &api).await.status, 403);
    assert_eq!(town.get(&of(Role::CaseWorker), "/deliveries?before=x").await.status, 400);
    assert_eq!(town.get(&of(Role::CaseWorker), "/deliveries/999999").await.status, 404);

    // Resend: once for each key, and only undeliverable emails.
    let again = format!("/deliveries/{id}/again");
    assert_eq!(town.post_with_key(&of(Role::Applicant), &again, "k1", None).await.status, 403);
    assert_eq!(town.post_with_key(&of(Role::Operator), &again, "k1", None).await.status, 204);
    assert_eq!(town.post_with_key(&of(Role::Operator), &again, "k1", None).await.status, 204);
    town.until_mails("gone@example.org", 1).await;
    until("it is sent", || town.fates(application), |fates| fates[0].1 == "sent").await;
    assert_eq!(town.post_with_key(&of(Role::Operator), &again, "k2", None).await.status, 409);
    assert_eq!(town.mailbox.messages().len(), 1);
    let detail = town.page(Role::Operator, &format!("/mail/deliveries/{id}")).await;
    assert_eq!(detail.matches("Auf Wunsch von ").count(), 1, "{detail}");
    let list = town.page(Role::CaseWorker, "/mail").await;
    assert!(list.contains("angenommen") && list.contains("Keine E-Mail wartet"), "{list}");
    town.end().await;
}
