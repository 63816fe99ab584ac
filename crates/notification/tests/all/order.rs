//! The emails about one application arrive in the order of their facts, and none waits for ever.

use chrono::TimeDelta;
use events::Language;
use local::Fault;
use notification::mail::Mail;
use testkit::until;

use crate::office::{Office, Plan};

fn subjects(office: &Office, address: &str) -> Vec<String> {
    let messages = office.mailbox.messages();
    let mine = messages.iter().filter(|mail| mail.is_to(address));
    mine.map(|mail| mail.subject.split(" (").next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn an_email_that_is_put_off_is_not_overtaken_by_later_ones_of_its_application() {
    let office = Office::open(Plan::default()).await;
    office.mailbox.inject_for("erika@example.org", Fault::Temporary451AtRcpt, 2);
    let held = office.submitted("erika@example.org", Language::De).await;
    until("it is put off", || office.states(held), |states| states == &["queued"]).await;
    office.queue_later(held, Mail::EligibilityConfirmed).await;
    office.queue_later(held, Mail::NoticeIssued).await;
    // Emails about other applications of the same town are not held back.
    let other = office.submitted("other@example.org", Language::De).await;
    office.fate(other).await;
    assert_eq!(subjects(&office, "erika@example.org"), [""; 0]);

    let all_sent = async || {
        office.clock.advance(TimeDelta::seconds(1));
        office.states(held).await
    };
    until("all are sent in the end", all_sent, |states| states == &["sent", "sent", "sent"]).await;
    let expected = [
        "Ihr Antrag ist eingegangen",
        "Ihr Antrag geht in die fachliche Begutachtung",
        "Eine Entscheidung zu Ihrem Antrag liegt bereit",
    ];
    assert_eq!(subjects(&office, "erika@example.org"), expected);
    office.close().await;
}

#[tokio::test]
async fn what_cannot_be_delivered_at_all_holds_nothing_back() {
    let office = Office::open(Plan::default()).await;
    office.mailbox.inject_for("erika@example.org", Fault::Permanent550AtRcpt, 1);
    let application = office.submitted("erika@example.org", Language::De).await;
    office.queue_later(application, Mail::NoticeIssued).await;
    until("the second is sent", || office.states(application), |states| states == &["failed", "sent"]).await;
    office.close().await;
}

#[tokio::test]
async fn what_is_put_off_for_days_holds_a_notice_back_for_one_day_only() {
    let office = Office::open(Plan { sends: false, ..Plan::default() }).await;
    let application = office.submitted("erika@example.org", Language::De).await;
    office.left_behind(application, "queued", office.clock.now() + TimeDelta::days(5)).await;
    office.queue_later(application, Mail::NoticeIssued).await;
    office.send();
    let other = office.submitted("other@example.org", Language::De).await;
    office.fate(other).await;
    office.clock.advance(TimeDelta::hours(23));
    let other = office.submitted("another@example.org", Language::De).await;
    office.fate(other).await;
    assert_eq!(office.states(application).await, ["queued", "queued"]);

    office.clock.advance(TimeDelta::hours(2));
    // Any queued email wakes the senders.
    let other = office.submitted("third@example.org", Language::De).await;
    office.fate(other).await;
    until("the notice is announced", || office.states(application), |states| states[1] == "sent").await;
    // Each names the day of its fact.
    let mail = office.arrived("erika@example.org").await;
    assert!(mail.text.unwrap().contains("hat am 23.11.2026 über Ihren Antrag entschieden"));
    office.abandon();
}

#[tokio::test]
async fn a_step_that_postgres_refuses_for_good_keeps_no_other_from_being_stored() {
    let office = Office::open(Plan { sends: false, ..Plan::default() }).await;
    sqlx::query(
        "alter table deliveries add constraint poisoned
         check (recipient <> 'poisoned@example.org' or state in ('queued', 'sending', 'data_started'))",
    )
    .execute(&office.db)
    .await
    .unwrap();
    office.submitted("poisoned@example.org", Language::De).await;
    for n in 0..20 {
        office.submitted(&format!("a{n}@example.org"), Language::De).await;
    }
    office.send();
    until("all others are stored", || office.count("sent"), |sent| *sent == 20).await;
    until("and the ledger still works", || office.count("data_started"), |doubt| *doubt == 1).await;
    let later = office.submitted("later@example.org", Language::De).await;
    office.fate(later).await;
    office.close().await;
}
