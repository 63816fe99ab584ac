//! What is still under way, by the databases of the services.

use bus::Stats;
use events::Service;
use sqlx::PgPool;

use crate::consumes;

/// For each pair: the publisher, its number of logged facts, the consumer, and how many of them it has consumed.
type Counts = Vec<(Service, i64, Service, i64)>;

async fn counts<'a>(database: impl Fn(Service) -> &'a PgPool) -> Result<Counts, sqlx::Error> {
    let mut pairs = Vec::new();
    for publisher in Service::ALL {
        let logged: i64 = sqlx::query_scalar("select coalesce(sum(version), 0)::bigint from bus.head")
            .fetch_one(database(publisher))
            .await?;
        for consumer in Service::ALL.into_iter().filter(|consumer| consumes(*consumer, publisher)) {
            let consumed: i64 = sqlx::query_scalar(
                "select coalesce(sum(version), 0)::bigint from bus.inbox_head where source = $1",
            )
            .bind(publisher.name())
            .fetch_one(database(consumer))
            .await?;
            pairs.push((publisher, logged, consumer, consumed));
        }
    }
    Ok(pairs)
}

/// What is still under way, in words: facts in an outbox or not consumed, emails that are neither sent nor given up.
/// `waiting` is the number of facts that are expected to be held or parked.
pub(crate) async fn under_way<'a>(database: impl Fn(Service) -> &'a PgPool, waiting: i64) -> Vec<String> {
    let mut seen = Vec::new();
    if let Err(error) = look(&database, waiting, &mut seen).await {
        seen.push(error.to_string());
    }
    seen
}

async fn look<'a>(
    database: &impl Fn(Service) -> &'a PgPool,
    waiting: i64,
    seen: &mut Vec<String>,
) -> Result<(), sqlx::Error> {
    let mut waits = 0;
    for service in Service::ALL {
        let stats = Stats::read(database(service)).await?;
        if stats.outbox > 0 {
            seen.push(format!("{service} has {} facts in its outbox", stats.outbox));
        }
        waits += stats.waiting.held + stats.waiting.parked;
    }
    if waits != waiting {
        seen.push(format!("{waits} facts wait, expected {waiting}"));
    }
    let facts = counts(database).await?;
    // Emails are counted between two equal counts of facts, since a consumed fact may queue an email, and a sent
    // email publishes a fact.
    let emails: i64 = sqlx::query_scalar(
        "select count(*) from deliveries where state not in ('sent', 'failed', 'superseded')",
    )
    .fetch_one(database(Service::Notification))
    .await?;
    if emails > 0 {
        seen.push(format!("{emails} emails are under way"));
    }
    let mut missing = 0;
    for (publisher, logged, consumer, consumed) in
        facts.iter().filter(|(_, logged, _, consumed)| logged != consumed)
    {
        missing += logged - consumed;
        if waiting == 0 {
            seen.push(format!("{publisher} has logged {logged}, {consumer} has consumed {consumed}"));
        }
    }
    if missing > 0 && missing != waiting {
        seen.push(format!("{missing} facts are not consumed, {waiting} wait"));
    }
    if facts != counts(database).await? {
        seen.push("facts are being consumed".to_owned());
    }
    Ok(())
}
