//! Emails over a real SMTP connection, from a real Postgres; the mail server misbehaves where a test wants it to.

use std::time::Duration;

use chrono::TimeDelta;
use events::{AnyFact, Language};
use local::Fault;
use notification::delivery::{Claim, Delivery};
use notification::store::deliveries::{self, Change};
use testkit::until;

use crate::office::{self, Office, Plan};

#[tokio::test]
async fn an_email_arrives_as_text_and_html_and_says_that_it_did() {
    let office = Office::open(Plan::default()).await;
    let application = office.submitted("erika@example.org", Language::De).await;
    let mail = office.arrived("erika@example.org").await;

    assert_eq!(mail.header("From"), Some("Bescheid <bescheid@example.org>"));
    assert_eq!(mail.header("To"), Some("\"Erika Mustermann\" <erika@example.org>"));
    assert_eq!(mail.header("Auto-Submitted"), Some("auto-generated"));
    assert!(mail.header("Content-Type").unwrap().starts_with("multipart/alternative"));
    assert_eq!(mail.message.subject, "Ihr Antrag ist eingegangen (36.KI-2027-0001)");
    let link = format!("https://portal.example.org/apply/applications/{application}");
    assert!(mail.text.unwrap().contains(&link));
    assert!(mail.html.unwrap().contains(&link));

    let AnyFact::EmailSent(sent) = office.fate(application).await else { panic!("it was sent") };
    assert_eq!(sent.recipient, "erika@example.org");
    assert_eq!(sent.message_id, mail.message.message_id);
    assert_eq!((sent.attempts, sent.ambiguous), (1, false));
    office.close().await;
}

#[tokio::test]
async fn put_off_by_451_it_is_tried_again() {
    let office = Office::open(Plan::default()).await;
    office.mailbox.inject_for("erika@example.org", Fault::Temporary451AtRcpt, 2);
    let application = office.submitted("erika@example.org", Language::De).await;
    for attempts in 1..=2 {
        let seen = office.until_state(application, "queued", |row| row.attempts == attempts).await;
        assert!(seen.last_error.unwrap().contains("451"));
        office.clock.advance(TimeDelta::seconds(5));
    }
    let AnyFact::EmailSent(sent) = office.fate(application).await else { panic!("it was sent") };
    assert_eq!((sent.attempts, sent.ambiguous), (3, false));
    assert_eq!(office.mailbox.messages().len(), 1);
    office.close().await;
}

#[tokio::test]
async fn refused_by_550_it_bounces_and_is_not_tried_again() {
    let office = Office::open(Plan::default()).await;
    office.mailbox.inject_for("gone@example.org", Fault::Permanent550AtRcpt, 1);
    let bounced = office.submitted("gone@example.org", Language::De).await;
    let AnyFact::EmailBounced(fact) = office.fate(bounced).await else { panic!("it bounced") };
    assert_eq!(fact.recipient, "gone@example.org");
    assert!(fact.reason.contains("550"), "{}", fact.reason);

    // The connection is used for other emails.
    let sent = office.submitted("erika@example.org", Language::De).await;
    assert!(matches!(office.fate(sent).await, AnyFact::EmailSent(_)));
    office.clock.advance(TimeDelta::days(30));
    let office = office.finish().await;
    assert_eq!(office.mailbox.messages().len(), 1);
}

#[tokio::test]
async fn what_is_no_address_bounces() {
    let office = Office::open(Plan::default()).await;
    let application = office.submitted("erika at example", Language::De).await;
    let AnyFact::EmailBounced(fact) = office.fate(application).await else { panic!("it bounced") };
    assert!(fact.reason.contains("is not an email address"), "{}", fact.reason);
    office.close().await;
}

#[tokio::test]
async fn lost_after_the_dot_it_is_sent_once_more_with_the_same_message_id() {
    let office = Office::open(Plan::default()).await;
    office.mailbox.inject(Fault::DropAfterDot, 1);
    let application = office.submitted("erika@example.org", Language::De).await;
    let doubtful = office.until_state(application, "data_started", |row| row.last_error.is_some()).await;
    assert_eq!(doubtful.unanswered, 0, "in doubt, not yet given up");

    // Not before it is due.
    office.clock.advance(TimeDelta::minutes(9));
    let other = office.submitted("other@example.org", Language::De).await;
    office.fate(other).await;
    assert_eq!(office.mailbox.messages().len(), 2);

    office.clock.advance(TimeDelta::minutes(2));
    let AnyFact::EmailSent(sent) = office.fate(application).await else { panic!("it was sent") };
    assert_eq!((sent.attempts, sent.ambiguous), (2, true));
    let messages = office.mailbox.messages();
    let ids: Vec<_> =
        messages.iter().filter(|mail| mail.is_to("erika@example.org")).map(|mail| &mail.message_id).collect();
    assert_eq!(ids, [&sent.message_id, &sent.message_id]);
    office.close().await;
}

#[tokio::test]
async fn lost_before_the_dot_nobody_knows_either_and_one_arrives() {
    let office = Office::open(Plan::default()).await;
    office.mailbox.inject(Fault::DropBeforeDot, 1);
    let application = office.submitted("erika@example.org", Language::De).await;
    office.until_state(application, "data_started", |row| row.last_error.is_some()).await;
    office.clock.advance(TimeDelta::minutes(11));
    assert!(matches!(office.fate(application).await, AnyFact::EmailSent(_)));
    assert_eq!(office.mailbox.messages().len(), 1);
    office.close().await;
}

#[tokio::test]
async fn lost_after_the_dot_twice_it_is_not_sent_a_third_time() {
    let office = Office::open(Plan::default()).await;
    office.mailbox.inject(Fault::DropAfterDot, 5);
    let application = office.submitted("erika@example.org", Language::De).await;
    for attempts in 1..=2 {
        office
            .until_state(application, "data_started", |row| {
                row.attempts == attempts && row.last_error.is_some()
            })
            .await;
        office.clock.advance(TimeDelta::minutes(11));
    }
    let AnyFact::EmailBounced(fact) = office.fate(application).await else { panic!("it was given up") };
    assert!(fact.reason.contains("it may have arrived"), "{}", fact.reason);
    assert_eq!(office.mailbox.messages().len(), 2);
    office.close().await;
}

#[tokio::test]
async fn a_tarpit_does_not_keep_others_waiting() {
    let office = Office::open(Plan::default()).await;
    let pause = Duration::from_secs(3600);
    for n in 0..4 {
        let slow = format!("slow{n}@example.org");
        office.mailbox.inject_for(&slow, Fault::Tarpit(pause), 1);
        office.submitted(&slow, Language::De).await;
    }
    until("all tarpits hold a connection", || office.count("sending"), |count| *count == 4).await;
    for n in 0..50 {
        office.submitted(&format!("quick{n}@example.org"), Language::De).await;
    }
    until("the others are through", || office.count("sent"), |count| *count == 50).await;
    office.abandon();
}

#[tokio::test]
async fn an_outage_fails_nothing_and_everything_goes_out_afterwards() {
    let office = Office::open(Plan { attempts: 2, ..Plan::default() }).await;
    office.mailbox.stop().await;
    for n in 0..20 {
        office.submitted(&format!("a{n}@example.org"), Language::De).await;
    }
    until("the outage is noticed", || async { office.sender.away() }, Option::is_some).await;
    office.clock.advance(TimeDelta::days(10));
    office.mailbox.restart().await.unwrap();
    until("all are sent", || office.count("sent"), |count| *count == 20).await;
    assert_eq!(office.sender.away(), None);
    assert_eq!(office.mailbox.messages().len(), 20);
    office.close().await;
}

#[tokio::test]
async fn a_server_that_greets_with_421_is_an_outage() {
    let office = Office::open(Plan::default()).await;
    office.mailbox.inject(Fault::Refuse421, 3);
    let application = office.submitted("erika@example.org", Language::De).await;
    let AnyFact::EmailSent(sent) = office.fate(application).await else { panic!("it was sent") };
    assert_eq!(sent.attempts, 1, "an outage is no attempt");
    office.close().await;
}

#[tokio::test]
async fn without_the_encryption_that_is_asked_for_nothing_is_sent() {
    let office = Office::open(Plan { encryption: "starttls", ..Plan::default() }).await;
    let application = office.submitted("erika@example.org", Language::De).await;
    let away = until("the refusal is noticed", || async { office.sender.away() }, Option::is_some).await;
    assert!(away.unwrap().why.contains("STARTTLS"));
    office.until_state(application, "queued", |row| row.attempts == 0).await;
    assert_eq!(office.mailbox.messages().len(), 0);
    office.close().await;
}

#[tokio::test]
async fn what_a_killed_process_was_sending_is_sent_by_the_next_one_at_once() {
    let office = Office::open(Plan { sends: false, ..Plan::default() }).await;
    let application = office.submitted("erika@example.org", Language::De).await;
    // What kill -9 leaves behind: a claim of a sender whose database connection is closed.
    office.left_behind(application, "sending", office.clock.now() + TimeDelta::minutes(10)).await;
    office.send();
    let AnyFact::EmailSent(sent) = office.fate(application).await else { panic!("it was sent") };
    assert_eq!((sent.attempts, sent.ambiguous), (2, false));
    assert_eq!(office.mailbox.messages().len(), 1);
    office.close().await;
}

#[tokio::test]
async fn what_a_killed_process_was_handing_over_is_in_doubt() {
    let office = Office::open(Plan { sends: false, ..Plan::default() }).await;
    let application = office.submitted("erika@example.org", Language::De).await;
    office.left_behind(application, "data_started", office.clock.now() + TimeDelta::minutes(10)).await;
    office.send();
    let other = office.submitted("other@example.org", Language::De).await;
    office.fate(other).await;
    assert_eq!(office.mailbox.messages().len(), 1, "it waits until no answer can come any more");
    office.clock.advance(TimeDelta::minutes(10));
    let AnyFact::EmailSent(sent) = office.fate(application).await else { panic!("it was sent") };
    assert_eq!((sent.attempts, sent.ambiguous), (2, true));
    office.close().await;
}

#[tokio::test]
async fn two_processes_send_each_email_once() {
    let office = Office::open(Plan::default()).await;
    office.send();
    for n in 0..300 {
        office.submitted(&format!("a{n}@example.org"), Language::En).await;
    }
    until("all are sent", || office.count("sent"), |count| *count == 300).await;
    let messages = office.mailbox.messages();
    let ids: std::collections::BTreeSet<_> = messages.iter().map(|mail| &mail.message_id).collect();
    assert_eq!((messages.len(), ids.len()), (300, 300));
    office.close().await;
}

#[tokio::test]
async fn a_drain_finishes_what_was_begun_and_gives_back_the_rest() {
    let office = Office::open(Plan::default()).await;
    for n in 0..200 {
        office.submitted(&format!("a{n}@example.org"), Language::En).await;
    }
    let office = office.finish().await;
    let (sent, queued) = (office.count("sent").await, office.count("queued").await);
    assert_eq!(sent + queued, 200, "nothing is in between");
    assert_eq!(office.mailbox.messages().len(), usize::try_from(sent).unwrap());
}

#[tokio::test]
async fn a_step_holds_only_under_the_last_claim() {
    let office = Office::open(Plan { sends: false, ..Plan::default() }).await;
    office.submitted("erika@example.org", Language::De).await;
    let mut connection = office.db.acquire().await.unwrap();
    let policy = office.policy();
    let mut claim = async |now| {
        let job = deliveries::lock_due(&mut connection, now, 1).await.unwrap().remove(0);
        let Claim::Send(claimed) = job.delivery.clone().claim(now, &policy) else { panic!("it is due") };
        let change = Change::new(&job.delivery, claimed.clone(), None);
        assert_eq!(deliveries::save(&mut connection, [&change], Some(1)).await.unwrap(), [true]);
        claimed
    };
    let now = office.clock.now();
    let slow = claim(now).await;
    let later = now + policy.claim;
    let quick = claim(later).await;

    // The slow sender resumes: it may not send the email any more, whether it stores its step alone or together with the
    // fast one; and of two with the same claim, because a crash of Postgres lost the first, only one may.
    let starts =
        |claimed: &Delivery| Change::new(claimed, claimed.clone().data_starts(later, &policy).unwrap(), None);
    let mut save = async |changes: &[Change]| deliveries::save(&mut connection, changes, None).await.unwrap();
    assert_eq!(save(&[starts(&slow)]).await, [false]);
    let [beside, first, second] = save(&[starts(&slow), starts(&quick), starts(&quick)]).await[..] else {
        panic!("an answer for each")
    };
    assert!(!beside && (first ^ second), "slow {beside}, quick {first} and {second}");
    assert_eq!(save(&[starts(&quick)]).await, [false]);
}

#[test]
fn a_bad_setting_says_what_is_expected() {
    let refused = |key: &str, value: &str| {
        let plan = Plan::default();
        office::try_settings(25, &plan, &[(key, value)]).unwrap_err().to_string()
    };
    for (key, value, expected) in [
        ("SMTP__CONNECTIONS", "0", "nonzero"),
        ("SMTP__ENCRYPTION", "opportunistic", "`none` or `starttls`"),
        ("SMTP__FROM", "nobody", "expected e.g. Bescheid <bescheid@example.org>"),
        ("SMTP__USER", "bescheid", "user and password belong together"),
        ("DELIVERY__FINAL_ANSWER_SECONDS", "0", "nonzero"),
        ("DELIVERY__PATIENCE", "1", "unknown field"),
    ] {
        let said = refused(key, value);
        assert!(said.contains(expected), "{key} = {value}: {said}");
    }
}
