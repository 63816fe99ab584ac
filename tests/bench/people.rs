//! Stands in for the people of the journey: two reviewers, and the two persons who decide. They act
//! as soon as something waits for them, on hundreds of files at once, by the services' own tables
//! and facts. What they do is no hop and is not timed; it takes its share of the machine.

use std::time::Duration;

use bus::{Bus, Failure, outbox};
use chrono::{DateTime, Utc};
use events::{
    ApplicationId, AwardGranted, Call, Cause, Cents, NoticeId, NoticeIssued, NoticeKind, Person,
    Recommendation, ReviewCompleted, ReviewGiven, Score,
};
use sqlx::types::Json;
use tokio::time::{Interval, MissedTickBehavior, interval};
use uuid::Uuid;

/// Files in one transaction at most.
const AT_ONCE: i64 = 500;

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), name: format!("Person {id}") }
}

/// Both reviews of each file that waits for them.
pub async fn review(bus: Bus, call: Call) {
    let given = |reviewer: &str| ReviewGiven {
        reviewer: person(reviewer),
        scores: call
            .criteria
            .iter()
            .map(|criterion| Score { criterion: criterion.key.clone(), points: 8 })
            .collect(),
        weighted: 8_000,
        recommendation: Recommendation::Fund,
        comment: "Gut begründet und machbar. ".repeat(10),
    };
    let fact = ReviewCompleted {
        reviews: vec![given("reviewer-1"), given("reviewer-2")],
        weighted: 8_000,
        recommendation: Recommendation::Fund,
        split: false,
    };
    let mut pace = pace();
    loop {
        pace.tick().await;
        tell(review_all(&bus, &fact).await);
    }
}

async fn review_all(bus: &Bus, fact: &ReviewCompleted) -> Result<usize, Failure> {
    let mut tx = bus.begin().await?;
    let now = tx.now();
    let done: Vec<Uuid> = sqlx::query_scalar(
        "with next as materialized (
             select application from files where bucket = 'waiting'
             order by submitted_at, application limit $1 for update skip locked
         ), gave as (
             insert into reviewers (application, person, name, part, since, review)
             select application, p, p, 'gave', $2, $3 from next, unnest(array['reviewer-1', 'reviewer-2']) p
         ), told as (
             insert into history (application, at, act, person, name)
             select application, $2, 'reviewed', p, p from next, unnest(array['reviewer-1', 'reviewer-2']) p
         )
         update files f set state = 'completed', given = needed from next
         where f.application = next.application returning f.application",
    )
    .bind(AT_ONCE)
    .bind(now)
    .bind(Json(&fact.reviews[0]))
    .fetch_all(&mut *tx)
    .await?;
    for application in &done {
        outbox::append(&mut tx, ApplicationId(*application), fact.clone(), Cause::default());
    }
    bus.commit(tx).await?;
    Ok(done.len())
}

/// Award and notice for each case that is ready.
pub async fn decide(bus: Bus, call: Call) {
    let granted = AwardGranted {
        call: call.id(),
        amount: Cents::euros(48_000),
        budget_year: 2027,
        reasons_for_less: None,
        proposed_by: person("case-worker-1"),
        approved_by: person("approver-1"),
    };
    let mut pace = pace();
    loop {
        pace.tick().await;
        tell(decide_all(&bus, &granted).await);
    }
}

async fn decide_all(bus: &Bus, granted: &AwardGranted) -> Result<usize, Failure> {
    let mut tx = bus.begin().await?;
    let now = tx.now();
    let done: Vec<Uuid> = sqlx::query_scalar(
        "with next as materialized (
             select application from cases where stage = 'ready'
             order by weighted desc, application limit $1 for update skip locked
         )
         update cases c set stage = 'granted', revision = revision + 1, changed_at = $2 from next
         where c.application = next.application returning c.application",
    )
    .bind(AT_ONCE)
    .bind(now)
    .fetch_all(&mut *tx)
    .await?;
    for application in &done {
        let application = ApplicationId(*application);
        outbox::append(&mut tx, application, granted.clone(), Cause::default());
        outbox::append(&mut tx, application, notice(now), Cause::default());
    }
    bus.commit(tx).await?;
    Ok(done.len())
}

fn notice(now: DateTime<Utc>) -> NoticeIssued {
    NoticeIssued {
        notice: NoticeId(Uuid::now_v7()),
        kind: NoticeKind::Award,
        sha256: "0".repeat(64),
        issued_at: now,
    }
}

/// People look again forty times a second: a pace, which is a part of the load.
fn pace() -> Interval {
    let mut pace = interval(Duration::from_millis(25));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}

fn tell(done: Result<usize, Failure>) {
    if let Err(failure) = done {
        eprintln!("people: {failure}");
    }
}
