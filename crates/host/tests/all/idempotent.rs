//! A request with a key happens once, and the key is the person's, the operation's and the content's alone.

use axum::extract::FromRequestParts;
use axum::http::Request;
use bus::{Bus, Tx, idempotency};
use chassis::{Problem, ProblemKind, Role};
use chrono::TimeDelta;
use events::Service;
use host::{IdempotencyKey, Idempotent};
use testkit::{TestDatabase, samples, session};

async fn bus(database: &TestDatabase) -> Bus {
    // No broker: nothing is published here.
    let nats = bus::Settings::open("nats://127.0.0.1:1");
    Bus::connect(Service::Award, &nats, database.pool.clone(), samples::noon).await.unwrap()
}

async fn header(value: &[u8]) -> Result<IdempotencyKey, Problem> {
    let request = Request::get("/").header("idempotency-key", value).body(()).unwrap();
    IdempotencyKey::from_request_parts(&mut request.into_parts().0, &()).await
}

#[tokio::test]
async fn a_key_has_up_to_200_visible_ascii_characters() {
    let longest = "k".repeat(200);
    for good in ["", "k", "550e8400-e29b-41d4-a716-446655440000", "a:b/c", &longest] {
        assert_eq!(IdempotencyKey::new(good).unwrap(), header(good.as_bytes()).await.unwrap(), "{good:?}");
    }
    let too_long = "k".repeat(201);
    for wrong in [&*too_long, "two words", "schlüssel", "a\tb"] {
        for refused in [IdempotencyKey::new(wrong), header(wrong.as_bytes()).await] {
            let problem = refused.unwrap_err();
            assert_eq!(problem.kind, ProblemKind::Malformed, "{wrong:?}");
            assert!(format!("{problem:?}").contains("200 visible ASCII"), "{problem:?}");
        }
    }
    assert!(header(b"\xff").await.is_err());
    assert!(IdempotencyKey::default().required().is_err());
    assert!(IdempotencyKey::new("k").unwrap().required().is_ok());
}

/// The answer that was stored for this request, if it was; else it is stored now.
async fn once(bus: &Bus, person: &str, operation: &'static str, key: &str, content: &str) -> Option<String> {
    let (tx, answer) = begin(bus, person, operation, key, content).await;
    bus.commit(tx).await.unwrap();
    answer
}

/// As [`once`], not committed yet.
async fn begin(
    bus: &Bus,
    person: &str,
    operation: &'static str,
    key: &str,
    content: &str,
) -> (Tx, Option<String>) {
    let session = session(person, &[Role::Approver]);
    let once = Idempotent::new(&session, operation, IdempotencyKey::new(key).unwrap(), &content).unwrap();
    let (mut tx, answer) = once.begin(bus).await.unwrap();
    if answer.is_none() {
        once.store(&mut tx, &format!("{person} {operation} {content}")).unwrap();
    }
    (tx, answer)
}

#[tokio::test]
async fn a_key_is_the_persons_and_the_operations_and_stands_for_one_content() {
    let database = testkit::database("award", &[&bus::MIGRATIONS]).await;
    let bus = bus(&database).await;
    assert_eq!(once(&bus, "anna", "approve", "k", "A").await, None);
    assert_eq!(once(&bus, "anna", "approve", "k", "A").await.as_deref(), Some("anna approve A"));
    assert_eq!(once(&bus, "bela", "approve", "k", "A").await, None, "another person");
    assert_eq!(once(&bus, "anna", "propose", "k", "A").await, None, "another operation");
    // A person and a key that together read like another person and another key.
    assert_eq!(once(&bus, "a:1", "approve", "b:k", "A").await, None);
    assert_eq!(once(&bus, "a:1:b", "approve", "k", "A").await, None);
    // Without a key each request is a new one.
    assert_eq!(once(&bus, "anna", "approve", "", "A").await, None);
    assert_eq!(once(&bus, "anna", "approve", "", "A").await, None);

    let anna = session("anna", &[Role::Approver]);
    let other = Idempotent::new(&anna, "approve", IdempotencyKey::new("k").unwrap(), &"B").unwrap();
    let problem = other.begin::<String>(&bus).await.map(|_| ()).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Conflict, "another content");
}

/// Key, person and answer become part of a statement's text.
#[tokio::test]
async fn no_text_ends_a_statement() {
    let database = testkit::database("award", &[&bus::MIGRATIONS]).await;
    let bus = bus(&database).await;
    let long = "ö'".repeat(500_000);
    let texts =
        ["'; drop table bus.idempotency; --", r"\' \x27 \", "$$ $1 ?", "\u{1f600}\u{301}\r\n\t\"", &long];
    for text in texts {
        for key in ["';--", r"\'", "$1", "\"%_{}"] {
            let person = text.get(..30).unwrap_or(text);
            assert_eq!(once(&bus, person, "approve", key, text).await, None);
            let answer = format!("{person} approve {text}");
            assert_eq!(once(&bus, person, "approve", key, text).await, Some(answer));
        }
    }
}

#[tokio::test]
async fn a_second_request_waits_for_the_first_and_answers_are_kept_for_a_time() {
    let database = testkit::database("award", &[&bus::MIGRATIONS]).await;
    let bus = bus(&database).await;
    let (first, answer) = begin(&bus, "anna", "approve", "k", "A").await;
    assert_eq!(answer, None);
    let other = bus.clone();
    let second = tokio::spawn(async move { once(&other, "anna", "approve", "k", "A").await });
    let waiting = || async {
        let blocked = "select count(*) from pg_stat_activity where datname = current_database()
                       and wait_event_type = 'Lock'";
        sqlx::query_scalar::<_, i64>(blocked).fetch_one(&database.pool).await.unwrap()
    };
    testkit::until("the second waits", waiting, |waiting| *waiting > 0).await;
    bus.commit(first).await.unwrap();
    assert_eq!(second.await.unwrap().as_deref(), Some("anna approve A"));

    let claimed = samples::noon();
    assert_eq!(idempotency::prune(&database.pool, claimed).await.unwrap(), 0, "not older");
    assert_eq!(idempotency::prune(&database.pool, claimed + TimeDelta::seconds(1)).await.unwrap(), 1);
    assert_eq!(once(&bus, "anna", "approve", "k", "A").await, None, "a new one");
}
